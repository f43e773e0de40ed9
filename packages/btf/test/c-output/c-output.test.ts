import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { everyKind } from '../../fuzz/seed-types.ts'
import {
  BTF_KIND,
  type Btf,
  BtfBuilder,
  BtfError,
  decodeBtf,
  formatBtfC,
  formatBtfJson,
  formatBtfRaw,
} from '../../src/index.ts'
import { hasProgram, withFolder } from '../compile.ts'
import { bpftoolC, noBpftool } from './bpftool.ts'
import { randomTypes } from './random-types.ts'

const GOLDEN = join(import.meta.dirname, 'golden')
const golden = (name: string): string => readFileSync(join(GOLDEN, name), 'utf8')
const SEED = 6_12
const RUNS = 200

/** What decodes of them; the rest contain themselves. */
const random: readonly Btf[] = fc.sample(randomTypes, { numRuns: RUNS, seed: SEED }).flatMap((btf) => {
  try {
    return [decodeBtf(btf.encode())]
  } catch (error) {
    if (error instanceof BtfError) return []
    throw error
  }
})

/** Undefined for types that no C has. */
function ours(btf: Btf, unsorted: boolean): string | undefined {
  try {
    return formatBtfC(btf, { unsorted })
  } catch (error) {
    if (error instanceof BtfError && error.code === 'BTF_C_OUTPUT') return undefined
    throw error
  }
}

const digest = (text: string | undefined): string =>
  text === undefined ? '-' : createHash('sha1').update(text).digest('hex').slice(0, 10)

/** Lines of {@link digest}s, sorted and unsorted. */
function digests(of: (btf: Btf, unsorted: boolean) => string | undefined): string {
  return random.map((btf) => `${digest(of(btf, false))} ${digest(of(btf, true))}\n`).join('')
}

describe('a program of clang, against what bpftool 7.5 printed', () => {
  const btf = decodeBtf(readFileSync(join(GOLDEN, 'xdp-tcp.btf')))

  test('C', () => expect(formatBtfC(btf)).toBe(golden('xdp-tcp.golden.h')))
  test('raw', () => expect(formatBtfRaw(btf)).toBe(golden('xdp-tcp.golden.raw.txt')))
  test('JSON', () => {
    expect(formatBtfJson(btf)).toBe(golden('xdp-tcp.golden.json'))
    expect(JSON.parse(formatBtfJson(btf, undefined, { pretty: true }))).toEqual(JSON.parse(formatBtfJson(btf)))
  })
})

test('every kind is written as bpftool 7.5 wrote it', () => {
  expect(formatBtfC(everyKind())).toBe(golden('every-kind.golden.h'))
  expect(formatBtfC(everyKind('big'))).toBe(golden('every-kind.golden.h'))
})

test(`${RUNS} random sets of types are written as bpftool 7.5 wrote them`, () => {
  expect(digests(ours)).toBe(golden('random-types.golden.txt'))
})

test(`${RUNS} random sets of types: the bpftool of this host`, (ctx) => {
  const missing = noBpftool()
  if (missing !== undefined) return ctx.skip(`${RUNS} comparisons with bpftool left out: ${missing}`)
  withFolder((folder) => {
    const path = join(folder, 'types.btf')
    const theirs = (btf: Btf, unsorted: boolean): string | undefined => {
      writeFileSync(path, btf.encode())
      return bpftoolC(path, unsorted ? ['unsorted'] : [])
    }
    if (process.env['BLESS'] === '1') writeFileSync(join(GOLDEN, 'random-types.golden.txt'), digests(theirs))
    for (const btf of random) {
      for (const unsorted of [false, true]) expect(ours(btf, unsorted)).toBe(theirs(btf, unsorted))
    }
  })
}, 120_000)

test('the types of the running kernel, in both orders: the bpftool of this host', (ctx) => {
  const path = '/sys/kernel/btf/vmlinux'
  const missing = existsSync(path) ? noBpftool() : 'this kernel shows no types'
  if (missing !== undefined) return ctx.skip(`2 comparisons with bpftool left out: ${missing}`)
  const btf = decodeBtf(readFileSync(path))
  expect(formatBtfC(btf) === bpftoolC(path)).toBe(true)
  expect(formatBtfC(btf, { unsorted: true }) === bpftoolC(path, ['unsorted'])).toBe(true)
}, 60_000)

test('a root is written with all that it needs, and nothing else', () => {
  const btf = decodeBtf(readFileSync(join(GOLDEN, 'xdp-tcp.btf')))
  const root = btf.find('iphdr', BTF_KIND.STRUCT)
  const text = formatBtfC(btf, { rootIds: [root?.id ?? 0] })
  expect(text.match(/^(typedef|struct).*$/gm)).toEqual([
    'typedef unsigned char __u8;',
    'typedef unsigned short __u16;',
    'typedef __u16 __be16;',
    'typedef __u16 __sum16;',
    'typedef unsigned int __u32;',
    'typedef __u32 __be32;',
    'struct iphdr {',
  ])
  expect(text).not.toContain('kfuncs')
  expect(() => formatBtfC(btf, { rootIds: [5000] })).toThrow(expect.objectContaining({ code: 'BTF_TYPE_ID' }))
})

describe('types that no compiler makes', () => {
  const K = BTF_KIND
  const composite = (name: string, typeIds: readonly number[]) => {
    const members = typeIds.map((typeId) => ({ name: 'm', typeId, bitOffset: 0, bitfieldBits: 0 }))
    return { kind: K.UNION, name, sizeBytes: 4, kindFlag: false, members } as const
  }
  const int = { kind: K.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 } as const
  const refused = expect.objectContaining({ code: 'BTF_C_OUTPUT' })

  test('a union without a name that points to itself has no end', () => {
    const btf = new BtfBuilder()
    const pointer = btf.add({ kind: K.PTR, name: '', typeId: 2 })
    btf.add(composite('', [pointer]))
    expect(() => formatBtfC(btf.build())).toThrow(refused)
  })

  test('sixty unions without names, each twice in the next, would fill any disk', () => {
    const btf = new BtfBuilder()
    let inner = btf.add(int)
    for (let n = 0; n < 60; n++) inner = btf.add(composite('', [inner, inner]))
    btf.add(composite('outer', [inner]))
    expect(() => formatBtfC(btf.build(), { unsorted: true })).toThrow(refused)
  })

  test('a struct of 4 GiB of padding would, too', () => {
    const btf = new BtfBuilder()
    btf.add(int)
    btf.add({ kind: K.STRUCT, name: 'huge', sizeBytes: 0xffffffff, kindFlag: false, members: [] })
    expect(() => formatBtfC(btf.build())).toThrow(refused)
  })

  test('a hundred thousand pointers to pointers', () => {
    const btf = new BtfBuilder()
    let inner = btf.add(int)
    for (let n = 0; n < 100_000; n++) inner = btf.add({ kind: K.PTR, name: '', typeId: inner })
    expect(() => formatBtfC(btf.build(), { unsorted: true })).not.toThrow()
    btf.add({ kind: K.TYPEDEF, name: 'far', typeId: inner })
    expect(() => formatBtfC(btf.build(), { rootIds: [inner + 1] })).toThrow(refused)
  })
})

test('clang takes the header for BPF', (ctx) => {
  if (!hasProgram('clang-19')) return ctx.skip('clang-19 is not installed')
  const input = formatBtfC(decodeBtf(readFileSync(join(GOLDEN, 'xdp-tcp.btf'))))
  const { status, stderr } = spawnSync('clang-19', ['-target', 'bpf', '-fsyntax-only', '-x', 'c', '-'], { input })
  expect([status, stderr.toString()]).toEqual([0, ''])
})
