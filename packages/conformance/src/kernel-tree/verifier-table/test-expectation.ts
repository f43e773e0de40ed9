import type { EachRun, Expectation } from '../../vector/expectation.ts'
import type { VectorRun } from '../../vector/vector.ts'
import type { SuiteCase } from '../suite-case.ts'
import type { TableRow } from '../test-bpf/table-row.ts'
import { insnGroups } from './insn-pattern.ts'
import { RESULT, tableInsns } from './table-test.ts'

type Privilege = SuiteCase['privilege']

const DATA_BYTES = 64
/** Room for the packet afterwards. */
const OUT_BYTES = 4 * DATA_BYTES
/** What a test says that gives a pointer: any result is right. */
const ANY_RESULT = 0xcafe4a
/** Log levels: all that is explored, errors and statistics. */
const LOG_ALL = 2
const LOG_STATS = 4

/** ACCEPT, REJECT or VERBOSE_ACCEPT. */
export function resultOf(row: TableRow, privilege: Privilege): number {
  const unprivileged = privilege === 'unprivileged' ? row.number('result_unpriv') : RESULT.UNDEF
  return unprivileged === RESULT.UNDEF ? row.number('result') : unprivileged
}

export function logLevelOf(row: TableRow, privilege: Privilege): number {
  return resultOf(row, privilege) === RESULT.VERBOSE_ACCEPT ? LOG_ALL : LOG_STATS
}

/** One after the other in the log; an empty text asks for nothing. */
function messagesOf(row: TableRow, privilege: Privilege): readonly string[] {
  const isOwn = privilege === 'unprivileged' && row.has('errstr_unpriv')
  const text = row.text(isOwn ? 'errstr_unpriv' : 'errstr')
  return text.split('\t').filter((part) => part !== '')
}

/** What a run is given and must give. */
interface TableRun {
  readonly data: Uint8Array
  readonly retval: number
  readonly retvalUnprivileged: number
}

/** @param retval what a fill function told, of a single run */
export function runsOf(row: TableRow, retval: number | undefined): readonly TableRun[] {
  const count = row.number('runs')
  if (count < 0) return []
  const rows = row.has('retvals') ? row.rows('retvals') : [row]
  return Array.from({ length: Math.max(count, 1) }, (_, index) => {
    const one = rows[index]
    return {
      data: one === undefined ? new Uint8Array(DATA_BYTES) : dataOf(one),
      retval: (index === 0 ? retval : undefined) ?? one?.number('retval') ?? 0,
      retvalUnprivileged: one?.number('retval_unpriv') ?? 0,
    }
  })
}

function dataOf(row: TableRow): Uint8Array {
  const data = new Uint8Array(DATA_BYTES)
  if (row.has('data64')) data.set(new Uint8Array(BigUint64Array.from(row.integers('data64')).buffer))
  else data.set(row.bytes('data'))
  return data
}

export function vectorRuns(runs: readonly TableRun[]): readonly VectorRun[] {
  return runs.map(({ data }) => ({ dataIn: data, repeat: 1, flags: 0, dataOutBytes: OUT_BYTES }))
}

/** What the runner holds a test to. @see do_test_single() of test_verifier.c (6.12) */
export function expectationOf(row: TableRow, privilege: Privilege, runs: readonly TableRun[]): Expectation {
  const result = resultOf(row, privilege)
  // The runner takes a test that says nothing for one that is refused.
  const accepted = result === RESULT.ACCEPT || result === RESULT.VERBOSE_ACCEPT
  const messages = result === RESULT.ACCEPT ? [] : messagesOf(row, privilege)
  const processed = privilege === 'full' ? row.number('insn_processed') : 0
  const wanted = insnGroups(tableInsns(row, 'expected_insns'))
  const unwanted = insnGroups(tableInsns(row, 'unexpected_insns'))
  return {
    load_ok: accepted,
    ...(messages.length === 0 ? {} : { log: messages }),
    ...(processed === 0 ? {} : { insn_processed: processed }),
    ...(wanted.length === 0 ? {} : { xlated_insns: wanted }),
    ...(unwanted.length === 0 ? {} : { xlated_lacks_insns: unwanted }),
    ...(accepted && runs.length > 0 ? { retval: retvals(runs, privilege) } : {}),
  }
}

function retvals(runs: readonly TableRun[], privilege: Privilege): EachRun<number> {
  return runs.map(({ retval, retvalUnprivileged }) => {
    const wanted = privilege === 'unprivileged' && retvalUnprivileged !== 0 ? retvalUnprivileged : retval
    return wanted === ANY_RESULT ? null : wanted >>> 0
  })
}
