import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { noBpftool } from '../../../packages/btf/test/c-output/bpftool.ts'
import { bpfoundry, fixture } from './command-line.ts'

const SOURCE = join(import.meta.dirname, 'maps/every-type.bpf.c')
const GOLDEN = join(import.meta.dirname, 'golden/maps-of-every-type.txt')
const COUNTER = fixture('programs/proto_counter/proto_counter.v3.o')

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-maps-'))
const object = join(folder, 'every.o')
const pins = join(folder, 'bpffs')
const compiler = spawnSync('clang-19', ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-c', SOURCE, '-o', object])
const noObject = compiler.status === 0 ? undefined : 'clang-19 is not installed'
afterAll(() => {
  spawnSync('umount', [pins])
  rmSync(folder, { recursive: true, force: true })
})

/** Bytes that repeat, some of them letters. */
function* numbers(): Generator<number, never> {
  for (let seed = 612; ; ) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    yield seed >>> 8
  }
}
const random = numbers()
const draw = (below: number): number => random.next().value % below
const LETTERS = [0, 0, 0x41, 0x62, 0x22, 0x7e, 0x7f, 0x80, 0xff, 5]
const letters = (count: number): number[] => Array.from({ length: count }, () => LETTERS[draw(LETTERS.length)] ?? 0)
const bytes = (count: number): number[] =>
  draw(2) === 0 ? letters(count) : Array.from({ length: count }, () => draw(256))

/** Elements of a map: bytes of keys, and of values. */
type Elements = readonly (readonly [key: readonly number[], value: readonly number[]])[]
const indexed = (count: number, value: (index: number) => readonly number[]): Elements =>
  Array.from({ length: count }, (_, index) => [[index, 0, 0, 0], value(index)])
const EVERY_BYTES = 192

// biome-ignore format: table
const FILLED: readonly (readonly [map: string, elements: Elements])[] = [
  ['every',        indexed(4, () => bytes(EVERY_BYTES))],
  ['floats',       indexed(1, () => bytes(24))],
  ['hashed',       Array.from({ length: 6 }, (_, index) => [[index, ...bytes(7)], bytes(8)])],
  ['percpu',       indexed(2, () => bytes(8))],
  ['by_enum',      indexed(2, () => bytes(4))],
  ['characters',   indexed(24, (index) => [[0x22, 0x41, 0x5c, 0, 0x1f, 0x7f, 0x80, 0xff][index % 8] ?? 0])],
  ['enums',        [[[0, 0, 0, 0], [1, 0, 0, 0x80]], [[1, 0, 0, 0], [1, 0, 0, 0]], [[2, 0, 0, 0], [0xff, 0xff, 0xff, 0xff]]]],
  ['texts',        indexed(8, () => letters(6))],
  ['bytes',        indexed(2, () => bytes(20))],
  ['prefixes',     [8, 16, 24].map((length) => [[length, 0, 0, 0, 10, 1, 2, 3], bytes(8)])],
  ['percpu_bytes', Array.from({ length: 3 }, (_, index) => [[index, ...bytes(19)], bytes(17)])],
  ['records',      []],
]
const hex = (values: readonly number[], separator: string): string =>
  values.map((value) => value.toString(16).padStart(2, '0')).join(separator)

const STYLES = [[], ['--json'], ['--pretty']] as const

async function dumped(map: string, elements: Elements, style: readonly string[]): Promise<string> {
  const file = join(folder, 'elements.txt')
  writeFileSync(file, elements.map(([key, value]) => `hex:${hex(key, '')} hex:${hex(value, '')}\n`).join(''))
  const filled = elements.length === 0 ? [] : ['--map', `${map}=${file}`]
  return (await bpfoundry('map', 'dump', object, 'name', map, '--cpus', '2', ...filled, ...style)).stdout
}

test('maps of every type are printed as bpftool 7.5 printed those of a kernel', async (ctx) => {
  if (noObject !== undefined) return ctx.skip(`${FILLED.length} maps left out: ${noObject}`)
  let text = ''
  for (const [map, elements] of FILLED) {
    for (const style of STYLES)
      text += `${['map dump', map, ...style].join(' ')}\n${await dumped(map, elements, style)}`
  }
  for (const section of ['every.rodata', 'every.data', 'every.bss']) {
    const { stdout } = await bpfoundry('map', 'dump', object, 'name', section)
    text += `map dump ${section}\n${stdout}`
  }
  if (process.env['BLESS'] === '1') writeFileSync(GOLDEN, text)
  expect(text).toBe(readFileSync(GOLDEN, 'utf8'))
})

describe('the maps of the running kernel', () => {
  const BPFTOOL = process.env['BPFTOOL'] ?? 'bpftool'
  const bpftool = (...args: string[]) => spawnSync(BPFTOOL, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  /** Loaded and pinned; undefined, and why, where that can't be done. */
  const obstacle = ((): string | undefined => {
    if (noObject !== undefined) return noObject
    if (spawnSync(BPFTOOL, ['version']).error !== undefined) return `${BPFTOOL} is not installed`
    mkdirSync(pins)
    if (spawnSync('mount', ['-t', 'bpf', 'bpf', pins]).status !== 0) return 'bpffs can not be mounted here'
    const { status, stderr } = bpftool('prog', 'loadall', object, join(pins, 'programs'), 'pinmaps', join(pins, 'maps'))
    return status === 0 ? undefined : `the kernel does not take the object: ${stderr}`
  })()
  const pin = (map: string): string => join(pins, 'maps', map.replaceAll('.', '_'))
  const cpus = (): number => Number(spawnSync('nproc', ['--all'], { encoding: 'utf8' }).stdout)

  test('are shown alike', async (ctx) => {
    if (obstacle !== undefined) return ctx.skip(`maps of a kernel left out: ${obstacle}`)
    const withoutIds = (text: string): string => text.replaceAll(/^\d+|(?<=btf_id )\d+/gm, 'N')
    const isOf618 = spawnSync('uname', ['-rm'], { encoding: 'utf8' }).stdout.match(/^6\.18\..*x86_64/) !== null
    const comparable = (text: string): string => (isOf618 ? text : text.replaceAll(/ {2}memlock \d+B/g, ''))
    for (const pinned of readdirSync(join(pins, 'maps'))) {
      const shown = bpftool('-j', 'map', 'show', 'pinned', join(pins, 'maps', pinned)).stdout
      const { name } = JSON.parse(shown) as { name: string }
      const { stdout } = await bpfoundry('map', 'show', object, 'name', name, '--cpus', `${cpus()}`)
      const theirs = bpftool('map', 'show', 'pinned', join(pins, 'maps', pinned)).stdout
      expect(comparable(withoutIds(stdout))).toBe(comparable(withoutIds(theirs)))
    }
  })

  test('are dumped alike', async (ctx) => {
    const missing = obstacle ?? noBpftool() ?? (cpus() === 2 ? undefined : 'there are not 2 CPUs')
    if (missing !== undefined)
      return ctx.skip(`${STYLES.length * FILLED.length} dumps of a kernel left out: ${missing}`)
    for (const [map, elements] of FILLED) {
      const batch = elements.map(
        ([key, value]) => `map update pinned ${pin(map)} key hex ${hex(key, ' ')} value hex ${hex(value, ' ')}\n`,
      )
      writeFileSync(join(folder, 'batch'), batch.join(''))
      expect(bpftool('batch', 'file', join(folder, 'batch')).status).toBe(0)
      for (const style of STYLES) {
        const short = style.map((option) => option.slice(1, 3))
        expect(await dumped(map, elements, style)).toBe(bpftool(...short, 'map', 'dump', 'pinned', pin(map)).stdout)
      }
    }
  }, 60_000)
})

describe('map dump', () => {
  test('tells what traffic left in the maps', async () => {
    const traffic = ['--pktgen', 'count=900,src=10.0.0.0/8', '--cpus', '2', '--deterministic', '--json']
    const { code, stdout, stderr } = await bpfoundry('map', 'dump', COUNTER, ...traffic)
    expect([code, stderr]).toEqual([0, ''])
    const elements = JSON.parse(stdout) as { formatted: { values: { cpu: number; value: { packets: number } }[] } }[]
    const perCpu = [0, 1].map((cpu) =>
      elements.reduce((sum, { formatted }) => sum + (formatted.values[cpu]?.value.packets ?? 0), 0),
    )
    expect(perCpu.every((packets) => packets > 0)).toBe(true)
    expect((perCpu[0] ?? 0) + (perCpu[1] ?? 0)).toBe(900)
  })

  test('says which maps have nothing to dump, and ends with 4 where nothing else was asked for', async (ctx) => {
    if (noObject !== undefined) return ctx.skip(noObject)
    const ring = await bpfoundry('map', 'dump', object, 'name', 'records')
    expect([ring.code, ring.stdout]).toEqual([4, 'Found 0 elements\n'])
    expect(ring.stderr).toBe("ringbuf map records can't be dumped: its records go to the one who reads them, once\n")
    const events = await bpfoundry('map', 'dump', object, 'name', 'events')
    expect(events.stdout).toContain('value:\nUnknown error 524\n')
    const all = await bpfoundry('map', 'dump', object)
    expect([all.code, all.stderr.split('\n').length]).toEqual([0, 3])
    expect(all.stdout).toMatch(/^1: array {2}name every {2}flags 0x0\nkey:\n/)
  })

  test('puts several maps with types into one array', async () => {
    const { stdout } = await bpfoundry('map', 'dump', fixture('programs/l4lb/l4lb.v3.o'), '--json')
    const maps = JSON.parse(stdout) as { id: number; type: string; name: string; elements: unknown[] }[]
    expect(maps.length).toBeGreaterThan(1)
    expect(Object.keys(maps[0] ?? {})).toEqual(['id', 'type', 'name', 'flags', 'elements'])
  })

  test.for([
    [['name', 'nosuch'], 2, 'no such map: nosuch'],
    [['id', '5'], 2, 'the words name no map'],
    [['name'], 2, 'the words name no map'],
    [['--pktgen', 'count=1', '--kernel-btf', 'none'], 2, 'leave one of them out'],
    [['--program', 'nosuch'], 2, 'no such program: nosuch'],
    [['--map', 'protocols=/no/such/file'], 3, 'no such file'],
    [['--pcap', '/no/such/file'], 3, 'no such file'],
  ] as const)('%s: exit code %d', async ([words, expected, message]) => {
    const { code, stdout, stderr } = await bpfoundry('map', 'dump', COUNTER, ...words)
    expect([code, stdout]).toEqual([expected, ''])
    expect(stderr).toContain(message)
  })
})

test('map show is an array of all maps, or the one that was asked for', async () => {
  const all = await bpfoundry('map', 'show', COUNTER, '--json')
  const protocols = {
    id: 1,
    type: 'percpu_array',
    name: 'protocols',
    bytes_value: 16,
    max_entries: 256,
    frozen: 0,
    btf_id: 1,
  }
  expect(JSON.parse(all.stdout)).toMatchObject([protocols])
  const one = await bpfoundry('map', 'list', COUNTER, 'name', 'protocols', '--json')
  expect(JSON.parse(one.stdout)).toMatchObject(protocols)
})
