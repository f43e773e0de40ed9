import { BTF_KIND, type Btf, BtfBuilder, CORE_RELOCATION, visitReferences, withReferences } from '@bpfoundry/btf'
import { LoaderError } from '../loader-error.ts'
import { type ObjectFile, openObject, placeIn } from '../object-file.ts'
import { CoreRelocator } from './core-relocator.ts'
import type { FieldPath, FieldStep } from './field-path.ts'
import { badRelocation, type KernelTypes } from './type-space.ts'

/** An object whose relocations are to be made by the types. */
export interface RelocatedObject {
  /** What errors call it. */
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * Of a kernel's types those that the CO-RE relocations of objects are made by: structs with the members that programs ask for,
 * types that these are of, enums as a whole. With them an object is relocated as with all types, where a kernel has none of its
 * own: some kilobytes instead of megabytes. What is behind a pointer is left out, unless a type is asked for as a whole.
 *
 * @param byteOrder of the result
 * @throws {ElfError} {@link BtfError} for damaged objects
 * @throws {LoaderError} LOADER_SECTION for an object without records of relocations, LOADER_RELOCATION for those that can't be
 *   made by these types
 */
export function minimalKernelTypes(
  kernel: KernelTypes,
  objects: readonly RelocatedObject[],
  byteOrder: 'little' | 'big' = 'little',
): Btf {
  const needed = new NeededTypes(kernel)
  for (const { name, bytes } of objects) addObject(needed, kernel, openObject(bytes, name))
  return needed.build(byteOrder)
}

function addObject(needed: NeededTypes, kernel: KernelTypes, object: ObjectFile): void {
  const { btf, elf, ext } = object
  if (btf === undefined || elf.section('.BTF.ext') === undefined) {
    throw new LoaderError({
      code: 'LOADER_SECTION',
      message: 'the object tells nothing of its relocations',
      where: placeIn(object, {}),
      expected: "sections '.BTF' and '.BTF.ext'",
      hint: 'compile with -g',
    })
  }
  const relocator = new CoreRelocator(btf, kernel)
  for (const [section, { coreRelocations }] of ext) {
    for (const relocation of coreRelocations) {
      try {
        const target = relocator.target(relocation)
        if (target !== undefined) needed.add(relocation.kind, target.typeId, target.path)
      } catch (error) {
        if (error instanceof LoaderError) error.at(placeIn(object, { section, pc: relocation.pc }))
        throw error
      }
    }
  }
}

/** How far a type is needed. */
type Extent =
  /** It, and what it is another word for, or an array of; structs without members. */
  | 'shallow'
  /** What it points to as well. */
  | 'pointed'
  /** Structs with all their members; what these point to without. */
  | 'whole'
  /** The same behind a pointer: structs without members. */
  | 'behind'

const TYPE_KINDS: ReadonlySet<number> = new Set([
  CORE_RELOCATION.TYPE_ID_TARGET,
  CORE_RELOCATION.TYPE_EXISTS,
  CORE_RELOCATION.TYPE_SIZE,
])

/** Most types that are gone through for all objects: the kernel's own are 150,000. */
const MOST_TYPES = 1_000_000

/**
 * Types of a kernel that are needed, and of structs the members.
 *
 * @see btfgen_record_reloc in tools/bpf/bpftool/gen.c, whose choice this is
 */
class NeededTypes {
  readonly #kernel: KernelTypes
  readonly #members = new Map<number, Set<number>>()
  readonly #seen = new Set<string>()

  constructor(kernel: KernelTypes) {
    this.#kernel = kernel
  }

  add(kind: number, typeId: number, path: FieldPath | undefined): void {
    if (kind === CORE_RELOCATION.TYPE_MATCHES) this.#type(typeId, 'whole')
    else this.#type(typeId, TYPE_KINDS.has(kind) ? 'pointed' : 'shallow')
    for (const step of path?.steps ?? []) {
      for (const passed of step.through ?? []) this.#member(passed)
      this.#member(step)
    }
  }

  /** In the order of the kernel's ids. */
  build(byteOrder: 'little' | 'big'): Btf {
    const ids = [...this.#members.keys()].sort((a, b) => a - b)
    const places = new Map(ids.map((id, index) => [id, index + 1]))
    const builder = new BtfBuilder()
    for (const id of ids) {
      const type = this.#kernel.type(id)
      const kept = 'members' in type ? this.#keptMembers(type, id) : type
      builder.add(withReferences(kept, (typeId) => places.get(typeId) ?? 0))
    }
    return builder.build(byteOrder)
  }

  #keptMembers<T extends Extract<ReturnType<KernelTypes['type']>, { readonly members: unknown }>>(
    type: T,
    id: number,
  ): T {
    const wanted = this.#members.get(id)
    const members = type.members.filter((_, index) => wanted?.has(index))
    return { ...type, members, kindFlag: members.some(({ bitfieldBits }) => bitfieldBits > 0) }
  }

  #member({ typeId, index, member }: FieldStep): void {
    if (member === undefined) return
    this.#mark(typeId).add(index)
    this.#type(member.typeId, 'shallow')
  }

  #type(first: number, extent: Extent): void {
    const open: (readonly [number, Extent])[] = [[first, extent]]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [typeId, how] = next
      const key = `${how} ${typeId}`
      if (typeId === 0 || this.#seen.has(key)) continue
      this.#seen.add(key)
      if (this.#seen.size > MOST_TYPES) throw badRelocation('too many types are needed')
      open.push(...this.#follow(typeId, how))
    }
  }

  /** Marks a type. @returns what it needs */
  #follow(typeId: number, extent: Extent): (readonly [number, Extent])[] {
    const members = this.#mark(typeId)
    const type = this.#kernel.type(typeId)
    const needed: (readonly [number, Extent])[] = []
    if (type.kind === BTF_KIND.PTR) {
      if (extent === 'shallow') return []
      return [[type.typeId, extent === 'pointed' ? 'pointed' : 'behind']]
    }
    if ('members' in type) {
      if (extent !== 'whole') return []
      for (const [index, member] of type.members.entries()) {
        members.add(index)
        needed.push([member.typeId, 'whole'])
      }
      return needed
    }
    // Elements and parameters are needed whole, even behind a pointer.
    const inner = extent === 'behind' && !('typeId' in type) ? 'whole' : extent
    visitReferences(type, (id) => needed.push([id, inner]))
    return needed
  }

  #mark(typeId: number): Set<number> {
    const known = this.#members.get(typeId) ?? new Set()
    this.#members.set(typeId, known)
    return known
  }
}
