import { BTF_KIND, type Btf } from '@bpfoundry/btf'
import { type CollectionSpec, loadCollectionSpec, type ProgramSpec } from '@bpfoundry/loader'
import type { KernelTree } from '../../kernel-tree.ts'
import type { AnnotatedFunction, AnnotatedObject } from '../annotated-object.ts'
import type { Compiler } from './compiler.ts'
import { hasKernelTypes } from './kernel-types.ts'

/** The whole declaration, not one of its parameters. */
const NO_COMPONENT = -1

/**
 * A file of annotated programs as clang makes it.
 *
 * Accesses that CO-RE would relocate stay as compiled where the program has its types of vmlinux.h, which is of the kernel
 * that it is for; a program that declares parts of types itself is `unsupported`.
 *
 * @throws ConformanceError what clang complains of; LoaderError, ElfError, BtfError for an object that is none
 */
export function compiledObject(tree: KernelTree, file: string, compiler: Compiler): AnnotatedObject {
  const bytes = compiler.compile(file)
  const coreRelocations = hasKernelTypes(tree, file) ? 'as-compiled' : 'refuse'
  const spec = loadCollectionSpec(bytes, { name: objectName(file), coreRelocations, externs: 'keep' })
  const text = tree.read(file) ?? ''
  const functions = [...spec.programs.values()].map((program) => describe(spec, program, text))
  return { file, spec, functions: functions.sort((a, b) => a.line - b.line) }
}

const objectName = (file: string): string => `${file.replace(/^.*\//, '').replace(/\.c$/, '')}.o`

function describe({ btf }: CollectionSpec, program: ProgramSpec, text: string): AnnotatedFunction {
  const { name, section } = program
  const line = definitionLine(text, name) ?? program.lineInfo[0]?.line ?? 1
  return { name, line, section, tags: btf === undefined ? [] : declarationTags(btf, name), how: 'compiled' }
}

/** btf_decl_tag strings of a function, in the order of their ids, which is that of the source. */
function declarationTags(btf: Btf, name: string): string[] {
  const id = btf.find(name, BTF_KIND.FUNC)?.id
  return btf.types.flatMap((type) =>
    type.kind === BTF_KIND.DECL_TAG && type.typeId === id && type.componentIndex === NO_COMPONENT ? [type.name] : [],
  )
}

/** The line where a function's name stands at its definition: before its parameters, or first in BPF_PROG() and the like. */
function definitionLine(text: string, name: string): number | undefined {
  const pattern = new RegExp(`^[^\\S\\n]*(?:[A-Za-z_][^\\n;={}]*[\\s*(])?${name}\\s*[(,)][^;{}]*\\{`, 'm')
  const found = pattern.exec(text)
  if (found === null) return undefined
  const at = found.index + found[0].search(new RegExp(`\\b${name}\\b`))
  return text.slice(0, at).split('\n').length
}
