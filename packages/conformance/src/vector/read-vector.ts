import { decodeInsns, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { errorAt, type SourceLine } from '../conformance-error.ts'
import { JsonFields } from './json-fields.ts'
import { readExpectation } from './read-expectation.ts'
import { readModule } from './read-module.ts'
import {
  DEFAULT_LOG_LEVEL,
  DEFAULT_LOG_TAIL,
  type FillValue,
  VECTOR_DUMPS,
  type Vector,
  type VectorBtf,
  type VectorDump,
  type VectorMap,
  type VectorMapBtf,
  type VectorPrivilege,
  type VectorProgram,
  type VectorRun,
  type VectorTypeId,
} from './vector.ts'

/**
 * Reads one line of the JSON Lines format. Fields that are not known are left alone.
 *
 * @param line the text with its file and line number, for errors
 * @throws ConformanceError CONFORMANCE_JSON, CONFORMANCE_FIELD
 */
export function readVector(line: SourceLine): Vector {
  const fields = new JsonFields(line, parse(line))
  const runs = readRuns(fields)
  const maps = fields.objects('maps').map((map, index) => readMap(map, index))
  const program = readProgram(fields, maps.length, PROG_TYPE.SOCKET_FILTER)
  return {
    id: fields.raw('id') ?? null,
    ...program,
    maps,
    progs: fields.objects('progs').map((one) => readProgram(one, maps.length, program.type)),
    runs,
    listsRuns: fields.has('runs'),
    ...(fields.has('modules') ? { modules: fields.objects('modules').map(readModule) } : {}),
    ...(fields.has('dump') ? { dump: readDump(fields) } : {}),
    ...(fields.has('expect') ? { expect: readExpectation(fields) } : {}),
  }
}

function parse(line: SourceLine): unknown {
  try {
    return JSON.parse(line.text)
  } catch (cause) {
    throw errorAt(line, {
      code: 'CONFORMANCE_JSON',
      message: 'the line is no JSON',
      got: (cause as Error).message,
      expected: 'one JSON object a line',
    })
  }
}

function readDump(fields: JsonFields): readonly VectorDump[] {
  return fields.list('dump').map((name) => {
    const dump = VECTOR_DUMPS.find((known) => known === name)
    if (dump === undefined) throw fields.wrong('dump', name, `a list of ${VECTOR_DUMPS.join(', ')}`)
    return dump
  })
}

function readProgram(fields: JsonFields, mapCount: number, defaultType: number): VectorProgram {
  const insns = readInsns(fields)
  const privilege = readPrivilege(fields)
  return {
    type: fields.named('prog_type', PROG_TYPE, 'BPF_PROG_TYPE_', defaultType),
    expectedAttachType: fields.number('expected_attach_type', 0),
    insns,
    license: fields.text('license', 'GPL'),
    flags: fields.number('flags', 0),
    logLevel: fields.number('log_level', DEFAULT_LOG_LEVEL, 15),
    logTail: fields.number('log_tail', DEFAULT_LOG_TAIL),
    mapRefs: fields.pairs('map_refs').map(([pc, map]) => {
      if (pc < insns.length && map < mapCount) return { pc, map }
      throw fields.wrong('map_refs', [pc, map], `an instruction below ${insns.length} and a map below ${mapCount}`)
    }),
    ...readProgramBtf(fields),
    ...(fields.has('attach_btf') ? { attachBtf: fields.text('attach_btf', '') } : {}),
    ...(fields.has('kfuncs') ? { kfuncs: readKfuncs(fields, insns.length) } : {}),
    ...(fields.has('type_ids') ? { typeIds: readTypeIds(fields, insns.length) } : {}),
    ...(privilege === 'full' ? {} : { privilege }),
  }
}

function readPrivilege(fields: JsonFields): VectorPrivilege {
  if (fields.flag('unpriv')) return 'unprivileged'
  return fields.has('perfmon') && !fields.flag('perfmon') ? 'no-perfmon' : 'full'
}

function readProgramBtf(fields: JsonFields): { readonly btf?: VectorBtf } {
  const bytes = fields.bytes('btf')
  const functions = fields.tuples('func_info', 2).map(([pc = 0, typeId = 0]) => ({ pc, typeId }))
  const lines = fields.tuples('line_info', 4).map(([pc = 0, fileNameOffset = 0, lineOffset = 0, lineColumn = 0]) => {
    return { pc, fileNameOffset, lineOffset, lineColumn }
  })
  if (bytes !== undefined) return { btf: { bytes, functions, lines } }
  if (functions.length + lines.length === 0) return {}
  throw fields.wrong('btf', undefined, 'the BTF that func_info and line_info are of')
}

function readKfuncs(fields: JsonFields, insnCount: number): readonly { readonly pc: number; readonly name: string }[] {
  return fields.list('kfuncs').map((element) => {
    const [pc, name] = Array.isArray(element) && element.length === 2 ? (element as unknown[]) : []
    if (Number.isInteger(pc) && (pc as number) >= 0 && (pc as number) < insnCount && typeof name === 'string') {
      return { pc: pc as number, name }
    }
    throw fields.wrong('kfuncs', element, `[an instruction below ${insnCount}, a name]`)
  })
}

function readTypeIds(fields: JsonFields, insnCount: number): readonly VectorTypeId[] {
  return fields.list('type_ids').map((element) => {
    const [pc, kind, name] = Array.isArray(element) && element.length === 3 ? (element as unknown[]) : []
    const isPlace = Number.isInteger(pc) && (pc as number) >= 0 && (pc as number) < insnCount
    if (isPlace && Number.isInteger(kind) && typeof name === 'string') {
      return { pc: pc as number, kind: kind as number, name }
    }
    throw fields.wrong('type_ids', element, `[an instruction below ${insnCount}, a kind, a name]`)
  })
}

function readInsns(fields: JsonFields): readonly Insn[] {
  const bytes = fields.bytes('insns')
  if (bytes !== undefined && bytes.length % INSN_BYTES === 0) return decodeInsns(bytes)
  throw fields.wrong('insns', fields.raw('insns'), `hex of whole instructions, ${2 * INSN_BYTES} digits each`)
}

function readMap(fields: JsonFields, index: number): VectorMap {
  const inner = fields.has('inner') ? fields.number('inner', 0) : undefined
  if (inner !== undefined && inner >= index) throw fields.wrong('inner', inner, 'the index of an earlier map')
  return {
    ...(fields.has('name') ? { name: fields.text('name', '') } : {}),
    type: fields.named('type', MAP_TYPE, 'BPF_MAP_TYPE_', MAP_TYPE.UNSPEC),
    keySizeBytes: fields.number('key_size', 0),
    valueSizeBytes: fields.number('value_size', 0),
    maxEntries: fields.number('max_entries', 0),
    flags: fields.number('flags', 0),
    mapExtra: fields.number('map_extra', 0, Number.MAX_SAFE_INTEGER),
    freeze: fields.flag('freeze'),
    fill: fields.list('fill').map((element) => readElement(fields, element)),
    ...(inner === undefined ? {} : { inner }),
    ...readMapBtf(fields),
  }
}

function readMapBtf(fields: JsonFields): { readonly btf?: VectorMapBtf } {
  const bytes = fields.bytes('btf')
  if (bytes === undefined) return {}
  return { btf: { bytes, keyTypeId: fields.number('btf_key', 0), valueTypeId: fields.number('btf_value', 0) } }
}

function readElement(fields: JsonFields, element: unknown): readonly [Uint8Array, FillValue] {
  if (!Array.isArray(element) || element.length !== 2) throw fields.wrong('fill', element, '[key hex, value]')
  const [key, value] = element as [unknown, unknown]
  return [fields.hex('fill', key), readFillValue(fields, value)]
}

function readFillValue(fields: JsonFields, value: unknown): FillValue {
  if (typeof value === 'string') return fields.hex('fill', value)
  const { map, prog } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (Number.isInteger(map)) return { map: map as number }
  if (Number.isInteger(prog)) return { prog: prog as number }
  throw fields.wrong('fill', value, 'hex, {"map": index} or {"prog": index}')
}

/** Room that is made before the kernel says how much it needs. */
const MOST_OUT_BYTES = 1 << 24

const RUN_FIELDS = ['data_in', 'ctx_in', 'run'] as const

function readRuns(fields: JsonFields): VectorRun[] {
  if (fields.has('runs')) return fields.objects('runs').map(readRun)
  return RUN_FIELDS.some((name) => fields.has(name)) ? [readRun(fields)] : []
}

function readRun(fields: JsonFields): VectorRun {
  const dataIn = fields.bytes('data_in')
  const ctxIn = fields.bytes('ctx_in')
  return {
    repeat: fields.number('repeat', 0, 2 ** 31),
    flags: fields.number('run_flags', 0),
    ...(dataIn === undefined ? {} : { dataIn }),
    ...(ctxIn === undefined ? {} : { ctxIn }),
    ...(fields.has('data_out_size') ? { dataOutBytes: fields.number('data_out_size', 0, MOST_OUT_BYTES) } : {}),
    ...(fields.has('ctx_out_size') ? { ctxOutBytes: fields.number('ctx_out_size', 0, MOST_OUT_BYTES) } : {}),
  }
}
