import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { bpftoolC, noBpftool } from '../../../packages/btf/test/c-output/bpftool.ts'
import { bpfoundry, fixture } from './command-line.ts'

const ROUTER = fixture('programs/router/router.v3.o')
/** The last of each program's versions, but those that were compiled without -g. */
const OBJECTS = readdirSync(fixture('programs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.v3.o') && !path.includes('legacy'))
  .map((path) => fixture(`programs/${path}`))
  .sort()
const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-btf-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dump = async (...words: string[]): Promise<string> => {
  const { code, stdout, stderr } = await bpfoundry('btf', 'dump', ...words)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

describe('what bpftool prints', () => {
  const bpftool = (...args: string[]): string => spawnSync('bpftool', args, { encoding: 'utf8' }).stdout
  const isThere = spawnSync('bpftool', ['version']).error === undefined

  test(`raw and JSON of ${OBJECTS.length} objects`, async (ctx) => {
    if (!isThere) return ctx.skip(`${3 * OBJECTS.length} comparisons left out: bpftool is not installed`)
    for (const object of OBJECTS) {
      expect(await dump('file', object, 'format', 'raw')).toBe(bpftool('btf', 'dump', 'file', object))
      expect(await dump('--json', 'file', object)).toBe(bpftool('-j', 'btf', 'dump', 'file', object))
      expect(await dump('--pretty', 'file', object)).toBe(bpftool('-p', 'btf', 'dump', 'file', object))
    }
  }, 60_000)

  test(`C of ${OBJECTS.length} objects`, async (ctx) => {
    const missing = noBpftool()
    if (missing !== undefined) return ctx.skip(`${2 * OBJECTS.length} comparisons left out: ${missing}`)
    for (const object of OBJECTS) {
      expect(await dump('file', object, 'format', 'c')).toBe(bpftoolC(object))
      expect(await dump('file', object, 'form', 'c', 'unsorted')).toBe(bpftoolC(object, ['unsorted']))
    }
  }, 60_000)
})

test('roots are printed alone, or with what they need', async () => {
  expect(await dump('file', ROUTER, 'root_id', '1')).toMatch(/^\[1\] .*\n(\t.*\n)*$/)
  expect(JSON.parse(await dump('--json', 'file', ROUTER, 'root_id', '1', 'root_id', '2'))).toMatchObject({
    types: [{ id: 1 }, { id: 2 }],
  })
  const c = await dump('file', ROUTER, 'format', 'c', 'root_id', '2')
  expect(c.length).toBeLessThan((await dump('file', ROUTER, 'format', 'c')).length)
})

test('types of a map are those of its keys and values, as bpftool 7.5 printed them', async () => {
  const types = fileURLToPath(new URL('../../../packages/btf/test/c-output/golden/xdp-tcp.btf', import.meta.url))
  const [key, value] = [
    "[8] TYPEDEF '__u32' type_id=9\n",
    [
      "[11] STRUCT 'arguments' size=20 vlen=4",
      "\t'dst_mac' type_id=14 bits_offset=0",
      "\t'daddr' type_id=8 bits_offset=64",
      "\t'saddr' type_id=8 bits_offset=96",
      "\t'vip' type_id=8 bits_offset=128\n",
    ].join('\n'),
  ]
  const of = (...words: string[]): Promise<string> => dump('file', types, 'map', 'xdp_params_array', ...words)
  expect([await of(), await of('kv'), await of('key'), await of('value')]).toEqual([
    key + value,
    key + value,
    key,
    value,
  ])
  expect(await of('all')).toBe(await dump('file', types))
  expect(await of('value', 'format', 'c')).toContain('struct arguments {')
  expect(await dump('file', types, 'map', '.rodata', 'key')).toBe("[0] UNKNOWN '(anon)'\n")
})

test('types of a module go on from those of its kernel', async () => {
  const [kernel, module] = [join(folder, 'kernel.btf'), join(folder, 'module.btf')]
  const [int, typedef] = [
    [1, 0x01000000, 4, 0x01000020],
    [5, 0x08000000, 1],
  ]
  const section = (types: readonly number[], strings: string): Uint8Array => {
    const words = [0x1eb9f, 24, 0, 4 * types.length, 4 * types.length, strings.length, ...types]
    return Buffer.concat(
      [Uint32Array.from(words), Buffer.from(strings)].map((part) =>
        Buffer.from(part.buffer ?? part, part.byteOffset, part.byteLength),
      ),
    )
  }
  writeFileSync(kernel, section(int as number[], '\0int\0'))
  writeFileSync(module, section(typedef as number[], 'mine\0'))
  expect(await dump('file', module, '--base-btf', kernel)).toBe("[2] TYPEDEF 'mine' type_id=1\n")
  expect(await dump('file', module, 'format', 'c', '-B', kernel)).toContain('typedef int mine;')
})

test.for([
  [['id', '5'], 2, "unrecognized BTF source specifier: 'id'"],
  [['file'], 2, 'no file is named'],
  [['file', ROUTER, 'format'], 2, "expecting value for 'format' option"],
  [['file', ROUTER, 'format', 'json'], 2, "unrecognized format specifier: 'json'"],
  [['file', ROUTER, 'sorted'], 2, "unrecognized option: 'sorted'"],
  [['file', ROUTER, 'root_id', 'x'], 2, "can't parse x as ID"],
  [['file', ROUTER, 'root_id', '99999'], 2, 'invalid root ID: 99999'],
  [['file', ROUTER, 'map', 'routs'], 2, 'did you mean routes'],
  [['file', ROUTER, 'map'], 2, 'no map is named'],
  [['file', ROUTER, 'map', 'routes', 'root_id', '1'], 2, 'not both'],
  [['file', '/no/such/file'], 3, 'no such file'],
  [['file', fixture('programs/make.sh')], 3, 'BTF has no BTF magic'],
  [['file', ROUTER, 'format', 'c', '--json'], 4, 'C is no JSON'],
] as const)('%s: exit code %d', async ([words, expected, message]) => {
  const { code, stdout, stderr } = await bpfoundry('btf', 'dump', ...words)
  expect([code, stdout]).toEqual([expected, ''])
  expect(stderr).toContain(message)
})

test('an object without type information says so', async () => {
  const { code, stderr } = await bpfoundry('btf', 'dump', 'file', fixture('programs/legacy_maps/legacy_maps.v3.o'))
  expect(code).toBe(3)
  expect(stderr).toContain('LOADER_NO_TYPES')
})
