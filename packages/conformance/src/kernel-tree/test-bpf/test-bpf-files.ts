import type { TranslationUnit } from '@bpfoundry/c-source'
import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import type { TailCallCase } from '../../unverified/tail-call-case.ts'
import type { KernelTree } from '../kernel-tree.ts'
import type { NotRunnable, SuiteCase, SuiteFile, SuiteReading } from '../suite-case.ts'
import { insnsOf } from './table-insns.ts'
import { type TableRow, tableRows } from './table-row.ts'
import { readTestBpfSource, TEST_BPF_FILE } from './test-bpf-source.ts'
import { classicQuestion, internalQuestion } from './test-cases.ts'
import { constantOf, flagsOf, type HasFlag } from './test-flags.ts'

/**
 * lib/test_bpf.c: one file. Its cases are `test_bpf/classic#N`, `test_bpf/internal#N` (N: the index in the table `tests`,
 * which both share, as the kernel prints it), `test_bpf/tail-call#N` and `test_bpf/skb-segment#N`.
 */
export function testBpfFiles(tree: KernelTree): SuiteFile[] {
  if (!tree.exists(TEST_BPF_FILE)) return []
  return [{ suite: 'test_bpf', file: TEST_BPF_FILE, read: () => readTestBpf(tree) }]
}

function readTestBpf(tree: KernelTree): SuiteReading {
  const problems: Diagnostic[] = []
  const cases = attempt(problems, () => {
    const unit = readTestBpfSource(tree)
    return [
      ...attempt(problems, () => mainTable(unit)),
      ...attempt(problems, () => tailCallTable(unit)),
      ...attempt(problems, () => segmentTable(unit)),
    ]
  })
  return { cases, problems }
}

/** What is wrong with one table leaves the others. */
function attempt(problems: Diagnostic[], read: () => readonly SuiteCase[]): readonly SuiteCase[] {
  try {
    return read()
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    problems.push(error)
    return []
  }
}

const rowsOf = (unit: TranslationUnit, table: string): readonly TableRow[] =>
  tableRows(unit.valueOf(table), unit.variables.get(table)?.span ?? { file: TEST_BPF_FILE, line: 1 })

type Kind = 'classic' | 'internal' | 'tail-call' | 'skb-segment'

function suiteCase(kind: Kind, index: number, row: TableRow, question: SuiteCase['question']): SuiteCase {
  return {
    id: caseId(kind, index),
    suite: 'test_bpf',
    file: TEST_BPF_FILE,
    line: row.span.line,
    name: row.text('descr'),
    privilege: 'full',
    question: () => asked(row, question),
  }
}

/** A row that holds something else than expected is told of where it is asked for. */
function asked({ span }: TableRow, question: SuiteCase['question']): ReturnType<SuiteCase['question']> {
  try {
    return question()
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    return { kind: 'not-runnable', reason: 'unread', detail: `${span.file}:${span.line}: ${error.message}` }
  }
}

const caseId = (kind: Kind, index: number): string => `test_bpf/${kind}#${index}`

function mainTable(unit: TranslationUnit): readonly SuiteCase[] {
  const hasFlag = flagsOf(unit)
  const fragmentBytes = constantOf(unit, 'MAX_DATA')
  return rowsOf(unit, 'tests').map((row, index) => {
    const kind = hasFlag(row.number('aux'), 'CLASSIC') ? 'classic' : 'internal'
    const ask = kind === 'classic' ? classicQuestion : internalQuestion
    return suiteCase(kind, index, row, () => ask({ id: caseId(kind, index), row, hasFlag, fragmentBytes }))
  })
}

function tailCallTable(unit: TranslationUnit): readonly SuiteCase[] {
  const hasFlag = flagsOf(unit)
  const times = constantOf(unit, 'MAX_TESTRUNS')
  const rows = rowsOf(unit, 'tail_call_tests')
  const programs = rows.map((row) => insnsOf(row.rows('insns')))
  return rows.map((row, index) =>
    suiteCase('tail-call', index, row, () => ({
      kind: 'tail-call',
      tailCall: tailCallCase(row, index, programs, times, hasFlag),
    })),
  )
}

function tailCallCase(
  row: TableRow,
  index: number,
  programs: TailCallCase['programs'],
  times: number,
  hasFlag: HasFlag,
): TailCallCase {
  const flags = row.number('flags')
  return {
    id: caseId('tail-call', index),
    name: row.text('descr'),
    programs,
    index,
    needsState: hasFlag(flags, 'FLAG_NEED_STATE'),
    resultInState: hasFlag(flags, 'FLAG_RESULT_IN_STATE'),
    times,
    result: row.number('result') >>> 0,
  }
}

const NOT_DATA: NotRunnable = {
  kind: 'not-runnable',
  reason: 'not-data',
  detail: 'segmentation of a socket buffer that a function of the kernel builds; no program',
}

function segmentTable(unit: TranslationUnit): readonly SuiteCase[] {
  return rowsOf(unit, 'skb_segment_tests').map((row, index) => suiteCase('skb-segment', index, row, () => NOT_DATA))
}
