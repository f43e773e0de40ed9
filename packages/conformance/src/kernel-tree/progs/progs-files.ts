import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import { ConformanceError } from '../../conformance-error.ts'
import type { KernelTree } from '../kernel-tree.ts'
import type { SuiteFile, SuiteReading } from '../suite-case.ts'
import type { SuiteOptions } from '../suites.ts'
import { isAnnotated } from './annotation-table.ts'
import { ObjectMaker } from './object-maker.ts'
import { fileCases } from './progs-cases.ts'

const PROGS_FOLDER = 'tools/testing/selftests/bpf/progs'

/** Annotated or not, these hold tests. */
const VERIFIER_TESTS = /\/verifier_\w+\.c$/

/**
 * The files of annotated programs of a kernel tree: progs/verifier_*.c, and every other that uses an annotation.
 *
 * @throws ConformanceError CONFORMANCE_NO_SUCH_FILE for a vmlinux.h that is not there
 * @see tools/testing/selftests/bpf/progs/bpf_misc.h
 */
export function progsFiles(tree: KernelTree, options: SuiteOptions = {}): SuiteFile[] {
  const maker = new ObjectMaker(tree, options)
  return tree
    .list(PROGS_FOLDER, '.c')
    .filter((file) => VERIFIER_TESTS.test(file) || isAnnotated(tree.read(file) ?? ''))
    .map((file) => ({ suite: 'progs', file, read: () => readFile(maker, file) }))
}

function readFile(maker: ObjectMaker, file: string): SuiteReading {
  const problems: Diagnostic[] = []
  try {
    const source = maker.open(file)
    problems.push(...source.problems)
    return { cases: fileCases(source, problems), problems }
  } catch (error) {
    problems.push(isDiagnostic(error) ? error : unread(file, error))
    return { cases: [], problems }
  }
}

function unread(file: string, cause: unknown): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_SOURCE',
    message: `the file can't be read: ${(cause as Error).message}`,
    where: { source: { file, line: 1 } },
    cause,
  })
}
