import type { Insn } from '@bpfoundry/isa'
import { KERNEL_FUNCTION_TRAITS, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { engineByName } from '@bpfoundry/testbench'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  askVector,
  type ConformanceCase,
  createEmulatedKernel,
  createVector,
  exportCase,
  judge,
  readVector,
  type Vector,
  type VectorMap,
  type VectorProgram,
  type VectorRun,
} from '../src/index.ts'
import { readSuiteCase, suiteFiles } from './suite-files.ts'

const FULL = process.env['FULL'] === '1'

const u32 = fc.nat(0xffff_ffff)
const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
const s32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const nibble = fc.nat(15)
const insn: fc.Arbitrary<Insn> = fc.record({
  opcode: fc.nat(255),
  dst: nibble,
  src: nibble,
  off: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  imm: s32,
})
const insns = fc.array(insn, { minLength: 1, maxLength: 6 })
/** A field that is there or not. */
const maybe = <T>(field: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(field, { nil: undefined })
const given = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

const mapBtf = fc.record({ bytes: bytes(8), keyTypeId: u32, valueTypeId: u32 })
const fill = fc.tuple(bytes(4), fc.oneof(bytes(8), fc.record({ map: fc.nat(9) }), fc.record({ prog: fc.nat(9) })))
const map = (index: number): fc.Arbitrary<VectorMap> =>
  fc
    .record({
      name: maybe(fc.string()),
      type: fc.constantFrom(...Object.values(MAP_TYPE), 4000),
      keySizeBytes: u32,
      valueSizeBytes: u32,
      maxEntries: u32,
      flags: u32,
      mapExtra: fc.nat(Number.MAX_SAFE_INTEGER),
      inner: index === 0 ? fc.constant(undefined) : maybe(fc.nat(index - 1)),
      btf: maybe(mapBtf),
      freeze: fc.boolean(),
      fill: fc.array(fill, { maxLength: 2 }),
    })
    .map(given) as fc.Arbitrary<VectorMap>

const programBtf = fc.record({
  bytes: bytes(8),
  functions: fc.array(fc.record({ pc: u32, typeId: u32 }), { maxLength: 2 }),
  lines: fc.array(fc.record({ pc: u32, fileNameOffset: u32, lineOffset: u32, lineColumn: u32 }), { maxLength: 2 }),
})

const program = (maps: number): fc.Arbitrary<VectorProgram> =>
  fc
    .record({
      type: fc.constantFrom(...Object.values(PROG_TYPE), 4000),
      expectedAttachType: u32,
      insns,
      license: fc.string(),
      flags: u32,
      logLevel: fc.nat(15),
      logTail: u32,
      mapRefs: maps === 0 ? fc.constant([]) : fc.array(fc.record({ pc: fc.constant(0), map: fc.nat(maps - 1) })),
      btf: maybe(programBtf),
      attachBtf: maybe(fc.string()),
      kfuncs: maybe(fc.array(fc.record({ pc: fc.constant(0), name: fc.string() }))),
      typeIds: maybe(fc.array(fc.record({ pc: fc.constant(0), kind: fc.nat(19), name: fc.string() }))),
      privilege: fc.constantFrom(undefined, 'no-perfmon' as const, 'unprivileged' as const),
    })
    .map(given) as fc.Arbitrary<VectorProgram>

const functionSet = fc.record({
  programTypes: fc.array(fc.constantFrom(...Object.values(PROG_TYPE), 4000), { maxLength: 3 }),
  functions: fc
    .array(fc.tuple(fc.string({ minLength: 1 }), fc.subarray([...KERNEL_FUNCTION_TRAITS])), { maxLength: 3 })
    .map((rows) => new Map(rows.map(([name, traits]) => [name, new Set(traits)]))),
})
const names = fc.array(fc.string(), { maxLength: 2 }).map((list) => new Set(list))
const kernelModule = fc
  .record({
    name: fc.string(),
    btf: bytes(8),
    functions: fc.array(functionSet, { maxLength: 2 }),
    mayFail: maybe(names),
    destructible: maybe(names),
  })
  .map(given)

const run = fc
  .record({
    dataIn: maybe(bytes(8)),
    ctxIn: maybe(bytes(8)),
    repeat: fc.nat(2 ** 31),
    flags: u32,
    dataOutBytes: maybe(fc.nat(1 << 24)),
    ctxOutBytes: maybe(fc.nat(1 << 24)),
  })
  .map(given) as fc.Arbitrary<VectorRun>

const expectation = fc
  .record({
    load_ok: maybe(fc.boolean()),
    errno: maybe(fc.oneof(fc.constant(0), fc.constantFrom('EACCES', 'EINVAL'))),
    log: maybe(fc.oneof(fc.constant('R0={{[0-9]+}} R10'), fc.array(fc.constantFrom('a', '{{b*}}'), { maxLength: 2 }))),
    insn_processed: maybe(u32),
    xlated_insns: maybe(fc.array(fc.array(fc.constant('b7000000????????'), { maxLength: 2 }), { maxLength: 2 })),
    retval: maybe(fc.oneof(s32, fc.array(fc.option(u32), { maxLength: 2 }))),
    data_out: maybe(fc.constant('00ff')),
  })
  .map(given)

const vector: fc.Arbitrary<Vector> = fc
  .nat(2)
  .chain((maps) =>
    fc.record({
      program: program(maps),
      id: fc.jsonValue({ maxDepth: 1 }),
      maps: fc.tuple(...Array.from({ length: maps }, (_, index) => map(index))),
      modules: maybe(fc.array(kernelModule, { maxLength: 2 })),
      progs: fc.array(program(maps), { maxLength: 1 }),
      runs: fc.array(run, { maxLength: 2 }),
      lists: fc.boolean(),
      dump: maybe(fc.subarray(['xlated', 'jited', 'maps'] as const)),
      expect: maybe(expectation),
    }),
  )
  .map(({ program: own, lists, ...fields }) => {
    const listsRuns = lists || fields.runs.length > 1
    return given({ ...own, ...fields, listsRuns }) as Vector
  })

const readBack = (one: ConformanceCase): Vector | undefined => {
  const record = exportCase(one)
  return record === undefined ? undefined : readVector({ file: 'f', line: 1, text: JSON.stringify(record) })
}

test('what is written reads back', () => {
  fc.assert(
    fc.property(vector, (one) => {
      const json = JSON.parse(JSON.stringify(one.id)) as unknown
      expect(readBack({ kind: 'vector', vector: one })).toEqual({ ...one, id: json })
    }),
    { numRuns: FULL ? 5000 : 100 },
  )
})

describe('cases of other kinds are lines', () => {
  const kernel = createEmulatedKernel(engineByName('interpreter'))

  /** Addresses of functions, and what 6.12 does not know yet. */
  const REFUSED = /^(callx|ld-imm64-func|load-acq|store-rel)/

  test('bare ones are XDP programs whose verdict is r0', () => {
    const all = suiteFiles().filter((name) => !name.startsWith('negative/') && !REFUSED.test(name))
    const cases = all.filter((_, index) => FULL || index % 12 === 0).map(readSuiteCase)
    const wrong = cases.filter((bare) => {
      const read = readBack({ kind: 'bare', bare }) as Vector
      return judge(askVector(kernel, read), read.expect).pass !== true
    })
    expect(wrong.map(({ id }) => id)).toEqual([])
    expect(cases.length).toBeGreaterThan(10)
  })

  test('internal ones are socket filters, or XDP programs where they need memory', () => {
    const program = createVector({ id: 'x', type: 0, insns: [] }).insns
    const socket = { id: 'i', name: '', insns: program, context: 'none', runs: [{ dataBytes: 0, result: 3 }] } as const
    expect(exportCase({ kind: 'internal', internal: socket })).toMatchObject({
      id: 'i',
      prog_type: 'socket_filter',
      data_in: '00'.repeat(64),
      expect: { retval: [3] },
    })
    expect(exportCase({ kind: 'internal', internal: { ...socket, context: 'memory' } })).toMatchObject({
      prog_type: 'xdp',
      expect: { retval: 3 },
    })
  })

  test('classic ones are their translation, beside what they are', () => {
    const insns = [
      { code: 0x30, jt: 0, jf: 0, k: 1 },
      { code: 0x16, jt: 0, jf: 0, k: 0 },
    ]
    const classic = { id: 'c', name: '', insns, data: Uint8Array.of(7, 9), noData: false } as const
    const runs = [{ dataBytes: 2, result: 9 }]
    const record = exportCase({ kind: 'classic', classic: { ...classic, runs } })
    expect(record).toMatchObject({
      classic: '30000000010000001600000000000000',
      expect: { load_ok: true, retval: [9] },
    })
    expect(exportCase({ kind: 'classic', classic: { ...classic, runs: [], refusedWith: 22 } })).toBeUndefined()
  })
})
