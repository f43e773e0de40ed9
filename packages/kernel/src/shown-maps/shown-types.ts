import { BTF_KIND, type Btf, type BtfType } from '@bpfoundry/btf'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { KernelMap, MapBtf } from '../kernel-map.ts'

/** What some map types demand of the type of their keys. */
type KeyRule = (key: BtfType, map: KernelMap, value: BtfType) => boolean

/** An index; a data section, which has one element, needs none. */
const isIndex: KeyRule = (key, { attributes }, value) => {
  if (key.kind === BTF_KIND.INT) return key.bits === 32 && key.bitOffset === 0
  const isSection = value.kind === BTF_KIND.DATASEC && attributes.maxEntries === 1
  return key.kind === BTF_KIND.VOID && isSection && attributes.type === MAP_TYPE.ARRAY
}

// biome-ignore format: table
const KEY_RULES: ReadonlyMap<number, KeyRule> = new Map([
  [MAP_TYPE.ARRAY,        isIndex],
  [MAP_TYPE.PERCPU_ARRAY, isIndex],
  // The prefix length stands before the address.
  [MAP_TYPE.LPM_TRIE,     (key) => key.kind === BTF_KIND.STRUCT],
])

/**
 * Types of keys and values that Linux knows of a map. What it refuses at BPF_MAP_CREATE, libbpf leaves out at a second try, and
 * bpftool prints bytes.
 *
 * @see map_check_btf in kernel/bpf/syscall.c, array_map_check_btf, trie_check_btf (6.12)
 */
export function shownTypes(map: KernelMap): MapBtf | undefined {
  const { btf: types, attributes } = map
  if (types === undefined) return undefined
  const { btf, keyTypeId, valueTypeId } = types
  const [key, value] = [btf.resolve(keyTypeId), btf.resolve(valueTypeId)]
  const rule = KEY_RULES.get(attributes.type)
  const hasSizes =
    (keyTypeId === 0 ? rule !== undefined : sizeBytes(btf, key) === attributes.keySizeBytes) &&
    sizeBytes(btf, value) === attributes.valueSizeBytes
  return hasSizes && (rule?.(key, map, value) ?? true) ? types : undefined
}

function sizeBytes(btf: Btf, type: BtfType): number | undefined {
  return type.kind === BTF_KIND.DATASEC ? type.sizeBytes : btf.sizeOf(type.id)
}
