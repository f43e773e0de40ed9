import type { KernelTree } from '../../kernel-tree.ts'

const INCLUDE = /^\s*#\s*include\s*["<]([^">]+)[">]/gm

/** Where the headers are that test programs include, and that include others. */
const FOLDERS = ['tools/testing/selftests/bpf/progs', 'tools/testing/selftests/bpf'] as const

/** Types to relocate against: those of a file, which are what the program was compiled with. */
const BTF_PATH = /\b__btf_path\(/

/**
 * Whether a program knows the kernel's types in full: it includes vmlinux.h, directly or not, or is relocated against types
 * of its own. Otherwise it declares as much of a type as it needs, and only CO-RE knows where the members are.
 */
export function hasKernelTypes(tree: KernelTree, file: string): boolean {
  return BTF_PATH.test(tree.read(file) ?? '') || includes(tree, file, 'vmlinux.h', new Set())
}

function includes(tree: KernelTree, path: string, wanted: string, seen: Set<string>): boolean {
  if (seen.has(path)) return false
  seen.add(path)
  const names = [...(tree.read(path) ?? '').matchAll(INCLUDE)].map(([, name]) => name as string)
  return names.some(
    (name) => name === wanted || FOLDERS.some((folder) => includes(tree, `${folder}/${name}`, wanted, seen)),
  )
}
