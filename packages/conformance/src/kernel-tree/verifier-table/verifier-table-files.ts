import type { TranslationUnit } from '@bpfoundry/c-source'
import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import type { KernelTree } from '../kernel-tree.ts'
import { type TestModules, testModules } from '../modules/test-modules.ts'
import type { NotRunnable, SuiteCase, SuiteFile, SuiteReading } from '../suite-case.ts'
import type { SuiteOptions } from '../suites.ts'
import { type TableRow, tableRows } from '../test-bpf/table-row.ts'
import { runsUnprivileged } from './table-test.ts'
import { type TableTest, testQuestion } from './test-question.ts'
import { runnerUnit, tableUnit, VERIFIER_FOLDER } from './verifier-source.ts'

/**
 * tools/testing/selftests/bpf/verifier/*.c: pieces of one table, which test_verifier.c includes. Cases are
 * `verifier/and.c#N`, N counting from 0 within the file, and `verifier/and.c#N@unpriv` where the runner loads the test
 * without capabilities, too.
 */
export function verifierTableFiles(tree: KernelTree, { vmlinuxHeader }: SuiteOptions = {}): SuiteFile[] {
  const modules = testModules(tree, vmlinuxHeader)
  return tree
    .list(VERIFIER_FOLDER, '.c')
    .map((file) => ({ suite: 'verifier', file, read: () => readVerifierTable(tree, file, modules) }))
}

function readVerifierTable(tree: KernelTree, file: string, modules: TestModules): SuiteReading {
  try {
    const runner = runnerUnit(tree)
    const unit = tableUnit(tree, file)
    const unread = new Map<number, Diagnostic>()
    const table = unit.valueOf('tests', (error, index) => isDiagnostic(error) && unread.set(index, error))
    const cases = tableRows(table, { file, line: 1 }).flatMap((row, index) => {
      const error = unread.get(index)
      return error === undefined ? casesOf(file, row, index, { runner, modules }) : [unreadCase(file, index, error)]
    })
    return { cases, problems: [...problemsOf(unit), ...unread.values()] }
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    return { cases: [], problems: [error] }
  }
}

const problemsOf = ({ problems }: TranslationUnit): readonly Diagnostic[] => problems.filter(isDiagnostic)

const caseId = (file: string, index: number): string => `verifier/${file.slice(file.lastIndexOf('/') + 1)}#${index}`

/** A row that can't be read still is a case: of no name, where its error is. */
function unreadCase(file: string, index: number, error: Diagnostic): SuiteCase {
  const id = caseId(file, index)
  const line = error.where?.source?.line ?? 1
  const detail = String(error)
  const question = (): NotRunnable => ({ kind: 'not-runnable', reason: 'unread', detail })
  return { id, suite: 'verifier', file, line, name: id, privilege: 'full', question }
}

function casesOf(
  file: string,
  row: TableRow,
  index: number,
  surroundings: Pick<TableTest, 'runner' | 'modules'>,
): readonly SuiteCase[] {
  const id = caseId(file, index)
  const common = { suite: 'verifier', file, line: row.span.line, name: row.text('descr') } as const
  const make = (id: string, privilege: SuiteCase['privilege']): SuiteCase => ({
    ...common,
    id,
    privilege,
    question: () => testQuestion({ id, row, privilege, ...surroundings }),
  })
  const full = make(id, 'full')
  return runsUnprivileged(row) ? [full, make(`${id}@unpriv`, 'unprivileged')] : [full]
}
