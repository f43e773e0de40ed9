import { readSource, type TranslationUnit } from '@bpfoundry/c-source'
import { KERNEL_FUNCTION_TRAITS } from '@bpfoundry/kernel-abi'
import type { KernelTree } from '../kernel-tree.ts'

/** A file of no tree, which has the module's file behind what its macros need. */
const MAIN = '<module>'

const ROW = 'bpfoundry_function_row'

const HEAD = `struct ${ROW} { const char *name; unsigned int flags; };\n`

/** Lists of functions become tables: a name and its flags in a row. */
const LISTS: Readonly<Record<string, string>> = {
  'BTF_KFUNCS_START(list)': `static const struct ${ROW} list[] = {`,
  'BTF_KFUNCS_END(list)': '};',
  'BTF_SET8_START(list)': `static const struct ${ROW} list[] = {`,
  'BTF_SET8_END(list)': '};',
  'BTF_ID_FLAGS(kind, id, ...)': '{ #id, 0 __VA_OPT__(|) __VA_ARGS__ },',
  'BTF_ID_LIST(list)': '',
  'BTF_ID_LIST_SINGLE(...)': '',
  'BTF_ID(...)': '',
}

/** A tracepoint is the typedef and the function that a kernel's types tell it by. */
const TRACEPOINTS: Readonly<Record<string, string>> = {
  'DECLARE_TRACE(call, proto, args)':
    'typedef void (*btf_trace_##call)(void *__data, proto); void __bpf_trace_##call(void *__data, proto);',
  'TRACE_EVENT(call, proto, ...)':
    'typedef void (*btf_trace_##call)(void *__data, proto); void __bpf_trace_##call(void *__data, proto);',
  'TP_PROTO(...)': '__VA_ARGS__',
  'TP_ARGS(...)': '__VA_ARGS__',
  'PARAMS(...)': '__VA_ARGS__',
}

/** Words of the kernel before declarations that are data to nobody. */
const SILENT = [
  '__bpf_kfunc',
  '__ksym',
  '__weak',
  '__used',
  '__init',
  '__exit',
  'noinline',
  '__percpu',
  '__user',
] as const

/** `KF_ACQUIRE` and the like, each a bit by its place. */
export const traitBit = (index: number): number => 1 << index

/** What makes calls mean what is not followed: functions with it are as good as not there. */
export const UNFOLLOWED_BIT: number = 1 << 30

const FLAGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    KERNEL_FUNCTION_TRAITS.map((trait, index) => [`KF_${trait.toUpperCase()}`, `${traitBit(index)}`]),
  ),
  // Says how the call is compiled, and nothing of what it means.
  KF_FASTCALL: '0',
  ...Object.fromEntries(
    ['KF_KPTR_GET', 'KF_ARENA_RET', 'KF_ARENA_ARG1', 'KF_ARENA_ARG2'].map((flag) => [flag, `${UNFOLLOWED_BIT}`]),
  ),
}

const DEFINES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(SILENT.map((word) => [word, ''])),
  ...LISTS,
  ...TRACEPOINTS,
  ...FLAGS,
  THIS_MODULE: '0',
}

/**
 * The C file of a module as far as it is data: types, prototypes of what it defines, lists of functions. Most of what it
 * includes are headers of the kernel, which no tree needs to have: `kernelTypes`, a vmlinux.h, stands for them. What only
 * they could explain is among the unit's problems.
 *
 * @throws CSourceError C_INCLUDE where the tree has no such file
 */
export function readModuleSource(tree: KernelTree, file: string, kernelTypes: TranslationUnit): TranslationUnit {
  const folder = file.slice(0, file.lastIndexOf('/'))
  const main = `${HEAD}#include "${file}"\n`
  const read = (path: string): string | undefined => {
    if (path === MAIN) return main
    return path.startsWith(`${folder}/`) ? tree.read(path) : undefined
  }
  const defines = { ...DEFINES }
  return readSource(MAIN, {
    read,
    prelude: kernelTypes,
    includePaths: ['', folder],
    defines,
    missingIncludes: 'ignore',
  })
}
