import { BTF_KIND, type Btf, BtfBuilder, BtfError, decodeBtf } from '@bpfoundry/btf'
import { mapFields } from '../src/index.ts'
import { OwnTypes, ownFields } from '../src/kernel-types/own-types.ts'

/** Any types as those of a map's values, and of a program's own objects: fields in order, inside of the value, and apart. */
export const name = 'map-fields'

const VALUE_BYTES = 64

export function fuzzOnce(input: Uint8Array): void {
  try {
    const btf = decodeBtf(input)
    for (const { id } of btf.types) checkFields(mapFields(btf, id, VALUE_BYTES), VALUE_BYTES)
    checkObjects(btf)
  } catch (error) {
    if (!(error instanceof BtfError)) throw error
  }
}

interface Place {
  readonly offsetBytes: number
  readonly sizeBytes: number
}

function checkFields(fields: readonly Place[], valueBytes: number): void {
  let end = 0
  for (const { offsetBytes, sizeBytes } of fields) {
    if (offsetBytes < end || offsetBytes + sizeBytes > valueBytes) throw new Error('fields overlap')
    end = offsetBytes + sizeBytes
  }
}

function checkObjects(btf: Btf): void {
  const program = { name: '', type: 0, expectedAttachType: 0, insns: [], gplCompatible: true, maps: new Map() }
  const types = OwnTypes.of({ ...program, btf, functionInfo: [{ pc: 0, typeId: 0 }] }, undefined)
  for (const type of btf.types) {
    if (type.kind === BTF_KIND.STRUCT) checkFields(ownFields(types?.structOf(type)), type.sizeBytes)
  }
}

type Row = readonly [typeId: number, offsetBytes: number]

function seed(): Uint8Array {
  const types = new BtfBuilder()
  const number = { kind: BTF_KIND.INT, encoding: 0, bitOffset: 0 } as const
  const u64 = types.add({ ...number, name: 'u64', sizeBytes: 8, bits: 64 })
  const struct = (structName: string, sizeBytes: number, rows: readonly Row[]): number => {
    const members = rows.map(([typeId, at], index) => ({
      ...{ name: `m${index}`, typeId, bitOffset: 8 * at, bitfieldBits: 0 },
    }))
    return types.add({ kind: BTF_KIND.STRUCT, name: structName, sizeBytes, kindFlag: false, members })
  }
  const u32 = types.add({ ...number, name: 'u32', sizeBytes: 4, bits: 32 })
  const lock = struct('bpf_spin_lock', 4, [[u32, 0]])
  const timer = struct('bpf_timer', 16, [[u64, 0]])
  const tag = types.add({ kind: BTF_KIND.TYPE_TAG, name: 'kptr', typeId: timer, attribute: false })
  const pointer = types.add({ kind: BTF_KIND.PTR, name: '', typeId: tag })
  const list = types.add({
    ...{ kind: BTF_KIND.ARRAY, name: '', elementTypeId: pointer, indexTypeId: u32, length: 2 },
  })
  const node = struct('node', 24, [[struct('bpf_list_node', 24, [[u64, 0]]), 0]])
  const head = struct('bpf_list_head', 16, [[u64, 0]])
  // biome-ignore format: table
  const value = struct('value', 56, [[lock, 0], [timer, 8], [list, 24], [head, 40]])
  const contains = { kind: BTF_KIND.DECL_TAG, name: 'contains:node:m0', typeId: value, attribute: false } as const
  types.add({ ...contains, componentIndex: 3 })
  struct('outer', 64, [
    [node, 0],
    [value, 8],
  ])
  return types.build().encode()
}

export const seeds = (): Uint8Array[] => [seed()]
