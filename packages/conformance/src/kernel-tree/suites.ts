import type { KernelTree } from './kernel-tree.ts'
import type { Architecture } from './progs/architecture.ts'
import { progsFiles } from './progs/progs-files.ts'
import { SUITES, type Suite, type SuiteFile } from './suite-case.ts'
import { testBpfFiles } from './test-bpf/test-bpf-files.ts'
import { verifierTableFiles } from './verifier-table/verifier-table-files.ts'

/** What reading the suites may use besides the tree; plain JSON. */
export interface SuiteOptions {
  /**
   * A clang that makes what is written in C, and what else our assembler can't; the newest of this host by default.
   * `never`: none, also where there is one. `always`: the newest, for everything.
   */
  readonly compiler?: string
  /** A vmlinux.h for it; made of the running kernel's BTF by default. */
  readonly vmlinuxHeader?: string
  /** Whose tests are run, of those that are for one; x86-64 by default. Another takes a compiler. */
  readonly architecture?: Architecture
}

type SuiteReader = (tree: KernelTree, options: SuiteOptions) => readonly SuiteFile[]

/** What reads each suite. */
const READERS: Readonly<Record<Suite, SuiteReader>> = {
  test_bpf: testBpfFiles,
  verifier: verifierTableFiles,
  progs: progsFiles,
}

/** The files of suites of a kernel tree, in the suites' order; none of them is read yet. */
export function suiteFiles(tree: KernelTree, suites: readonly Suite[], options: SuiteOptions): SuiteFile[] {
  return SUITES.filter((suite) => suites.includes(suite)).flatMap((suite) => READERS[suite](tree, options))
}
