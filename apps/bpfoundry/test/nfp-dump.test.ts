import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const BLACKLIST = fixture('programs/blacklist/blacklist.v3.o')
const GOLDEN = new URL('golden/blacklist-on-nfp.txt', import.meta.url)

test("prog dump jited --nic prints the card's words beside BPF and source", async () => {
  const { code, stdout } = await bpfoundry('prog', 'dump', 'jited', BLACKLIST, '--nic', 'agilio-cx-2x10')
  expect(code).toBe(0)
  if (process.env['BLESS'] === '1') writeFileSync(GOLDEN, stdout)
  expect(stdout).toBe(readFileSync(GOLDEN, 'utf8'))
})

test('as JSON, with what offsets count', async () => {
  const { code, stdout } = await bpfoundry('prog', 'dump', 'jited', BLACKLIST, '--nic', 'nfp', '--json')
  expect(code).toBe(0)
  const dump = JSON.parse(stdout)
  expect(dump).toMatchObject({ $schema: 'bpfoundry.jited/1', engine: 'agilio-cx-2x10', addressing: 'words' })
  expect(dump.parts[0].code[0]).toEqual({ offsetBytes: 0, bytes: expect.any(String), text: 'immed[gprB_22, 0x3fff]' })
})

test('what the card refuses has no words, but reasons', async () => {
  const { code, stdout, stderr } = await bpfoundry(
    'prog',
    'dump',
    'jited',
    fixture('programs/router/router.v3.o'),
    '--nic',
    'nfp',
  )
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^OFFLOAD_BLOCKED: route does not go to agilio-cx-2x10/)
})
