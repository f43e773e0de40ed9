import type { TranslationUnit } from '@bpfoundry/c-source'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { ConformanceCase } from '../../case-source.ts'
import { DEFAULT_LOG_TAIL, type Vector, type VectorBtf } from '../../vector/vector.ts'
import type { TestModules } from '../modules/test-modules.ts'
import type { NotRunnable, SuiteCase } from '../suite-case.ts'
import type { TableRow } from '../test-bpf/table-row.ts'
import { FILLS, type FilledProgram } from './filled-programs.ts'
import { fixUp } from './fixup-maps.ts'
import { btfBlob, mapTypesBlob, paddedBytes } from './map-types.ts'
import { loadFlags, programTypeOf, tableInsns, withoutTail } from './table-test.ts'
import { expectationOf, logLevelOf, runsOf, vectorRuns } from './test-expectation.ts'

/** A row of the table, and how it is loaded. */
export interface TableTest {
  readonly id: string
  readonly row: TableRow
  readonly privilege: SuiteCase['privilege']
  /** test_verifier.c itself: the types of maps. */
  readonly runner: TranslationUnit
  /** Where kernel functions are from that no kernel has itself. */
  readonly modules: TestModules
}

/** The case that asks what the runner asks. @throws ConformanceError, CSourceError for what can't be read */
export function testQuestion(test: TableTest): ConformanceCase | NotRunnable {
  const { row } = test
  const filler = row.symbol('fill_helper')
  if (filler === undefined) return vectorCase(test, { insns: withoutTail(tableInsns(row, 'insns')) })
  const fill = Object.hasOwn(FILLS, filler) ? FILLS[filler] : undefined
  const filled = fill?.(row.number('retval'))
  if (filled !== undefined) return vectorCase(test, filled)
  const { file, line } = row.span
  return { kind: 'not-runnable', reason: 'unread', detail: `${filler} makes the program (${file}:${line})` }
}

function vectorCase(test: TableTest, filled: FilledProgram): ConformanceCase {
  return { kind: 'vector', vector: vectorOf(test, filled) }
}

/** Types that are told what they attach to where the test says so. */
const ATTACHING: readonly number[] = [PROG_TYPE.TRACING, PROG_TYPE.LSM]

function vectorOf({ id, row, privilege, runner, modules }: TableTest, filled: FilledProgram): Vector {
  const type = programTypeOf(row)
  const logLevel = logLevelOf(row, privilege)
  const runs = runsOf(row, filled.retval)
  const btf = btfOf(row, filled)
  const target = ATTACHING.includes(type) ? row.text('kfunc') : ''
  const kfuncs = row.rows('fixup_kfunc_btf_id').filter((pair) => pair.text('kfunc') !== '')
  const expect = expectationOf(row, privilege, runs)
  const used = modules.havingAny(kfuncs.map((pair) => pair.text('kfunc')))
  return {
    id,
    type,
    insns: filled.insns,
    expectedAttachType: row.number('expected_attach_type'),
    license: 'GPL',
    flags: loadFlags(row, runner),
    logLevel,
    // Messages may stand anywhere in a log of all that is explored.
    logTail: expect.log === undefined ? DEFAULT_LOG_TAIL : 0,
    ...fixUp(row, type, (valueTypeId) => mapTypesBlob(runner, valueTypeId)),
    runs: vectorRuns(runs),
    listsRuns: runs.length > 1,
    expect,
    ...(btf === undefined ? {} : { btf }),
    ...(target === '' ? {} : { attachBtf: target }),
    ...(kfuncs.length === 0
      ? {}
      : { kfuncs: kfuncs.map((pair) => ({ pc: pair.number('insn_idx'), name: pair.text('kfunc') })) }),
    ...(used.length === 0 ? {} : { modules: used }),
    ...(privilege === 'full' ? {} : { privilege }),
  }
}

const END_OF_TYPES = 0xdeadbeef
const STRING_BYTES = 256

/** The types of the test's own functions. */
function btfOf(row: TableRow, { secondFunction }: FilledProgram): VectorBtf | undefined {
  const words = row.numbers('btf_types').map((word) => word >>> 0)
  if ((words[0] ?? 0) === 0) return undefined
  const end = words.indexOf(END_OF_TYPES)
  const functions = row.rows('func_info').slice(0, row.number('func_info_cnt'))
  return {
    bytes: btfBlob(end < 0 ? words : words.slice(0, end), paddedBytes(row.text('btf_strings'), STRING_BYTES)),
    functions: functions.map((info, index) => ({
      pc: index === 1 && secondFunction !== undefined ? secondFunction : info.number('insn_off'),
      typeId: info.number('type_id'),
    })),
    lines: [],
  }
}
