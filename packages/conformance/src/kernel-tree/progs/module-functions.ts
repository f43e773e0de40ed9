import type { KernelTree } from '../kernel-tree.ts'

/** Where the modules are whose functions the tests use; they moved in 6.14. */
const MODULE_FOLDERS = ['tools/testing/selftests/bpf/bpf_testmod', 'tools/testing/selftests/bpf/test_kmods'] as const

/** `__bpf_kfunc struct x *name(`, also over two lines. */
const DEFINITION = /\b__bpf_kfunc\b[\w\s*]{0,200}?\b(\w+)\s*\(/g

/** Declarations that programs use for those of a module. */
const DECLARATION = /\b(\w+)\s*\([^()]*\)\s*__ksym\b/g

const CACHE = new WeakMap<KernelTree, ReadonlySet<string>>()

/** Kernel functions that a kernel has only while a test module is loaded. */
export function moduleFunctions(tree: KernelTree): ReadonlySet<string> {
  const known = CACHE.get(tree)
  if (known !== undefined) return known
  const names = new Set<string>()
  for (const folder of MODULE_FOLDERS) {
    for (const ending of ['.c', '.h']) {
      for (const path of tree.list(folder, ending)) {
        const text = tree.read(path) ?? ''
        for (const pattern of [DEFINITION, DECLARATION]) {
          for (const [, name] of text.matchAll(pattern)) names.add(name as string)
        }
      }
    }
  }
  CACHE.set(tree, names)
  return names
}
