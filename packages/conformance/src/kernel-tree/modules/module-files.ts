import type { KernelTree } from '../kernel-tree.ts'

/** Where the modules are whose functions the tests use; they moved in 6.14. */
const MODULE_FOLDERS = ['tools/testing/selftests/bpf/bpf_testmod', 'tools/testing/selftests/bpf/test_kmods'] as const

/** Older kernels have some of those functions themselves. */
const KERNEL_FILE = 'net/bpf/test_run.c'

/** `__bpf_kfunc struct x *name(`, also over two lines. */
const DEFINITION = /\b__bpf_kfunc\b[\w\s*]{0,200}?\b(\w+)\s*\(/g

/** Before 6.3 nothing marks them but the list that they are in: `BTF_ID_FLAGS(func, name, flags)`. */
const LISTED = /\bBTF_ID_FLAGS\(func, (\w+)/g

/** `TRACE_EVENT(name,`, `DECLARE_TRACE(name,`, and what modules call the latter. */
const TRACEPOINT = /^\w*(?:TRACE|TRACE_EVENT)\((\w+),/gm

/** `noinline int name(`, also over two lines: what a module has to be traced. */
const TRACED = /^noinline\b[\w\s*]{0,200}?\b(bpf_testmod_\w+)\s*\(/gm

const CACHE = new WeakMap<KernelTree, ReadonlyMap<string, string>>()

/** The source file that has each function, or tracepoint, which a kernel has only while a test module is loaded. */
export function moduleFiles(tree: KernelTree): ReadonlyMap<string, string> {
  const known = CACHE.get(tree)
  if (known !== undefined) return known
  const files = new Map<string, string>()
  for (const file of [...MODULE_FOLDERS.flatMap((folder) => tree.list(folder, '.c')), KERNEL_FILE]) {
    const text = [file, ...headersOf(tree, file)].map((path) => tree.read(path) ?? '').join('\n')
    for (const pattern of [DEFINITION, LISTED, TRACEPOINT, TRACED]) {
      for (const [, name = ''] of text.matchAll(pattern)) if (!files.has(name)) files.set(name, file)
    }
  }
  CACHE.set(tree, files)
  return files
}

/** `#include "name"` */
const INCLUDE = /^#include "([^"]+)"/gm

/** Headers of its own that a module includes. */
export function headersOf(tree: KernelTree, file: string): readonly string[] {
  const folder = file.slice(0, file.lastIndexOf('/'))
  const names = [...(tree.read(file) ?? '').matchAll(INCLUDE)].map(([, name = '']) => `${folder}/${name}`)
  return names.filter((path) => tree.exists(path))
}
