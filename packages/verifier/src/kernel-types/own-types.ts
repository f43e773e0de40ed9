/**
 * Structures of the program's own that it makes objects of, as its BTF describes them.
 *
 * What the kernel keeps to itself in such an object is told by the structure's members; a structure whose members are not
 * followed here gives none, and no object can be made of it.
 *
 * @see btf_parse_struct_metas in kernel/bpf/btf.c
 */
import { BTF_KIND, type Btf, type BtfComposite, type BtfMember, type BtfType } from '@bpfoundry/btf'
import type { MapField } from '../program/map-fields.ts'
import type { KernelBtf, VerifierProgram } from '../verifier-api.ts'
import { isComposite, type KernelStruct } from './kernel-types.ts'

/** What the kernel keeps to itself in an object. */
export interface OwnField extends Omit<MapField, 'kind'> {
  readonly kind: MapField['kind'] | 'bpf_list_node' | 'bpf_rb_node'
}

interface Shape {
  readonly sizeBytes: number
  readonly alignBytes: number
}

// biome-ignore format: table
const FOLLOWED: ReadonlyMap<string, Shape> = new Map<OwnField['kind'], Shape>([
  ['bpf_spin_lock', { sizeBytes: 4,  alignBytes: 4 }],
  ['bpf_refcount',  { sizeBytes: 4,  alignBytes: 4 }],
  ['bpf_list_node', { sizeBytes: 24, alignBytes: 8 }],
  ['bpf_rb_node',   { sizeBytes: 32, alignBytes: 8 }],
])

// biome-ignore format: table
const NOT_FOLLOWED: ReadonlySet<string> = new Set([
  'bpf_list_head', 'bpf_rb_root', 'bpf_timer', 'bpf_wq', 'bpf_res_spin_lock', 'bpf_task_work',
])

const POINTER_BYTES = 8
/** Structures within each other that are looked into. */
const MAX_DEPTH = 32

/** The program's types. */
export class OwnTypes {
  readonly #program: Btf
  readonly #btf: KernelBtf
  readonly #structs = new Map<number, KernelStruct | undefined>()

  private constructor(btf: Btf) {
    this.#program = btf
    this.#btf = {
      find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
      type: (id) => btf.type(id),
      resolve: (id) => btf.resolve(id),
      sizeOf: (id) => btf.sizeOf(id),
    }
  }

  /** Undefined where the program has no types: the kernel looks at them only where functions or lines are told, too. */
  static of({ btf, functionInfo = [], lineInfo = [] }: VerifierProgram): OwnTypes | undefined {
    return btf === undefined || functionInfo.length + lineInfo.length === 0 ? undefined : new OwnTypes(btf)
  }

  /** Undefined where there is no such type. */
  type(id: number): BtfType | undefined {
    return this.#program.types[id]
  }

  /** One object for each structure; undefined for a type of other BTF, and where a member is not followed. */
  structOf(type: BtfType | undefined): KernelStruct | undefined {
    if (type?.kind !== BTF_KIND.STRUCT || this.type(type.id) !== type) return undefined
    if (!this.#structs.has(type.id)) this.#structs.set(type.id, this.#describe(type))
    return this.#structs.get(type.id)
  }

  #describe(type: BtfComposite): KernelStruct | undefined {
    const found = type.members.map((member) => this.#fieldsOf(member))
    if (found.some((fields) => fields === undefined)) return undefined
    const fields = found.flatMap((one) => one ?? [])
    return fitTogether(fields) ? { id: type.id, name: type.name, own: { btf: this.#btf, type, fields } } : undefined
  }

  /** None for a member like any other; undefined for one that is not followed. */
  #fieldsOf({ typeId, bitOffset }: BtfMember): readonly OwnField[] | undefined {
    const type = this.#program.resolve(typeId)
    // The kernel does not look behind modifiers.
    if (this.#program.type(typeId) !== type) return this.#isPlain(type, 0) ? [] : undefined
    const offsetBytes = bitOffset / 8
    const shape = FOLLOWED.get(type.name)
    if (type.kind === BTF_KIND.STRUCT && shape !== undefined) {
      if (type.sizeBytes !== shape.sizeBytes || offsetBytes % shape.alignBytes !== 0) return undefined
      return [{ kind: type.name as OwnField['kind'], offsetBytes, sizeBytes: shape.sizeBytes }]
    }
    if (type.kind === BTF_KIND.PTR) return this.#pointer(type.typeId, offsetBytes)
    return this.#isPlain(type, 0) ? [] : undefined
  }

  #pointer(typeId: number, offsetBytes: number): readonly OwnField[] | undefined {
    const tag = this.#program.type(typeId)
    if (tag.kind !== BTF_KIND.TYPE_TAG) return []
    const targetType = this.#program.resolve(tag.typeId)
    const isOne = tag.name === 'kptr' && targetType.kind === BTF_KIND.STRUCT && offsetBytes % POINTER_BYTES === 0
    if (!isOne || this.#program.type(tag.typeId).kind === BTF_KIND.TYPE_TAG) return undefined
    return [{ kind: 'kptr', offsetBytes, sizeBytes: POINTER_BYTES, target: targetType.name, targetType }]
  }

  /** There is nothing in it that the kernel could keep to itself. */
  #isPlain(type: BtfType, depth: number): boolean {
    if (depth >= MAX_DEPTH || FOLLOWED.has(type.name) || NOT_FOLLOWED.has(type.name)) return false
    if (type.kind === BTF_KIND.ARRAY) return this.#isPlain(this.#program.resolve(type.elementTypeId), depth + 1)
    if (type.kind === BTF_KIND.PTR) return this.#program.type(type.typeId).kind !== BTF_KIND.TYPE_TAG
    if (!isComposite(type)) return true
    return type.members.every(({ typeId }) => this.#isPlain(this.#program.resolve(typeId), depth + 1))
  }
}

/** The kernel takes no BTF with other structures. */
function fitTogether(fields: readonly OwnField[]): boolean {
  const has = (kind: OwnField['kind']): number => fields.filter((field) => field.kind === kind).length
  const isLinkedTwice = has('bpf_list_node') > 0 && has('bpf_rb_node') > 0
  const isUnique = has('bpf_spin_lock') <= 1 && has('bpf_refcount') <= 1
  return isUnique && fields.length <= MAX_FIELDS && (!isLinkedTwice || has('bpf_refcount') === 1)
}

/** @see BTF_FIELDS_MAX in include/linux/bpf.h */
const MAX_FIELDS = 11

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
