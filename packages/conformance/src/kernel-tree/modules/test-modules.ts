import { readSource, type TranslationUnit } from '@bpfoundry/c-source'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { VectorModule } from '../../vector/vector.ts'
import type { KernelTree } from '../kernel-tree.ts'
import { vmlinuxHeader } from '../progs/compiler/generated-headers.ts'
import { destructibleStructs, failingFunctions, moduleFunctions } from './function-sets.ts'
import { moduleBtf } from './module-btf.ts'
import { moduleFiles } from './module-files.ts'
import { readModuleSource } from './module-source.ts'

const HEADER = 'vmlinux.h'

/** Why a module can't be described, in a line. */
export interface ModuleMissing {
  readonly missing: string
}

/** The modules of a kernel tree that its tests need, described by their sources: nothing of them is built or run. */
export class TestModules {
  readonly #tree: KernelTree
  readonly #header: string | undefined
  readonly #modules = new Map<string, VectorModule | ModuleMissing>()
  #kernelTypes: TranslationUnit | 'absent' | undefined

  /** @param header a vmlinux.h; made of the running kernel's types by default */
  constructor(tree: KernelTree, header: string | undefined) {
    this.#tree = tree
    this.#header = header
  }

  /** The module that has a function, or a tracepoint; undefined where none has. */
  having(name: string): VectorModule | ModuleMissing | undefined {
    const file = moduleFiles(this.#tree).get(name)
    if (file === undefined) return undefined
    const known = this.#modules.get(file) ?? this.#describe(file)
    this.#modules.set(file, known)
    return known
  }

  /** The modules that have some of these, each once. What nobody has is passed over. */
  havingAny(names: readonly string[]): readonly VectorModule[] {
    const found = names.flatMap((name) => {
      const module = this.having(name)
      return module === undefined || 'missing' in module ? [] : [module]
    })
    return [...new Set(found)]
  }

  #describe(file: string): VectorModule | ModuleMissing {
    this.#kernelTypes ??= this.#readKernelTypes()
    if (this.#kernelTypes === 'absent') return { missing: "no kernel's types are at hand: give a vmlinux.h" }
    try {
      const unit = readModuleSource(this.#tree, file, this.#kernelTypes)
      const name = file.replace(/^.*\//, '').replace(/\.c$/, '')
      const text = this.#tree.read(file) ?? ''
      const { sets, unfollowed } = moduleFunctions(unit, text)
      const btf = moduleBtf(unit, this.#kernelTypes, unfollowed)
      const told = { mayFail: failingFunctions(text), destructible: destructibleStructs(text) }
      return { name, btf, functions: sets, ...told }
    } catch (error) {
      if (isDiagnostic(error)) return { missing: String(error) }
      throw error
    }
  }

  #readKernelTypes(): TranslationUnit | 'absent' {
    const text = vmlinuxHeader(this.#header)
    if (text === undefined) return 'absent'
    return readSource(HEADER, { read: (path) => (path === HEADER ? text : undefined), includePaths: [] })
  }
}

const KEPT = new WeakMap<KernelTree, Map<string, TestModules>>()

/** Those of a tree, read once: the kernel's types take a second. */
export function testModules(tree: KernelTree, header: string | undefined): TestModules {
  const ofTree = KEPT.get(tree) ?? new Map<string, TestModules>()
  const modules = ofTree.get(header ?? '') ?? new TestModules(tree, header)
  KEPT.set(tree, ofTree.set(header ?? '', modules))
  return modules
}
