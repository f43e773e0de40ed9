import { encodeInsns, type Insn } from '@bpfoundry/isa'
import { mapTypeName, programTypeName } from '@bpfoundry/kernel-abi'
import type { Expectation } from './expectation.ts'
import {
  createVector,
  DEFAULT_LOG_LEVEL,
  DEFAULT_LOG_TAIL,
  type FillValue,
  type Vector,
  type VectorMap,
  type VectorModule,
  type VectorProgram,
  type VectorRun,
} from './vector.ts'

/** A line's fields; `undefined` for those that are not written. */
export type VectorRecord = Readonly<Record<string, unknown>>

/** A vector to write: the fields that most cases have. */
export interface NewVector {
  readonly id: string | number
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly insns: readonly Insn[]
  readonly dataIn?: Uint8Array
  readonly repeat?: number
  readonly expect?: Expectation
}

/** One line of the JSON Lines format, without its line break. */
export function formatVector({ id, type, insns, dataIn, repeat = 0, expect }: NewVector): string {
  const runs = dataIn === undefined ? [] : [{ dataIn, repeat, flags: 0 }]
  const vector = createVector({ id, type, insns, runs, ...(expect === undefined ? {} : { expect }) })
  return JSON.stringify(vectorRecord(vector))
}

/** A vector as a line of the JSON Lines format says it, without what goes without saying. `readVector` gives it back. */
export function vectorRecord(vector: Vector): VectorRecord {
  return {
    id: vector.id,
    ...programRecord(vector),
    modules: vector.modules?.map(moduleRecord),
    maps: unlessEmpty(vector.maps.map(mapRecord)),
    progs: unlessEmpty(vector.progs.map(programRecord)),
    ...runRecords(vector),
    dump: vector.dump,
    expect: vector.expect,
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unless = <Value>(usual: Value, value: Value): Value | undefined => (value === usual ? undefined : value)
const unlessEmpty = <Element>(list: readonly Element[]): readonly Element[] | undefined =>
  list.length === 0 ? undefined : list

function programRecord(program: VectorProgram): VectorRecord {
  const { btf, kfuncs } = program
  return {
    prog_type: typeName(programTypeName(program.type), program.type),
    expected_attach_type: unless(0, program.expectedAttachType),
    insns: hex(encodeInsns(program.insns)),
    license: unless('GPL', program.license),
    flags: unless(0, program.flags),
    log_level: unless(DEFAULT_LOG_LEVEL, program.logLevel),
    log_tail: unless(DEFAULT_LOG_TAIL, program.logTail),
    map_refs: unlessEmpty(program.mapRefs.map(({ pc, map }) => [pc, map])),
    ...(btf === undefined
      ? {}
      : {
          btf: hex(btf.bytes),
          func_info: unlessEmpty(btf.functions.map(({ pc, typeId }) => [pc, typeId])),
          line_info: unlessEmpty(
            btf.lines.map((line) => [line.pc, line.fileNameOffset, line.lineOffset, line.lineColumn]),
          ),
        }),
    attach_btf: program.attachBtf,
    kfuncs: kfuncs?.map(({ pc, name }) => [pc, name]),
    type_ids: program.typeIds?.map(({ pc, kind, name }) => [pc, kind, name]),
    ...PRIVILEGE[program.privilege ?? 'full'],
  }
}

const PRIVILEGE = { full: {}, 'no-perfmon': { perfmon: false }, unprivileged: { unpriv: true } } as const

/** The name of a type, or the number of one that has none. */
const typeName = (name: string, type: number): string | number => (/^\w+$/.test(name) ? name : type)

function moduleRecord({ name, btf, functions, mayFail, destructible }: VectorModule): VectorRecord {
  const kfuncs = functions.map((set) => ({
    prog_types: set.programTypes.map((type) => typeName(programTypeName(type), type)),
    functions: Object.fromEntries([...set.functions].map(([fn, traits]) => [fn, [...traits]])),
  }))
  return { name, btf: hex(btf), kfuncs, may_fail: mayFail && [...mayFail], dtors: destructible && [...destructible] }
}

function mapRecord(map: VectorMap): VectorRecord {
  return {
    name: map.name,
    type: typeName(mapTypeName(map.type), map.type),
    key_size: unless(0, map.keySizeBytes),
    value_size: unless(0, map.valueSizeBytes),
    max_entries: unless(0, map.maxEntries),
    flags: unless(0, map.flags),
    map_extra: unless(0, map.mapExtra),
    inner: map.inner,
    ...(map.btf === undefined
      ? {}
      : { btf: hex(map.btf.bytes), btf_key: map.btf.keyTypeId, btf_value: map.btf.valueTypeId }),
    freeze: unless(false, map.freeze),
    fill: unlessEmpty(map.fill.map(([key, value]) => [hex(key), fillRecord(value)])),
  }
}

const fillRecord = (value: FillValue): unknown => (value instanceof Uint8Array ? hex(value) : value)

function runRecords({ runs, listsRuns }: Vector): VectorRecord {
  const [first] = runs
  if (listsRuns || runs.length > 1) return { runs: runs.map(runRecord) }
  if (first === undefined) return {}
  return { ...runRecord(first), run: first.dataIn === undefined && first.ctxIn === undefined ? true : undefined }
}

function runRecord(run: VectorRun): VectorRecord {
  return {
    data_in: run.dataIn === undefined ? undefined : hex(run.dataIn),
    ctx_in: run.ctxIn === undefined ? undefined : hex(run.ctxIn),
    repeat: unless(0, run.repeat),
    run_flags: unless(0, run.flags),
    data_out_size: run.dataOutBytes,
    ctx_out_size: run.ctxOutBytes,
  }
}
