/** Which map operations can be inlined, and how: a row a map type. */
import type { Insn } from '@bpfoundry/isa'
import { helperByName, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { ArrayMap } from '../array-map.ts'
import type { BpfMap } from '../bpf-map.ts'
import type { KeyedMap } from '../keyed-map.ts'
import type { LpmTrieMap } from '../lpm-trie-map.ts'
import type { PercpuArrayMap } from '../percpu-array-map.ts'
import { TargetSlots } from '../target-slots.ts'
import { type ArrayGeometry, arrayLookup, arrayUpdate } from './array-insns.ts'
import { LONGEST_COPY_BYTES } from './byte-insns.ts'
import { type Found, hashLookup, marked, valueOfCpu, valueOfElement } from './hash-lookup-insns.ts'
import { hashUpdate } from './hash-update-insns.ts'
import type { CpuFields } from './inline-call.ts'
import { TRIE_DATA_BYTES, trieLookup } from './lpm-trie-insns.ts'
import { percpuArrayLookup, percpuArrayUpdate } from './percpu-array-insns.ts'

/** Makes the instructions of an operation on one map; undefined where they would not be worth it. */
type MakeInsns = (map: BpfMap, cpu: CpuFields) => Insn[] | undefined

const numberOf = (name: string): number => helperByName(name)?.id ?? 0
const LOOKUP = numberOf('map_lookup_elem')
const UPDATE = numberOf('map_update_elem')
/** Longer keys are hashed and compared by the helper. */
const LONGEST_KEY_BYTES = 64

function arrayGeometry(map: ArrayMap | PercpuArrayMap): ArrayGeometry {
  const { valueSizeBytes, maxEntries } = map.attributes
  return { valueBase: map.valueBase, elementBytes: map.elementBytes, valueBytes: valueSizeBytes, maxEntries }
}

const isShort = ({ attributes }: BpfMap): boolean => attributes.valueSizeBytes <= LONGEST_COPY_BYTES

const inArray: Operations = {
  lookup: (map) => arrayLookup(arrayGeometry(map as ArrayMap)),
  update: (map) => (isShort(map) ? arrayUpdate(arrayGeometry(map as ArrayMap)) : undefined),
}

const inPercpuArray: Operations = {
  lookup: (map, cpu) => {
    const { cpuStrideBytes } = map as PercpuArrayMap
    return percpuArrayLookup(arrayGeometry(map as PercpuArrayMap), cpuStrideBytes, cpu)
  },
  update: (map, cpu) => {
    const { cpuStrideBytes } = map as PercpuArrayMap
    return isShort(map) ? percpuArrayUpdate(arrayGeometry(map as PercpuArrayMap), cpuStrideBytes, cpu) : undefined
  },
}

/** The look-up in a hash map of some kind. */
const hashed =
  (found: (map: KeyedMap, cpu: CpuFields) => Found): MakeInsns =>
  (map, cpu) => {
    const { table } = map as KeyedMap
    if (map.attributes.keySizeBytes > LONGEST_KEY_BYTES) return undefined
    return hashLookup(table.geometry, found(map as KeyedMap, cpu), LOOKUP, map.address)
  }

const ofCpu = ({ table }: KeyedMap, cpu: CpuFields): Found => valueOfCpu(table.plan.cpuStrideBytes, cpu)

const updateHash: MakeInsns = (map, cpu) => {
  const { table, fullError, attributes } = map as KeyedMap
  if (attributes.keySizeBytes > LONGEST_KEY_BYTES || !isShort(map)) return undefined
  const update = { valueBytes: attributes.valueSizeBytes, fullError, helper: UPDATE, map: map.address }
  return hashUpdate(table.geometry, update, cpu)
}

const lookupTrie: MakeInsns = (map) => {
  const { geometry } = map as LpmTrieMap
  return TRIE_DATA_BYTES.includes(geometry.dataBytes) ? trieLookup(geometry, LOOKUP, map.address) : undefined
}

interface Operations {
  readonly lookup: MakeInsns
  readonly update?: MakeInsns
}

// biome-ignore format: table
const OPERATIONS: ReadonlyMap<number, Operations> = new Map<number, Operations>([
  [MAP_TYPE.ARRAY,           inArray],
  [MAP_TYPE.PERCPU_ARRAY,    inPercpuArray],
  [MAP_TYPE.HASH,            { lookup: hashed(() => valueOfElement), update: updateHash }],
  [MAP_TYPE.PERCPU_HASH,     { lookup: hashed(ofCpu) }],
  [MAP_TYPE.LRU_HASH,        { lookup: hashed(() => marked(valueOfElement)) }],
  [MAP_TYPE.LRU_PERCPU_HASH, { lookup: hashed((map, cpu) => marked(ofCpu(map, cpu))) }],
  [MAP_TYPE.LPM_TRIE,        { lookup: lookupTrie }],
])

/**
 * A map operation as the body of a BPF subprogram, specialised for this map: addresses, masks and sizes are constants.
 * It takes the helper's arguments but for the map (r2 key, r3 value, r4 flags: r1 is not read) and gives what the helper
 * gives. It calls that helper where something rare holds it up, a lock that stays taken for example.
 *
 * @param helper BPF_FUNC_map_lookup_elem or BPF_FUNC_map_update_elem
 * @returns undefined where the map type, or the size of keys or values, is left to the helper
 */
export function inlineMapCall(map: BpfMap, helper: number, cpu: CpuFields): readonly Insn[] | undefined {
  const operations = OPERATIONS.get(map.attributes.type)
  const make = helper === LOOKUP ? operations?.lookup : helper === UPDATE ? operations?.update : undefined
  return make?.(map, cpu)
}

/** Where a redirect map keeps its targets: slots of a u32 target (0: empty) and 4 bytes more. */
export interface TargetGeometry {
  readonly slots: number
  readonly maxEntries: number
}

/** The geometry of a devmap, cpumap or xskmap; undefined for other maps. */
export function targetGeometry(map: BpfMap): TargetGeometry | undefined {
  return map instanceof TargetSlots ? map.geometry : undefined
}
