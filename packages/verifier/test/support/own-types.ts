/** Types of a program that makes objects of its own, and of the map that they are put into. */
import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '@bpfoundry/btf'

type Members = readonly (readonly [name: string, typeId: number, offsetBytes: number])[]

export type OwnStruct = 'plain' | 'counted' | 'tree_node' | 'holder' | 'locked' | 'list_owner' | 'item' | 'shared_item'

export interface OwnTypesOfCase {
  readonly btf: Btf
  readonly ids: Readonly<Record<OwnStruct, number>>
  readonly keyTypeId: number
  readonly valueTypeId: number
  readonly valueSizeBytes: number
  readonly functionTypeId: number
}

function build(): OwnTypesOfCase {
  const builder = new BtfBuilder()
  const number = (name: string, sizeBytes: number, encoding: number): number =>
    builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: 8 * sizeBytes })
  const struct = (name: string, sizeBytes: number, rows: Members): number => {
    const members = rows.map(([member, typeId, at]) => ({ name: member, typeId, bitOffset: 8 * at, bitfieldBits: 0 }))
    return builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members })
  }
  const tagged = (typeId: number): number =>
    builder.add({
      kind: BTF_KIND.PTR,
      name: '',
      typeId: builder.add({ kind: BTF_KIND.TYPE_TAG, name: 'kptr', typeId, attribute: false }),
    })
  const int = number('int', 4, BTF_INT_ENCODING.SIGNED)
  const u64 = number('u64', 8, 0)
  const refcount = struct('bpf_refcount', 4, [['opaque', int, 0]])
  const lock = struct('bpf_spin_lock', 4, [['val', int, 0]])
  const words = builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId: u64, indexTypeId: int, length: 4 })
  const treeNode = struct('bpf_rb_node', 32, [['opaque', words, 0]])
  // biome-ignore format: table
  const plain = struct('case_plain', 16, [['key', u64, 0], ['data', u64, 8]])
  const counted = struct('case_counted', 16, [
    ['key', u64, 0],
    ['count', refcount, 8],
  ])
  const tree_node = struct('case_tree_node', 40, [
    ['key', u64, 0],
    ['node', treeNode, 8],
  ])
  const listNode = struct('bpf_list_node', 24, [
    ['a', u64, 0],
    ['b', u64, 8],
    ['c', u64, 16],
  ])
  const listHead = struct('bpf_list_head', 16, [
    ['a', u64, 0],
    ['b', u64, 8],
  ])
  const item = struct('case_item', 56, [
    ['key', u64, 0],
    ['other', listNode, 8],
    ['node', listNode, 32],
  ])
  const shared_item = struct('case_shared_item', 40, [
    ['key', u64, 0],
    ['node', listNode, 8],
    ['count', refcount, 32],
  ])
  const holder = struct('case_holder', 16, [
    ['key', u64, 0],
    ['held', tagged(plain), 8],
  ])
  const locked = struct('case_locked', 16, [
    ['key', u64, 0],
    ['lock', lock, 8],
  ])
  const inner = struct('case_inner', 8, [['lock', lock, 0]])
  const list_owner = struct('case_list_owner', 16, [
    ['key', u64, 0],
    ['inner', inner, 8],
  ])
  // biome-ignore format: table
  const valueTypeId = struct('case_value', 72, [
    ['plain', tagged(plain), 0], ['counted', tagged(counted), 8], ['node', tagged(tree_node), 16], ['number', u64, 24],
    ['lock', lock, 32], ['list', listHead, 40], ['shared', listHead, 56],
  ])
  for (const [componentIndex, name] of [
    [5, 'contains:case_item:node'],
    [6, 'contains:case_shared_item:node'],
  ] as const) {
    builder.add({ kind: BTF_KIND.DECL_TAG, name, typeId: valueTypeId, componentIndex, attribute: false })
  }
  const proto = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters: [] })
  const linkage = BTF_LINKAGE.GLOBAL
  const functionTypeId = builder.add({ kind: BTF_KIND.FUNC, name: 'main', typeId: proto, linkage })
  const ids = { plain, counted, tree_node, holder, locked, list_owner, item, shared_item }
  return { btf: builder.build(), ids, keyTypeId: int, valueTypeId, valueSizeBytes: 72, functionTypeId }
}

export const OWN: OwnTypesOfCase = build()
