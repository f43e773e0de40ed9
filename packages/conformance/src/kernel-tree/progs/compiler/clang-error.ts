import { ConformanceError } from '../../../conformance-error.ts'

/** `path:line:column: error: text`, and `fatal error`. */
const ERROR = /^(.+?):(\d+):(\d+): (?:fatal )?error: (.*)$/m

/** clang's first error, located in the tree. */
export function clangError(treeFolder: string, file: string, output: string): ConformanceError {
  const [, path = file, line = '1', column = '1', text] = ERROR.exec(output) ?? []
  return new ConformanceError({
    code: 'CONFORMANCE_SOURCE',
    message: `clang does not compile it: ${text ?? (output.trim().split('\n')[0] || 'no word of why')}`,
    where: { source: { file: path.replace(`${treeFolder}/`, ''), line: Number(line), column: Number(column) } },
    ...(/vmlinux\.h|incomplete type|unknown type/.test(output)
      ? {
          hint: "give the kernel's types: a vmlinux.h, as `bpftool btf dump file /sys/kernel/btf/vmlinux format c` writes",
        }
      : {}),
  })
}
