/**
 * Fields of a map's values that the kernel keeps to itself: locks, timers, kernel pointers. They are found by the map's
 * BTF; a type that the kernel can't make sense of has none, and all of its bytes are the program's.
 *
 * @see btf_parse_fields in kernel/bpf/btf.c
 */
import { BTF_KIND, type Btf, type BtfComposite, type BtfDatasec, BtfError, type BtfType } from '@bpfoundry/btf'

export type MapFieldKind =
  | 'bpf_spin_lock'
  | 'bpf_res_spin_lock'
  | 'bpf_timer'
  | 'bpf_wq'
  | 'bpf_task_work'
  | 'bpf_refcount'
  | 'bpf_list_head'
  | 'bpf_rb_root'
  | 'kptr_untrusted'
  | 'kptr'
  | 'percpu_kptr'
  | 'uptr'

export interface MapField {
  readonly kind: MapFieldKind
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** Of a kernel pointer: the struct that it points to. */
  readonly target?: string
  /** That struct, in the map's BTF. */
  readonly targetType?: BtfType
  /** Of a list or a tree: the struct that is linked in it, in the map's BTF, and where in that its links are. */
  readonly linked?: { readonly type: BtfType; readonly offsetBytes: number }
}

interface Shape {
  readonly sizeBytes: number
  readonly alignBytes: number
  /** A value has one at most. */
  readonly isUnique: boolean
  /** Name of what a root's elements are linked by. */
  readonly node?: string
}

// biome-ignore format: table
const STRUCTS: ReadonlyMap<string, Shape> = new Map<MapFieldKind, Shape>([
  ['bpf_spin_lock',     { sizeBytes: 4,  alignBytes: 4, isUnique: true }],
  ['bpf_res_spin_lock', { sizeBytes: 4,  alignBytes: 4, isUnique: true }],
  ['bpf_timer',         { sizeBytes: 16, alignBytes: 8, isUnique: true }],
  ['bpf_wq',            { sizeBytes: 16, alignBytes: 8, isUnique: true }],
  ['bpf_task_work',     { sizeBytes: 8,  alignBytes: 8, isUnique: true }],
  ['bpf_refcount',      { sizeBytes: 4,  alignBytes: 4, isUnique: true }],
  ['bpf_list_head',     { sizeBytes: 16, alignBytes: 8, isUnique: false, node: 'bpf_list_node' }],
  ['bpf_rb_root',       { sizeBytes: 16, alignBytes: 8, isUnique: false, node: 'bpf_rb_node' }],
])

const POINTER: Shape = { sizeBytes: 8, alignBytes: 8, isUnique: false }

/** Type tags of pointers that are fields. A pointer with any other tag makes the type as a whole unfit. */
const POINTER_TAGS: ReadonlySet<string> = new Set<MapFieldKind>(['kptr_untrusted', 'kptr', 'percpu_kptr', 'uptr'])

/** Structs that lie in one another. @see MAX_RESOLVE_DEPTH in kernel/bpf/btf.c */
const MAX_DEPTH = 32
/** @see BTF_FIELDS_MAX in include/linux/bpf.h */
const MAX_FIELDS = 11
/** Members that are looked at: no type that the kernel takes has more within a value. */
const MAX_MEMBERS = 100_000

/** The kernel finds no sense in the type. */
class Unfit extends Error {}

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

/** The special fields of one type, in the order in which they are found. */
class FieldSearch {
  readonly #btf: Btf
  readonly #seen = new Set<string>()
  #members = 0

  constructor(btf: Btf) {
    this.#btf = btf
  }

  inStruct(struct: BtfComposite, depth: number): MapField[] {
    return struct.members.flatMap(({ typeId, bitOffset }, index) => {
      if (bitOffset % 8 !== 0 || ++this.#members > MAX_MEMBERS) throw new Unfit()
      return this.#at({ owner: struct, index, typeId, offsetBytes: bitOffset / 8 }, depth)
    })
  }

  inSection(section: BtfDatasec): MapField[] {
    return section.entries.flatMap(({ typeId, offsetBytes, sizeBytes }) => {
      const owner = this.#btf.type(typeId)
      if (owner.kind !== BTF_KIND.VAR) return []
      const place = { owner, index: -1, typeId: owner.typeId, offsetBytes }
      return this.#at(sizeBytes === 0 ? place : { ...place, sizeBytes }, 0)
    })
  }

  #at(place: Place, depth: number): MapField[] {
    let type = this.#btf.type(place.typeId)
    let count = 1
    for (let steps = 0; type.kind === BTF_KIND.ARRAY; steps++) {
      if (steps === MAX_DEPTH) throw new Unfit()
      count *= type.length
      type = this.#btf.type(type.elementTypeId)
    }
    if (count === 0) return []
    const shape = STRUCTS.get(type.name)
    if (shape?.isUnique === true) this.#noteUnique(type.name)
    if (shape === undefined && type.kind === BTF_KIND.STRUCT) return this.#nested(place, type, count, depth)
    if (place.sizeBytes !== undefined && place.sizeBytes !== (shape ?? POINTER).sizeBytes * count) return []
    if (place.offsetBytes % (shape ?? POINTER).alignBytes !== 0) return []
    const field = shape === undefined ? this.#pointer(place, type) : this.#struct(place, type, shape)
    return field === undefined ? [] : repeated([field], count, field.sizeBytes)
  }

  #noteUnique(name: string): void {
    if (this.#seen.has(name)) throw new Unfit()
    this.#seen.add(name)
  }

  #nested(place: Place, struct: BtfComposite, count: number, depth: number): MapField[] {
    const { sizeBytes } = struct
    if (place.sizeBytes !== undefined && place.sizeBytes !== sizeBytes * count) return []
    if (depth + 1 >= MAX_DEPTH) throw new Unfit()
    if (sizeBytes === 0) return []
    const inside = this.inStruct(struct, depth + 1)
    const moved = inside.map((field) => ({ ...field, offsetBytes: field.offsetBytes + place.offsetBytes }))
    return repeated(moved, count, sizeBytes)
  }

  #struct(place: Place, type: BtfType, { sizeBytes, node }: Shape): MapField | undefined {
    if (type.kind !== BTF_KIND.STRUCT || type.sizeBytes !== sizeBytes) return undefined
    const field = { kind: type.name as MapFieldKind, offsetBytes: place.offsetBytes, sizeBytes }
    return node === undefined ? field : { ...field, linked: this.#linked(place, node) }
  }

  /** A root says by its decl tag `contains:struct:member` what is linked in it, and by which member. */
  #linked({ owner, index }: Place, node: string): NonNullable<MapField['linked']> {
    const tags = this.#btf.types.filter(
      (type) =>
        type.kind === BTF_KIND.DECL_TAG &&
        type.typeId === owner.id &&
        type.componentIndex === index &&
        type.name.startsWith('contains:'),
    )
    const [, name = '', member = ''] = /^contains:([^:]*):(.*)$/.exec(tags[0]?.name ?? '') ?? []
    const struct = this.#btf.find(name, BTF_KIND.STRUCT)
    const links = struct?.members.filter((one) => one.name === member) ?? []
    const link = links[0] === undefined ? undefined : this.#btf.type(links[0].typeId)
    const bitOffset = links[0]?.bitOffset ?? 1
    const fits = link?.kind === BTF_KIND.STRUCT && link.name === node && bitOffset % 64 === 0
    if (struct === undefined || tags.length !== 1 || member === '' || links.length !== 1 || !fits) throw new Unfit()
    return { type: struct, offsetBytes: bitOffset / 8 }
  }

  #pointer({ offsetBytes }: Place, type: BtfType): MapField | undefined {
    const pointer = type.kind === BTF_KIND.VOLATILE ? this.#btf.type(type.typeId) : type
    if (pointer.kind !== BTF_KIND.PTR) return undefined
    const tag = this.#btf.type(pointer.typeId)
    if (tag.kind !== BTF_KIND.TYPE_TAG) return undefined
    const target = this.#btf.resolve(tag.typeId)
    const isTaggedTwice = this.#btf.type(tag.typeId).kind === BTF_KIND.TYPE_TAG
    if (isTaggedTwice || !POINTER_TAGS.has(tag.name) || target.kind !== BTF_KIND.STRUCT) throw new Unfit()
    const { sizeBytes } = POINTER
    return { kind: tag.name as MapFieldKind, offsetBytes, sizeBytes, target: target.name, targetType: target }
  }
}

/** The fields of an array's element, for every element. */
function repeated(fields: readonly MapField[], count: number, elementBytes: number): MapField[] {
  if (count === 1 || fields.length === 0) return [...fields]
  if (fields.some(({ kind }) => STRUCTS.get(kind)?.isUnique === true)) throw new Unfit()
  if (fields.length * count > MAX_FIELDS) throw new Unfit()
  return Array.from({ length: count }, (_, index) =>
    fields.map((field) => ({ ...field, offsetBytes: field.offsetBytes + index * elementBytes })),
  ).flat()
}

const ROOTS: ReadonlySet<MapFieldKind> = new Set(['bpf_list_head', 'bpf_rb_root'])
const LOCKS: ReadonlySet<MapFieldKind> = new Set(['bpf_spin_lock', 'bpf_res_spin_lock'])

/** Fields must not overlap, and what is linked must have a lock beside it. */
function fitTogether(fields: readonly MapField[], valueSizeBytes: number): boolean {
  let end = 0
  for (const { offsetBytes, sizeBytes } of fields) {
    if (offsetBytes < end || offsetBytes + sizeBytes > valueSizeBytes) return false
    end = offsetBytes + sizeBytes
  }
  const needsLock = fields.some(({ kind }) => ROOTS.has(kind))
  return fields.length <= MAX_FIELDS && (!needsLock || fields.some(({ kind }) => LOCKS.has(kind)))
}

/**
 * The special fields of a map's values, by offset; none where the type is not one that has fields, or is unfit.
 *
 * @param valueTypeId the type of a value in `btf`
 */
export function mapFields(btf: Btf, valueTypeId: number, valueSizeBytes: number): readonly MapField[] {
  try {
    const type = btf.resolve(valueTypeId)
    const search = new FieldSearch(btf)
    const found =
      type.kind === BTF_KIND.STRUCT
        ? search.inStruct(type, 0)
        : type.kind === BTF_KIND.DATASEC
          ? search.inSection(type)
          : []
    return fitTogether(found, valueSizeBytes) ? found : []
  } catch (error) {
    if (error instanceof Unfit || error instanceof BtfError) return []
    throw error
  }
}

/** The field of a kind that values have one of at most. */
export function fieldOfKind(fields: readonly MapField[] | undefined, kind: MapFieldKind): MapField | undefined {
  return fields?.find((field) => field.kind === kind)
}
