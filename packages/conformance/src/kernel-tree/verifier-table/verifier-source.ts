import { type ReadOptions, readSource, type TranslationUnit } from '@bpfoundry/c-source'
import type { KernelTree } from '../kernel-tree.ts'

const FOLDER = 'tools/testing/selftests/bpf'
/** The folder of this suite's files. */
export const VERIFIER_FOLDER: string = `${FOLDER}/verifier`
/** The program that the files are included in: it has the tests' structure, the macros, the types of maps. */
const RUNNER = `${FOLDER}/test_verifier.c`
/** What it includes within the table: the list of files, which the kernel's build makes. */
const FILE_LIST = `${FOLDER}/verifier/tests.h`

/** Of a little-endian 64-bit machine; the C library and the kernel's build have them, a kernel tree has not. */
const ASM_TYPES = `
typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef unsigned short __kernel_sa_family_t;
`
const BYTE_ORDER = '#define __LITTLE_ENDIAN 1234\n#define __BIG_ENDIAN 4321\n#define __BYTE_ORDER __LITTLE_ENDIAN\n'
const SYS_TYPES = 'typedef long ssize_t;\ntypedef long time_t;\ntypedef int pid_t;\n#include <stddef.h>\n'
const REGISTERS = 'struct pt_regs { unsigned long registers[21]; };\n'

const SUBSTITUTES: ReadonlyMap<string, string> = new Map([
  ['own/asm/types.h', ASM_TYPES],
  ['own/linux/ptrace.h', REGISTERS],
  ['own/asm/posix_types.h', 'typedef long __kernel_long_t;\ntypedef unsigned long __kernel_ulong_t;\n'],
  ['own/endian.h', BYTE_ORDER],
  ['own/errno.h', '#include <asm-generic/errno.h>\n'],
  ['own/sys/types.h', SYS_TYPES],
  [FILE_LIST, ''],
])

/** A file that holds nothing but the table's rows of one file. */
const TABLE = 'verifier-table.c'

function optionsOf(tree: KernelTree, table: string): ReadOptions {
  return {
    read: (path) =>
      SUBSTITUTES.get(path) ?? (path === TABLE ? table : path.startsWith('own/') ? undefined : tree.read(path)),
    includePaths: ['own', FOLDER, 'tools/include/uapi', 'tools/include', 'tools/lib', 'include/uapi'],
    defines: { __x86_64__: '1', __user: '' },
    missingIncludes: 'ignore',
  }
}

const RUNNERS = new WeakMap<KernelTree, TranslationUnit>()

/** test_verifier.c without the tests: read once. @throws CSourceError where the tree lacks it */
export function runnerUnit(tree: KernelTree): TranslationUnit {
  let unit = RUNNERS.get(tree)
  if (unit === undefined) {
    unit = readSource(RUNNER, optionsOf(tree, ''))
    RUNNERS.set(tree, unit)
  }
  return unit
}

/** The table's rows of one file, as the variable `tests`. @throws CSourceError */
export function tableUnit(tree: KernelTree, file: string): TranslationUnit {
  const table = `static struct bpf_test tests[] = {\n#include "${file}"\n};\n`
  return readSource(TABLE, { ...optionsOf(tree, table), prelude: runnerUnit(tree), includePaths: ['', FOLDER] })
}
