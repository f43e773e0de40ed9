import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-nfp-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LIST = join(folder, 'list.txt')
writeFileSync(LIST, '10.1.2.3 0\n')

/** Report of a run, and the packets that passed. */
async function run(
  engine: string,
  object: string,
  ...more: string[]
): Promise<{ report: Record<string, unknown>; passed: string }> {
  const output = join(folder, `${engine}.pcap`)
  const traffic = ['--pcap', fixture('captures/mixed.pcap'), '--write', output, '--deterministic']
  const args = ['run', fixture(object), '--mode', 'offload', '--engine', engine, ...traffic, ...more, '--json']
  const { code, stdout, stderr } = await bpfoundry(...args)
  expect([code, stderr]).toEqual([0, ''])
  return { report: JSON.parse(stdout), passed: readFileSync(output, 'hex') }
}

test.each([
  ['programs/blacklist/blacklist.v3.o', '--map', `blocked=${LIST}`],
  ['programs/remember/remember.v3.o', '--program', 'alternate'],
])('run --mode offload --engine nfp does on the card what wasm does: %s %s %s', async (object, ...more) => {
  const card = await run('nfp', object, ...more)
  const host = await run('wasm', object, ...more)
  expect(card.report).toMatchObject({
    engine: 'nfp',
    mode: 'offload',
    fates: host.report['fates'],
    counters: host.report['counters'],
  })
  expect(card.passed).toBe(host.passed)
})

test('what is not offloaded runs on the host with --engine nfp, too', async () => {
  const args = ['--mode', 'native', '--pcap', fixture('captures/udp.pcap'), '--deterministic', '--json']
  const { code, stdout } = await bpfoundry('run', fixture('programs/router/router.v3.o'), '--engine', 'nfp', ...args)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ engine: 'nfp', mode: 'native' })
})
