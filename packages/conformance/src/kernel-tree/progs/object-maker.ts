import { existsSync } from 'node:fs'
import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import type { CollectionSpec, ProgramSpec } from '@bpfoundry/loader'
import { ConformanceError } from '../../conformance-error.ts'
import type { KernelTree } from '../kernel-tree.ts'
import { type TestModules, testModules } from '../modules/test-modules.ts'
import type { NotRunnable } from '../suite-case.ts'
import type { SuiteOptions } from '../suites.ts'
import type { AnnotatedFunction, AnnotatedObject } from './annotated-object.ts'
import { ARCHITECTURES, type Architecture, DEFAULT_ARCHITECTURE } from './architecture.ts'
import { assembledObject } from './asm/assembled-object.ts'
import { compiledObject } from './compiler/compiled-object.ts'
import { Compiler } from './compiler/compiler.ts'

/** A program of a file, and the object that it is in. */
export interface MadeProgram {
  readonly spec: CollectionSpec
  readonly program: ProgramSpec
}

/** A source file whose functions are known, and made when they are asked for. */
export interface ProgsSource {
  readonly modules: TestModules
  readonly architecture: Architecture
  readonly file: string
  readonly functions: readonly AnnotatedFunction[]
  readonly problems: readonly Diagnostic[]
  make(wanted: AnnotatedFunction): MadeProgram | NotRunnable
}

/**
 * Makes programs of source files: by our own assembler where it can, else by clang where there is one. With
 * `compiler: 'always'` by clang alone, with `'never'` without it.
 */
export class ObjectMaker {
  readonly #tree: KernelTree
  readonly #options: SuiteOptions
  #compiler: Compiler | { readonly missing: string } | undefined

  /** @throws ConformanceError CONFORMANCE_NO_SUCH_FILE for a vmlinux.h that is not there */
  constructor(tree: KernelTree, options: SuiteOptions) {
    const { vmlinuxHeader } = options
    if (vmlinuxHeader !== undefined && !existsSync(vmlinuxHeader)) throw noHeader(vmlinuxHeader)
    this.#tree = tree
    this.#options = options
  }

  /** @throws whatever the only way there is complains of: Diagnostics for bad input */
  open(file: string): ProgsSource {
    const compiled = once(() => compiledObject(this.#tree, file, this.#findCompiler()))
    const { compiler, vmlinuxHeader, architecture = DEFAULT_ARCHITECTURE } = this.#options
    const modules = testModules(this.#tree, vmlinuxHeader)
    const base = { modules, architecture, file, make: makeBy({ compiled }), problems: [] }
    // The assembler's way reads sources as for the default.
    if (compiler === 'always' || architecture !== DEFAULT_ARCHITECTURE)
      return { ...base, functions: compiled().functions }
    try {
      const assembled = assembledObject(this.#tree, file)
      return { ...base, functions: assembled.functions, make: makeBy({ assembled, compiled }) }
    } catch (error) {
      if (!isDiagnostic(error) || 'missing' in this.#compilerOrWhy()) throw error
      return { ...base, functions: compiled().functions, problems: [error] }
    }
  }

  #findCompiler(): Compiler {
    const found = this.#compilerOrWhy()
    if ('missing' in found) throw new CompilerMissing(found.missing)
    return found
  }

  #compilerOrWhy(): Compiler | { readonly missing: string } {
    this.#compiler ??= this.#searchCompiler()
    return this.#compiler
  }

  #searchCompiler(): Compiler | { readonly missing: string } {
    const { compiler, vmlinuxHeader, architecture = DEFAULT_ARCHITECTURE } = this.#options
    if (compiler === 'never') return { missing: 'clang is not to be used' }
    return Compiler.find(this.#tree, {
      architecture: ARCHITECTURES[architecture].macro,
      ...(compiler === undefined || compiler === 'always' ? {} : { clang: compiler }),
      ...(vmlinuxHeader === undefined ? {} : { vmlinuxHeader }),
    })
  }
}

function noHeader(path: string): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_NO_SUCH_FILE',
    message: `no such file: ${path}`,
    where: { input: path },
    hint: 'a vmlinux.h is what `bpftool btf dump file /sys/kernel/btf/vmlinux format c` writes',
  })
}

/** There is no clang, or none that will do. */
class CompilerMissing extends Error {}

interface Ways {
  readonly assembled?: AnnotatedObject
  readonly compiled: () => AnnotatedObject
}

function makeBy({ assembled, compiled }: Ways): ProgsSource['make'] {
  return ({ name, how }) => {
    if (how === 'assembled' && assembled !== undefined) return pick(assembled, name)
    const why = typeof how === 'string' ? '' : ` (${how.detail})`
    try {
      return pick(compiled(), name)
    } catch (error) {
      if (error instanceof CompilerMissing) return notRunnable('needs-clang', `${error.message}${why}`)
      if (!isDiagnostic(error)) throw error
      const needsTypes = error.hint?.includes('vmlinux.h') === true
      return notRunnable(needsTypes ? 'needs-kernel-btf' : 'unread', `${String(error)}${why}`)
    }
  }
}

function pick({ spec, file }: AnnotatedObject, name: string): MadeProgram | NotRunnable {
  const program = spec.programs.get(name)
  return program === undefined ? notRunnable('unread', `${file} has no program '${name}'`) : { spec, program }
}

export function notRunnable(reason: NotRunnable['reason'], detail: string): NotRunnable {
  return { kind: 'not-runnable', reason, detail }
}

/** What `make` gives, or throws, made at most once. */
function once<Made>(make: () => Made): () => Made {
  let outcome: { readonly made: Made } | { readonly error: unknown } | undefined
  return () => {
    outcome ??= attempt(make)
    if ('error' in outcome) throw outcome.error
    return outcome.made
  }
}

function attempt<Made>(make: () => Made): { readonly made: Made } | { readonly error: unknown } {
  try {
    return { made: make() }
  } catch (error) {
    return { error }
  }
}
