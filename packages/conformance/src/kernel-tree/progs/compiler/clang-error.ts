import { ConformanceError } from '../../../conformance-error.ts'

/** `path:line:column: error: text`, and `fatal error`. */
const ERROR = /^(.+?):(\d+):(\d+): (?:fatal )?error: (.*)$/m

/** What came of a run of clang that failed. */
export interface FailedRun {
  readonly treeFolder: string
  /** Relative to it. */
  readonly file: string
  /** What clang wrote, or why it was not started. */
  readonly output: string
  /** The kernel's types were not at hand. */
  readonly isReduced: boolean
}

/** clang's first error, located in the tree. Without the kernel's types, the hint is to give them. */
export function clangError({ treeFolder, file, output, isReduced }: FailedRun): ConformanceError {
  const [, path = file, line = '1', column = '1', text] = ERROR.exec(output) ?? []
  return new ConformanceError({
    code: 'CONFORMANCE_SOURCE',
    message: `clang does not compile it: ${text ?? (output.trim().split('\n')[0] || 'no word of why')}`,
    where: { source: { file: path.replace(`${treeFolder}/`, ''), line: Number(line), column: Number(column) } },
    ...(isReduced
      ? {
          hint: "give the kernel's types: a vmlinux.h, as `bpftool btf dump file /sys/kernel/btf/vmlinux format c` writes",
        }
      : {}),
  })
}
