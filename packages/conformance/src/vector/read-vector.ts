import { decodeInsns, INSN_BYTES, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { errorAt, type SourceLine } from '../conformance-error.ts'
import { JsonFields } from './json-fields.ts'
import type { Expectation, FillValue, Vector, VectorMap, VectorProgram, VectorRun } from './vector.ts'

/** BPF_LOG_STATS: errors and statistics. */
const DEFAULT_LOG_LEVEL = 4
const DEFAULT_LOG_TAIL = 4096
const UNSUPPORTED = ['btf', 'func_info', 'attach_btf', 'kfuncs'] as const

/**
 * Reads one line of the JSON Lines format. Fields that are not known are left alone.
 *
 * @param line the text with its file and line number, for errors
 * @throws ConformanceError CONFORMANCE_JSON, CONFORMANCE_FIELD
 */
export function readVector(line: SourceLine): Vector {
  const fields = new JsonFields(line, parse(line))
  const runs = readRuns(fields)
  const expect = fields.has('expect') ? readExpectation(fields) : undefined
  const maps = fields.objects('maps').map((map, index) => readMap(map, index))
  return {
    id: fields.raw('id') ?? null,
    ...readProgram(fields, maps.length),
    maps,
    progs: fields.objects('progs').map((program) => readProgram(program, maps.length)),
    runs,
    listsRuns: fields.has('runs'),
    unsupported: UNSUPPORTED.filter((name) => fields.has(name)),
    ...(expect === undefined ? {} : { expect }),
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

function readProgram(fields: JsonFields, mapCount: number): VectorProgram {
  const insns = readInsns(fields)
  return {
    type: fields.named('prog_type', PROG_TYPE, 'BPF_PROG_TYPE_', PROG_TYPE.SOCKET_FILTER),
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
  }
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
    type: fields.named('type', MAP_TYPE, 'BPF_MAP_TYPE_', MAP_TYPE.UNSPEC),
    keySizeBytes: fields.number('key_size', 0),
    valueSizeBytes: fields.number('value_size', 0),
    maxEntries: fields.number('max_entries', 0),
    flags: fields.number('flags', 0),
    mapExtra: fields.number('map_extra', 0),
    freeze: fields.flag('freeze'),
    fill: fields.list('fill').map((element) => readElement(fields, element)),
    ...(inner === undefined ? {} : { inner }),
  }
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

const RUN_FIELDS = ['data_in', 'ctx_in', 'run'] as const

function readRuns(fields: JsonFields): VectorRun[] {
  if (fields.has('runs')) return fields.objects('runs').map(readRun)
  return RUN_FIELDS.some((name) => fields.has(name)) ? [readRun(fields)] : []
}

function readRun(fields: JsonFields): VectorRun {
  const dataIn = fields.bytes('data_in')
  const ctxIn = fields.bytes('ctx_in')
  return {
    repeat: fields.number('repeat', 1, 2 ** 31),
    flags: fields.number('run_flags', 0),
    ...(dataIn === undefined ? {} : { dataIn }),
    ...(ctxIn === undefined ? {} : { ctxIn }),
  }
}

function readExpectation(fields: JsonFields): Expectation {
  const expect = fields.raw('expect')
  if (typeof expect === 'object' && expect !== null && !Array.isArray(expect)) return expect as Expectation
  throw fields.wrong('expect', expect, 'an object of what the answer must say')
}
