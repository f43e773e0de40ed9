import type { BtfType } from '@bpfoundry/btf'
import { LoaderError } from '../loader-error.ts'

/** Types by id: those of an object, or of a kernel. */
export interface TypeSpace {
  type(id: number): BtfType
  /** The type behind modifiers. */
  resolve(id: number): BtfType
  /** In bytes; undefined for what has no size. */
  sizeOf(id: number): number | undefined
}

/** The types of the kernel that an object is loaded into, as `LazyBtf` has them. */
export interface KernelTypes extends TypeSpace {
  /** The first type of that name and BTF_KIND. */
  find(name: string, kind: number): number | undefined
  /** All of them. */
  findAll(name: string, kind: number): readonly number[]
  /**
   * What the kernel was built with, by name, as its .config writes it (`y`, `250`, `"text"`), and the LINUX_* numbers of
   * libbpf; undefined where that is not known.
   */
  configuration?(): ReadonlyMap<string, string> | undefined
  /** Where a symbol of the kernel lies; undefined where there is none, or it is not told. */
  symbolAddress?(name: string): bigint | undefined
}

/** The object's types and the kernel's, which are compared. */
export interface TypePair {
  readonly local: TypeSpace
  readonly kernel: TypeSpace
  /** Comparisons that one relocation may still take: types that refer to each other could make endlessly many. */
  stepsLeft: number
}

/** @throws LoaderError LOADER_RELOCATION where a relocation takes too many */
export function takeStep(pair: TypePair): void {
  if (pair.stepsLeft-- <= 0) throw badRelocation('types refer to each other in too many ways')
}

/** Types within each other that are followed. */
export const MAX_DEPTH = 32

/** A name without its flavour, which tells versions of a type apart in a program: `task_struct` of `task_struct___old`. */
export function essentialName(name: string): string {
  return /^(.*[^_])___[^_]/.exec(name)?.[1] ?? name
}

/** What can't be relocated at all, whatever the kernel's types are. */
export function badRelocation(message: string, got?: string): LoaderError {
  return new LoaderError({ code: 'LOADER_RELOCATION', message, ...(got === undefined ? {} : { got }) })
}

export function sizeOrThrow(space: TypeSpace, id: number): number {
  const size = space.sizeOf(id)
  if (size === undefined) throw badRelocation('CO-RE relocation of a type without a size', space.type(id).name)
  return size
}
