import { isDiagnostic } from '@bpfoundry/diagnostics'
import { type CollectionSpec, type KernelTypes, loadCollectionSpec } from '@bpfoundry/loader'
import type { KernelTree } from '../kernel-tree.ts'
import type { Compiler } from '../progs/compiler/compiler.ts'

const PROGS_FOLDER = 'tools/testing/selftests/bpf/progs'

/** A source file of the tree's test programs, and what became of it. */
export interface TreeObject {
  /** Relative to the tree. */
  readonly file: string
  /** Absent where it does not compile, or the object can't be read. */
  readonly spec?: CollectionSpec
  readonly problem?: { readonly step: 'compile' | 'read'; readonly message: string }
}

/** Files of the tree's test programs whose paths contain `filter`. */
export function treeObjectFiles(tree: KernelTree, filter: string = ''): string[] {
  return tree.list(PROGS_FOLDER, '.c').filter((file) => file.includes(filter))
}

/** Compiles a file and reads the object, for the kernel that has these types. */
export function treeObject(compiler: Compiler, file: string, kernelTypes: KernelTypes | undefined): TreeObject {
  const bytes = attempt(() => compiler.compile(file))
  if ('message' in bytes) return { file, problem: { step: 'compile', message: bytes.message } }
  const name = `${file.replace(/^.*\//, '').replace(/\.c$/, '')}.o`
  const types = kernelTypes === undefined ? {} : { kernelTypes }
  const spec = attempt(() => loadCollectionSpec(bytes.made, { name, ...types }))
  if ('message' in spec) return { file, problem: { step: 'read', message: spec.message } }
  return { file, spec: spec.made }
}

function attempt<Made>(make: () => Made): { readonly made: Made } | { readonly message: string } {
  try {
    return { made: make() }
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    return { message: error.message }
  }
}
