/**
 * Structures of the program's own that it makes objects of, as its BTF describes them.
 *
 * What the kernel keeps to itself in such an object is told by the structure's members. A structure has such fields only
 * where one of its members is one: what lies in structures and arrays in it counts then, too, and is plain otherwise.
 *
 * @see btf_parse_struct_metas in kernel/bpf/btf.c
 */
import { BTF_KIND, type Btf, type BtfComposite, BtfError, type BtfType } from '@bpfoundry/btf'
import {
  areApart,
  areGuarded,
  FieldSearch,
  type FieldShape,
  type SpecialField,
  taggedPointer,
  Unfit,
} from '../program/field-search.ts'
import type { MapFieldKind } from '../program/map-fields.ts'
import type { KernelBtf, VerifierProgram } from '../verifier-api.ts'
import type { KernelStruct } from './kernel-types.ts'

/** What the kernel keeps to itself in an object. */
export type OwnField = SpecialField<MapFieldKind | 'bpf_list_node' | 'bpf_rb_node'>

// biome-ignore format: table
const STRUCTS: ReadonlyMap<string, FieldShape> = new Map<OwnField['kind'], FieldShape>([
  ['bpf_spin_lock', { sizeBytes: 4,  alignBytes: 4, count: 'one' }],
  ['bpf_refcount',  { sizeBytes: 4,  alignBytes: 4, count: 'one' }],
  ['bpf_list_head', { sizeBytes: 16, alignBytes: 8, count: 'any', node: 'bpf_list_node' }],
  ['bpf_list_node', { sizeBytes: 24, alignBytes: 8, count: 'no array' }],
  ['bpf_rb_root',   { sizeBytes: 16, alignBytes: 8, count: 'any', node: 'bpf_rb_node' }],
  ['bpf_rb_node',   { sizeBytes: 32, alignBytes: 8, count: 'no array' }],
])

// biome-ignore format: table
const POINTER_TAGS: ReadonlyMap<string, OwnField['kind']> = new Map<string, OwnField['kind']>([
  ['kptr_untrusted', 'kptr_untrusted'], ['kptr', 'kptr'], ['percpu_kptr', 'percpu_kptr'],
])
/** What such a pointer points to goes when the object goes. */
const OWNING: ReadonlySet<string> = new Set<MapFieldKind>(['kptr', 'percpu_kptr'])

/** Objects that give up others when they are given up, one after the other. @see BTF_MAX_OWNERSHIP_DEPTH */
const MAX_OWNERS = 8

/** The program's types. */
export class OwnTypes {
  readonly btf: KernelBtf
  readonly #program: Btf
  readonly #kernel: KernelBtf | undefined
  readonly #structs = new Map<number, KernelStruct>()
  #special: ReadonlyMap<number, readonly OwnField[]> | undefined

  private constructor(btf: Btf, kernel: KernelBtf | undefined) {
    this.#program = btf
    this.#kernel = kernel
    this.btf = {
      find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
      type: (id) => btf.type(id),
      resolve: (id) => btf.resolve(id),
      sizeOf: (id) => btf.sizeOf(id),
    }
  }

  /** Undefined where the program has no types: the kernel looks at them only where functions or lines are told, too. */
  static of(program: VerifierProgram, kernel: KernelBtf | undefined): OwnTypes | undefined {
    const { btf, functionInfo = [], lineInfo = [] } = program
    return btf === undefined || functionInfo.length + lineInfo.length === 0 ? undefined : new OwnTypes(btf, kernel)
  }

  /** Undefined where there is no such type. */
  type(id: number): BtfType | undefined {
    return this.#program.types[id]
  }

  /** One object for each structure; undefined for a type of other BTF, and where the kernel would not take this one. */
  structOf(type: BtfType | undefined): KernelStruct | undefined {
    if (type?.kind !== BTF_KIND.STRUCT || this.type(type.id) !== type) return undefined
    const known = this.#structs.get(type.id)
    if (known !== undefined) return known
    this.#special ??= specialStructs(this.#program, this.#kernel)
    if (this.#special === undefined) return undefined
    const fields = this.#special.get(type.id) ?? []
    const struct = { id: type.id, name: type.name, own: { btf: this.btf, type, fields } }
    this.#structs.set(type.id, struct)
    return struct
  }
}

/** Fields of all structures that have some, by type id; undefined where the kernel takes no such BTF. */
function specialStructs(btf: Btf, kernel: KernelBtf | undefined): ReadonlyMap<number, readonly OwnField[]> | undefined {
  try {
    const members = specialMembers(btf)
    const structs = btf.types.filter((type): type is BtfComposite => type.kind === BTF_KIND.STRUCT)
    const special = structs.filter((struct) => struct.members.some(({ typeId }) => members.has(typeId)))
    const search = new FieldSearch<OwnField['kind']>(btf, { structs: STRUCTS, pointerTags: POINTER_TAGS })
    const found = new Map(special.map((struct) => [struct.id, fieldsOf(search, struct)]))
    checkOwners(found, kernel)
    return found
  } catch (error) {
    if (error instanceof Unfit || error instanceof BtfError) return undefined
    throw error
  }
}

/** Types whose members make a structure a special one. */
function specialMembers(btf: Btf): ReadonlySet<number> {
  const structs = [...STRUCTS.keys()].map((name) => btf.find(name, BTF_KIND.STRUCT)?.id ?? 0)
  const pointers = btf.types.filter((type) => {
    const pointer = taggedPointer(btf, type)
    return pointer !== undefined && POINTER_TAGS.has(pointer.tag) && pointer.target?.kind === BTF_KIND.STRUCT
  })
  return new Set([...structs.filter((id) => id !== 0), ...pointers.map(({ id }) => id)])
}

function fieldsOf(search: FieldSearch<OwnField['kind']>, struct: BtfComposite): readonly OwnField[] {
  const fields = search.inStruct(struct)
  const has = (kind: OwnField['kind']): boolean => fields.some((field) => field.kind === kind)
  const isShared = has('bpf_list_node') && has('bpf_rb_node')
  const isFit = areApart(fields, struct.sizeBytes) && areGuarded(fields) && (!isShared || has('bpf_refcount'))
  if (fields.length === 0 || !isFit) throw new Unfit()
  return fields
}

/** What is given up gives up no long row of others, nor itself. @see btf_check_ownership_depth in kernel/bpf/btf.c */
function checkOwners(structs: ReadonlyMap<number, readonly OwnField[]>, kernel: KernelBtf | undefined): void {
  const depths = new Map<number, number>()
  const depth = (id: number, left: number): number => {
    const found =
      depths.get(id) ?? (left === 0 ? 1 : 1 + Math.max(0, ...ownedIds(id).map((one) => depth(one, left - 1))))
    if (found > left) throw new Unfit()
    depths.set(id, found)
    return found
  }
  const ownedIds = (id: number): readonly number[] =>
    ownedBy(structs.get(id) ?? [], kernel).filter((one) => structs.has(one))
  for (const id of structs.keys()) depth(id, MAX_OWNERS)
}

/** Structures of the program's own that an object with such fields may own. */
function ownedBy(fields: readonly OwnField[], kernel: KernelBtf | undefined): readonly number[] {
  return fields.flatMap(({ kind, linked, target = '', targetType }) => {
    if (linked !== undefined) return [linked.type.id]
    const isOwn = targetType !== undefined && kernel?.find(target, BTF_KIND.STRUCT) === undefined
    return OWNING.has(kind) && isOwn ? [targetType.id] : []
  })
}

/** What the kernel keeps to itself in the structure's objects. */
export function ownFields(struct: KernelStruct | undefined): readonly OwnField[] {
  return struct?.own?.fields ?? []
}

export function hasOwnField(struct: KernelStruct | undefined, kind: OwnField['kind']): boolean {
  return ownFields(struct).some((field) => field.kind === kind)
}

/** It is linked into lists or trees. */
export function isNode(struct: KernelStruct): boolean {
  return hasOwnField(struct, 'bpf_list_node') || hasOwnField(struct, 'bpf_rb_node')
}
