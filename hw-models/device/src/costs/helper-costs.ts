import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { HelperWork, MapShape } from './program-work.ts'

/**
 * Instructions that Linux executes inside of a helper. Counted with callgrind on C that does what the kernel's functions
 * do (jhash of bytes, a list of one element, memcmp byte by byte as lib/string.c had it up to 5.16, the prefix match of
 * 32-bit keys), built by gcc 12 -O2; what lies on other paths (locks, allocation) is marked as an estimate.
 */
interface HelperCost {
  readonly instructions: (work: HelperWork) => number
  /** Cache lines of the map that a call comes to, one after the other. */
  readonly lines: (map: MapShape) => number
  readonly estimate?: true
}

/** jhash of the key, the bucket, one element, the comparison of its key. */
const HASH_BASE = 88
const HASH_PER_KEY_BYTE = 10
/** An element before its key: list or LRU node, hash, free list. @see struct htab_elem */
const ELEMENT_HEAD_BYTES = 48
const BUCKET_BYTES = 16
const LINE_BYTES = 64
const TRIE_NODE_BYTES = 40
/** Nodes on the way through a trie whose size nobody told: a default route, a network, a host. */
const TRIE_DEPTH = 3
const TRIE_PER_NODE = 39

const round8 = (bytes: number): number => Math.ceil(bytes / 8) * 8
const lines = (bytes: number): number => Math.ceil(bytes / LINE_BYTES)

/** What a look-up takes, by map type. */
interface LookupCost {
  readonly instructions: (map: MapShape) => number
  readonly lines: (map: MapShape) => number
  /** Bytes of the table for each of its elements. */
  readonly bytesAnElement: (map: MapShape) => number
}

const hashElementBytes = ({ keyBytes, valueBytes }: MapShape): number =>
  ELEMENT_HEAD_BYTES + round8(keyBytes) + round8(valueBytes)
const hash = (extra: number): LookupCost => ({
  instructions: ({ keyBytes }) => HASH_BASE + extra + HASH_PER_KEY_BYTE * keyBytes,
  lines: (map) => 1 + lines(hashElementBytes(map)),
  bytesAnElement: (map) => BUCKET_BYTES + hashElementBytes(map),
})
const array = (instructions: number): LookupCost => ({
  instructions: () => instructions,
  lines: () => 1,
  bytesAnElement: ({ valueBytes }) => round8(valueBytes),
})

// biome-ignore format: table
const LOOKUPS: Readonly<Record<number, LookupCost>> = {
  [MAP_TYPE.ARRAY]:           array(6), // inlined by the verifier: array_map_gen_lookup
  [MAP_TYPE.PERCPU_ARRAY]:    array(11),
  [MAP_TYPE.HASH]:            hash(0),
  [MAP_TYPE.PERCPU_HASH]:     hash(2),
  [MAP_TYPE.LRU_HASH]:        hash(3),
  [MAP_TYPE.LRU_PERCPU_HASH]: hash(5),
  [MAP_TYPE.LPM_TRIE]:        { instructions: () => 6 + TRIE_PER_NODE * TRIE_DEPTH, lines: () => TRIE_DEPTH, bytesAnElement: ({ valueBytes }) => 2 * (TRIE_NODE_BYTES + round8(valueBytes)) },
}

function lookupOf(map: MapShape | undefined): LookupCost {
  return LOOKUPS[map?.type ?? MAP_TYPE.HASH] ?? (LOOKUPS[MAP_TYPE.ARRAY] as LookupCost)
}

const instructions = (count: number, estimate?: true): HelperCost => ({
  instructions: () => count,
  lines: () => 0,
  ...(estimate === undefined ? {} : { estimate }),
})
const lookup: HelperCost = {
  instructions: ({ map }) => (map === undefined ? HASH_BASE : lookupOf(map).instructions(map)),
  lines: (map) => lookupOf(map).lines(map),
}
/** An update of what is there finds it, locks its bucket, makes a new element and links it. */
const change: HelperCost = {
  instructions: ({ map }) => 150 + 2 * (map === undefined ? HASH_BASE : lookupOf(map).instructions(map)),
  lines: (map) => 1 + lookupOf(map).lines(map),
  estimate: true,
}

/** By BPF_FUNC_*. */
// biome-ignore format: table
const HELPERS: Readonly<Record<number, HelperCost>> = {
  1:  lookup,
  2:  change,
  3:  change,
  5:  instructions(60, true), // ktime_get_ns: reads the time stamp counter under a sequence lock
  7:  instructions(25, true), // get_prandom_u32
  8:  instructions(2),        // get_smp_processor_id: inlined
  23: instructions(8),        // redirect
  28: { instructions: ({ bytes = 20 }) => 88 + 1.6 * bytes, lines: () => 0 }, // csum_diff
  44: instructions(32),       // xdp_adjust_head
  51: instructions(15),       // redirect_map
  54: instructions(20),       // xdp_adjust_meta
  65: instructions(30),       // xdp_adjust_tail
}

/** What a helper takes that has no row. */
const UNKNOWN: HelperCost = instructions(60, true)

function costOf({ helper }: HelperWork): HelperCost {
  return HELPERS[helper] ?? UNKNOWN
}

/** Instructions that a call of the helper executes. */
export function helperInstructions(work: HelperWork): number {
  return costOf(work).instructions(work)
}

/** True where the count is a guess. */
export function isHelperEstimate(work: HelperWork): boolean {
  return costOf(work).estimate === true
}

/** Lines of the map that a call loads one after the other, and the bytes that they are spread over. */
export function helperMemory(work: HelperWork): { readonly lines: number; readonly tableBytes: number } {
  const { map } = work
  if (map === undefined) return { lines: 0, tableBytes: 0 }
  return { lines: costOf(work).lines(map), tableBytes: map.hotElements * lookupOf(map).bytesAnElement(map) }
}
