import { readSource, type TranslationUnit } from '@bpfoundry/c-source'
import { errorAt } from '../../../conformance-error.ts'
import type { KernelTree } from '../../kernel-tree.ts'
import { helperDefinitions } from './helper-definitions.ts'
import { SUBSTITUTE_HEADERS } from './substitute-headers.ts'

/** What is asked of a kernel tree: the texts of its files. */
export type SourceTree = Pick<KernelTree, 'read'>

/** How the test programs are read. */
export interface SourceOptions {
  /** The text of vmlinux.h: `bpftool btf dump file /sys/kernel/btf/vmlinux format c`. Without: what uapi headers have. */
  readonly vmlinux?: string
}

/** A file that was read. */
export interface ProgramSource {
  readonly unit: TranslationUnit
  /** A line as it is written, from 1; empty where there is none. */
  lineText(file: string, line: number): string
}

/** A folder of no tree: for headers that are made here. */
const GENERATED = '<generated>'
const SUBSTITUTES = '<substitutes>'

/** As the tests' Makefile has it; what no tree has comes last. */
const INCLUDE_PATHS = [
  GENERATED,
  'tools/testing/selftests/bpf',
  'tools/include/uapi',
  'tools/lib',
  'tools/lib/bpf',
  SUBSTITUTES,
] as const

/** As the tests' Makefile has them, and what clang defines for `-mcpu=v3`. */
const DEFINES: Readonly<Record<string, string>> = {
  __TARGET_ARCH_x86: '1',
  ENABLE_ATOMICS_TESTS: '1',
  BPF_NO_KFUNC_PROTOTYPES: '1',
  __BPF_CPU_VERSION__: '3',
  __BPF_FEATURE_JMP_EXT: '1',
  __BPF_FEATURE_JMP32: '1',
  __BPF_FEATURE_ALU32: '1',
}

/** Reads a file of test programs with all it includes. @throws {ConformanceError} CONFORMANCE_SOURCE for no such file */
export function readProgramSource(tree: SourceTree, file: string, options: SourceOptions): ProgramSource {
  if (tree.read(file) === undefined) {
    throw errorAt({ file, line: 1 }, { code: 'CONFORMANCE_SOURCE', message: 'no such file in the kernel tree' })
  }
  const headers = generatedHeaders(tree, options)
  const read = (path: string): string | undefined =>
    headers.get(path) ?? (path.startsWith('<') ? undefined : tree.read(path))
  const unit = readSource(file, { read, includePaths: INCLUDE_PATHS, defines: DEFINES })
  return { unit, lineText: (path, line) => read(path)?.split('\n')[line - 1] ?? '' }
}

function generatedHeaders(tree: SourceTree, { vmlinux }: SourceOptions): Map<string, string> {
  const headers = new Map([[`${GENERATED}/bpf_helper_defs.h`, helperDefinitions(tree)]])
  for (const [name, text] of SUBSTITUTE_HEADERS) headers.set(`${SUBSTITUTES}/${name}`, text)
  if (vmlinux !== undefined) headers.set(`${GENERATED}/vmlinux.h`, vmlinux)
  return headers
}
