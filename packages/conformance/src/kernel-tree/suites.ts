import type { KernelTree } from './kernel-tree.ts'
import { SUITES, type Suite, type SuiteFile } from './suite-case.ts'
import { testBpfFiles } from './test-bpf/test-bpf-files.ts'

/** What reading the suites may use besides the tree; plain JSON. */
export interface SuiteOptions {
  /** A clang that makes what is written in C; `never`: none, also where there is one. The one of this host by default. */
  readonly compiler?: string
  /** A vmlinux.h for it; made of the running kernel's BTF by default. */
  readonly vmlinuxHeader?: string
}

type SuiteReader = (tree: KernelTree, options: SuiteOptions) => readonly SuiteFile[]

/** What reads each suite. */
const READERS: Readonly<Partial<Record<Suite, SuiteReader>>> = {
  test_bpf: testBpfFiles,
}

/** The files of suites of a kernel tree, in the suites' order; none of them is read yet. */
export function suiteFiles(tree: KernelTree, suites: readonly Suite[], options: SuiteOptions): SuiteFile[] {
  return SUITES.filter((suite) => suites.includes(suite)).flatMap((suite) => READERS[suite]?.(tree, options) ?? [])
}
