/** Types of programs that make objects of their own, and of the map that they put them into. */
import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '@bpfoundry/btf'

type Members = readonly (readonly [name: string, typeId: number, offsetBytes: number])[]

export interface OwnTypes {
  readonly btf: Btf
  /** Type ids by name. */
  readonly ids: Readonly<Record<string, number>>
  readonly keyTypeId: number
  readonly valueTypeId: number
  readonly valueSizeBytes: number
}

/** Functions of programs, in the order of their types. */
export const FUNCTION_NAMES = ['main', 'first', 'second', 'less', 'caught'] as const
const STATIC = FUNCTION_NAMES.slice(0, 4)

function build(): OwnTypes {
  const builder = new BtfBuilder()
  const number = (name: string, sizeBytes: number, encoding: number): number =>
    builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: 8 * sizeBytes })
  const struct = (name: string, sizeBytes: number, rows: Members): number => {
    const members = rows.map(([member, typeId, at]) => ({ name: member, typeId, bitOffset: 8 * at, bitfieldBits: 0 }))
    return builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members })
  }
  const pointer = (typeId: number): number => builder.add({ kind: BTF_KIND.PTR, name: '', typeId })
  const tagged = (name: string, typeId: number): number =>
    pointer(builder.add({ kind: BTF_KIND.TYPE_TAG, name, typeId, attribute: false }))
  const int = number('int', 4, BTF_INT_ENCODING.SIGNED)
  const u64 = number('u64', 8, 0)
  const words = (length: number): number =>
    builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId: u64, indexTypeId: int, length })
  const refcount = struct('bpf_refcount', 4, [['opaque', int, 0]])
  const lock = struct('bpf_spin_lock', 4, [['val', int, 0]])
  const listNode = struct('bpf_list_node', 24, [['opaque', words(3), 0]])
  const listHead = struct('bpf_list_head', 16, [['opaque', words(2), 0]])
  const treeNode = struct('bpf_rb_node', 32, [['opaque', words(4), 0]])
  const treeRoot = struct('bpf_rb_root', 16, [['opaque', words(2), 0]])
  // biome-ignore format: table
  const ids = {
    plain:  struct('own_plain', 16, [['key', u64, 0], ['data', u64, 8]]),
    item:   struct('own_item', 32, [['key', u64, 0], ['node', listNode, 8]]),
    shared: struct('own_shared', 40, [['key', u64, 0], ['node', listNode, 8], ['count', refcount, 32]]),
    leaf:   struct('own_leaf', 40, [['key', u64, 0], ['node', treeNode, 8]]),
  }
  const holder = struct('own_holder', 16, [
    ['key', u64, 0],
    ['held', tagged('kptr', ids.plain), 8],
  ])
  // biome-ignore format: table
  const valueTypeId = struct('own_value', 88, [
    ['lock', lock, 0], ['items', listHead, 8], ['shared', listHead, 24], ['tree', treeRoot, 40],
    ['plain', tagged('kptr', ids.plain), 56], ['holder', tagged('kptr', holder), 64], ['kept', tagged('kptr', ids.shared), 72],
    ['number', u64, 80],
  ])
  for (const [componentIndex, name] of [
    [1, 'contains:own_item:node'],
    [2, 'contains:own_shared:node'],
    [3, 'contains:own_leaf:node'],
  ] as const) {
    builder.add({ kind: BTF_KIND.DECL_TAG, name, typeId: valueTypeId, componentIndex, attribute: false })
  }
  const typeId = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters: [] })
  const functions = STATIC.map((name) =>
    builder.add({ kind: BTF_KIND.FUNC, name, typeId, linkage: BTF_LINKAGE.STATIC }),
  )
  // A main function that is guarded by another, which gets what was thrown.
  const parameters = [{ name: 'cookie', typeId: u64 }]
  const caughtProto = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters })
  const caught = builder.add({ kind: BTF_KIND.FUNC, name: 'caught', typeId: caughtProto, linkage: BTF_LINKAGE.GLOBAL })
  const guarded = builder.add({ kind: BTF_KIND.FUNC, name: 'guarded', typeId, linkage: BTF_LINKAGE.STATIC })
  const name = 'exception_callback:caught'
  builder.add({ kind: BTF_KIND.DECL_TAG, name, typeId: guarded, componentIndex: -1, attribute: false })
  const statics = STATIC.map((each, index) => [each, functions[index] as number])
  const named = { ...Object.fromEntries(statics), caught, guarded }
  const btf = builder.build()
  return { btf, ids: { ...ids, holder, ...named }, keyTypeId: int, valueTypeId, valueSizeBytes: 88 }
}

export const OWN: OwnTypes = build()
