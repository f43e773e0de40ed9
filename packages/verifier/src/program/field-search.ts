/**
 * Members of a structure that the kernel keeps to itself, found by the BTF that describes it: in structures in it, and in
 * arrays, too.
 *
 * @see btf_find_field in kernel/bpf/btf.c
 */
import { BTF_KIND, type Btf, type BtfComposite, type BtfDatasec, type BtfType } from '@bpfoundry/btf'

/** One such member, or one element of such an array. */
export interface SpecialField<Kind extends string> {
  readonly kind: Kind
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** Of a kernel pointer: the struct that it points to. */
  readonly target?: string
  /** That struct, in the same BTF. */
  readonly targetType?: BtfType
  /** Of a list or a tree: the struct that is linked in it, in the same BTF, and where in that its links are. */
  readonly linked?: { readonly type: BtfType; readonly offsetBytes: number }
}

export interface FieldShape {
  readonly sizeBytes: number
  readonly alignBytes: number
  /** `one` a value at most; `no` array of them, or as many as there are. */
  readonly count: 'one' | 'no array' | 'any'
  /** Name of what a root's elements are linked by. */
  readonly node?: string
}

/** What is looked for. */
export interface FieldKinds<Kind extends string> {
  /** Structures that are fields, by name. */
  readonly structs: ReadonlyMap<string, FieldShape>
  /** Type tags of pointers that are fields, and of which kind. A pointer with any other tag makes the type as a whole unfit. */
  readonly pointerTags: ReadonlyMap<string, Kind>
}

const POINTER: FieldShape = { sizeBytes: 8, alignBytes: 8, count: 'any' }

/** Structs that lie in one another. @see MAX_RESOLVE_DEPTH in kernel/bpf/btf.c */
const MAX_DEPTH = 32
/** @see BTF_FIELDS_MAX in include/linux/bpf.h */
const MAX_FIELDS = 11
/** Members that one search looks at: no types that the kernel takes have more. */
const MAX_MEMBERS = 100_000

/** The kernel finds no sense in the type. */
export class Unfit extends Error {}

/** A member or variable that may be a field, or have some. */
interface Place {
  /** What its decl tags name: the struct, or the variable. */
  readonly owner: BtfType
  /** Index of the member in the struct, -1 for a variable. */
  readonly index: number
  readonly typeId: number
  readonly offsetBytes: number
  /** Of a variable: bytes that the section has for it, where it says so. */
  readonly sizeBytes?: number
}

/** A search for the special fields of types, in the order in which they are found. */
export class FieldSearch<Kind extends string> {
  readonly #btf: Btf
  readonly #kinds: FieldKinds<Kind>
  readonly #seen = new Set<string>()
  #members = 0
  #tags: ReadonlyMap<string, readonly string[]> | undefined

  constructor(btf: Btf, kinds: FieldKinds<Kind>) {
    this.#btf = btf
    this.#kinds = kinds
  }

  /** @throws {Unfit} */
  inStruct(struct: BtfComposite): SpecialField<Kind>[] {
    this.#seen.clear()
    return this.#inMembers(struct, 0)
  }

  #inMembers(struct: BtfComposite, depth: number): SpecialField<Kind>[] {
    return struct.members.flatMap(({ typeId, bitOffset }, index) => {
      if (bitOffset % 8 !== 0 || ++this.#members > MAX_MEMBERS) throw new Unfit()
      return this.#at({ owner: struct, index, typeId, offsetBytes: bitOffset / 8 }, depth)
    })
  }

  /** @throws {Unfit} */
  inSection(section: BtfDatasec): SpecialField<Kind>[] {
    this.#seen.clear()
    return section.entries.flatMap(({ typeId, offsetBytes, sizeBytes }) => {
      const owner = this.#btf.type(typeId)
      if (owner.kind !== BTF_KIND.VAR) return []
      const place = { owner, index: -1, typeId: owner.typeId, offsetBytes }
      return this.#at(sizeBytes === 0 ? place : { ...place, sizeBytes }, 0)
    })
  }

  #at(place: Place, depth: number): SpecialField<Kind>[] {
    let type = this.#btf.type(place.typeId)
    let count = 1
    for (let steps = 0; type.kind === BTF_KIND.ARRAY; steps++) {
      if (steps === MAX_DEPTH) throw new Unfit()
      count *= type.length
      type = this.#btf.type(type.elementTypeId)
    }
    if (count === 0) return []
    const shape = this.#kinds.structs.get(type.name)
    if (shape?.count === 'one') this.#noteUnique(type.name)
    if (shape === undefined && type.kind === BTF_KIND.STRUCT) return this.#nested(place, type, count, depth)
    if (place.sizeBytes !== undefined && place.sizeBytes !== (shape ?? POINTER).sizeBytes * count) return []
    if (place.offsetBytes % (shape ?? POINTER).alignBytes !== 0) return []
    const field = shape === undefined ? this.#pointer(place, type) : this.#struct(place, type, shape)
    return field === undefined ? [] : this.#repeated([field], count, field.sizeBytes)
  }

  #noteUnique(name: string): void {
    if (this.#seen.has(name)) throw new Unfit()
    this.#seen.add(name)
  }

  #nested(place: Place, struct: BtfComposite, count: number, depth: number): SpecialField<Kind>[] {
    const { sizeBytes } = struct
    if (place.sizeBytes !== undefined && place.sizeBytes !== sizeBytes * count) return []
    if (depth + 1 >= MAX_DEPTH) throw new Unfit()
    if (sizeBytes === 0) return []
    const inside = this.#inMembers(struct, depth + 1)
    const moved = inside.map((field) => ({ ...field, offsetBytes: field.offsetBytes + place.offsetBytes }))
    return this.#repeated(moved, count, sizeBytes)
  }

  #struct(place: Place, type: BtfType, { sizeBytes, node }: FieldShape): SpecialField<Kind> | undefined {
    if (type.kind !== BTF_KIND.STRUCT || type.sizeBytes !== sizeBytes) return undefined
    const field = { kind: type.name as Kind, offsetBytes: place.offsetBytes, sizeBytes }
    return node === undefined ? field : { ...field, linked: this.#linked(place, node) }
  }

  /** A root says by its decl tag `contains:struct:member` what is linked in it, and by which member. */
  #linked({ owner, index }: Place, node: string): NonNullable<SpecialField<Kind>['linked']> {
    this.#tags ??= containsTags(this.#btf)
    const tags = this.#tags.get(`${owner.id}:${index}`) ?? []
    const [, name = '', member = ''] = /^contains:([^:]*):(.*)$/.exec(tags[0] ?? '') ?? []
    const struct = this.#btf.find(name, BTF_KIND.STRUCT)
    const links = struct?.members.filter((one) => one.name === member) ?? []
    const link = links[0] === undefined ? undefined : this.#btf.type(links[0].typeId)
    const bitOffset = links[0]?.bitOffset ?? 1
    const fits = link?.kind === BTF_KIND.STRUCT && link.name === node && bitOffset % 64 === 0
    if (struct === undefined || tags.length !== 1 || member === '' || links.length !== 1 || !fits) throw new Unfit()
    return { type: struct, offsetBytes: bitOffset / 8 }
  }

  #pointer({ offsetBytes }: Place, type: BtfType): SpecialField<Kind> | undefined {
    const found = taggedPointer(this.#btf, type)
    if (found === undefined) return undefined
    const { tag, target } = found
    const kind = this.#kinds.pointerTags.get(tag)
    if (kind === undefined || target?.kind !== BTF_KIND.STRUCT) throw new Unfit()
    return { kind, offsetBytes, sizeBytes: POINTER.sizeBytes, target: target.name, targetType: target }
  }

  /** The fields of an array's element, for every element. */
  #repeated(fields: readonly SpecialField<Kind>[], count: number, elementBytes: number): SpecialField<Kind>[] {
    if (count === 1 || fields.length === 0) return [...fields]
    const isAny = ({ kind }: SpecialField<Kind>): boolean => (this.#kinds.structs.get(kind) ?? POINTER).count === 'any'
    if (!fields.every(isAny) || fields.length * count > MAX_FIELDS) throw new Unfit()
    return Array.from({ length: count }, (_, index) =>
      fields.map((field) => ({ ...field, offsetBytes: field.offsetBytes + index * elementBytes })),
    ).flat()
  }
}

/** Decl tags of roots, by the id of what they tag and the index of the member. */
function containsTags(btf: Btf): ReadonlyMap<string, readonly string[]> {
  const tags = new Map<string, string[]>()
  for (const type of btf.types) {
    if (type.kind !== BTF_KIND.DECL_TAG || !type.name.startsWith('contains:')) continue
    const key = `${type.typeId}:${type.componentIndex}`
    const known = tags.get(key)
    if (known === undefined) tags.set(key, [type.name])
    else known.push(type.name)
  }
  return tags
}

/** A pointer with a type tag: what the tag says, and what it points to; that is undefined where there are two tags. */
export function taggedPointer(btf: Btf, type: BtfType): { tag: string; target: BtfType | undefined } | undefined {
  const pointer = type.kind === BTF_KIND.VOLATILE ? btf.type(type.typeId) : type
  if (pointer.kind !== BTF_KIND.PTR) return undefined
  const tag = btf.type(pointer.typeId)
  if (tag.kind !== BTF_KIND.TYPE_TAG) return undefined
  const isTaggedTwice = btf.type(tag.typeId).kind === BTF_KIND.TYPE_TAG
  return { tag: tag.name, target: isTaggedTwice ? undefined : btf.resolve(tag.typeId) }
}

/** In order, apart from each other, and within the value. */
export function areApart(fields: readonly SpecialField<string>[], valueSizeBytes: number): boolean {
  let end = 0
  for (const { offsetBytes, sizeBytes } of fields) {
    if (offsetBytes < end || offsetBytes + sizeBytes > valueSizeBytes) return false
    end = offsetBytes + sizeBytes
  }
  return fields.length <= MAX_FIELDS
}

const ROOTS: ReadonlySet<string> = new Set(['bpf_list_head', 'bpf_rb_root'])
const LOCKS: ReadonlySet<string> = new Set(['bpf_spin_lock', 'bpf_res_spin_lock'])

/** What is linked must have a lock beside it. */
export function areGuarded(fields: readonly SpecialField<string>[]): boolean {
  return !fields.some(({ kind }) => ROOTS.has(kind)) || fields.some(({ kind }) => LOCKS.has(kind))
}
