import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { KernelMap } from '../kernel-map.ts'

const PAGE_BYTES = 4096
const POINTER_BYTES = 8

/** Structures of Linux 6.18 for x86-64, as `bpftool map show` of maps of many sizes tells them; other builds have others. */
const STRUCT_BYTES = {
  array: 312,
  hash: 896,
  hashBucket: 16,
  hashElement: 48,
  /** Of an element that is allocated as it comes. */
  listNode: 8,
  queue: 312,
  ringbuf: 304,
  devmap: 344,
  redirect: 304,
  /** An element of a devmap_hash. */
  device: 64,
  lpmNode: 24,
  stackTrace: 320,
  stackBucket: 16,
} as const

const RINGBUF_META_PAGES = 3

const rounded = (sizeBytes: number, unit: number): number => Math.ceil(sizeBytes / unit) * unit
const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(count, 1)))

type Memlock = (map: KernelMap) => number

const pointers =
  (headerBytes: number): Memlock =>
  ({ attributes }) =>
    headerBytes + attributes.maxEntries * POINTER_BYTES

const array: Memlock = ({ attributes: { maxEntries, valueSizeBytes, flags } }) => {
  const elements = maxEntries * rounded(valueSizeBytes, 8)
  if ((flags & MAP_FLAG.MMAPABLE) === 0) return STRUCT_BYTES.array + elements
  return rounded(STRUCT_BYTES.array, PAGE_BYTES) + rounded(elements, PAGE_BYTES)
}

const percpuArray: Memlock = ({ attributes: { maxEntries, valueSizeBytes }, storage }) =>
  STRUCT_BYTES.array + maxEntries * (POINTER_BYTES + rounded(valueSizeBytes, 8) * storage.cpus)

/** @param kind whether each CPU has a value, and whether spare elements are kept for updates */
const hash =
  (kind: { readonly perCpu: boolean; readonly spare: boolean; readonly slots: boolean }): Memlock =>
  ({ attributes: { maxEntries, keySizeBytes, valueSizeBytes, flags }, storage }) => {
    const { cpus, count } = storage
    const valueBytes = rounded(valueSizeBytes, 8)
    const elementBytes =
      STRUCT_BYTES.hashElement + rounded(keySizeBytes, 8) + (kind.perCpu ? POINTER_BYTES : valueBytes)
    const header = STRUCT_BYTES.hash + powerOfTwo(maxEntries) * STRUCT_BYTES.hashBucket
    const ofCpus = kind.perCpu ? valueBytes * cpus : 0
    if ((flags & MAP_FLAG.NO_PREALLOC) !== 0) {
      return header + count * (elementBytes + STRUCT_BYTES.listNode + ofCpus)
    }
    const spare = kind.spare ? cpus : 0
    return header + (maxEntries + spare) * (elementBytes + ofCpus) + (kind.slots ? POINTER_BYTES * cpus : 0)
  }

const lpm: Memlock = ({ attributes: { keySizeBytes, valueSizeBytes }, storage }) =>
  storage.count * (STRUCT_BYTES.lpmNode + keySizeBytes - 4 + valueSizeBytes)

const devmapHash: Memlock = ({ attributes: { maxEntries }, storage }) =>
  STRUCT_BYTES.devmap + powerOfTwo(maxEntries) * POINTER_BYTES + storage.count * STRUCT_BYTES.device

const queue: Memlock = ({ attributes: { maxEntries, valueSizeBytes } }) =>
  STRUCT_BYTES.queue + (maxEntries + 1) * valueSizeBytes

const ringbuf: Memlock = ({ attributes: { maxEntries } }) => {
  const pages = maxEntries / PAGE_BYTES
  // Data pages are mapped twice in a row.
  return (
    STRUCT_BYTES.ringbuf + (RINGBUF_META_PAGES + pages) * PAGE_BYTES + (RINGBUF_META_PAGES + 2 * pages) * POINTER_BYTES
  )
}

const stackTrace: Memlock = ({ attributes: { maxEntries, valueSizeBytes } }) =>
  STRUCT_BYTES.stackTrace +
  powerOfTwo(maxEntries) * POINTER_BYTES +
  maxEntries * (STRUCT_BYTES.stackBucket + valueSizeBytes)

// biome-ignore format: table
const BY_TYPE: ReadonlyMap<number, Memlock> = new Map([
  [MAP_TYPE.ARRAY,            array],
  [MAP_TYPE.PERCPU_ARRAY,     percpuArray],
  [MAP_TYPE.PROG_ARRAY,       pointers(STRUCT_BYTES.array)],
  [MAP_TYPE.PERF_EVENT_ARRAY, pointers(STRUCT_BYTES.array)],
  [MAP_TYPE.CGROUP_ARRAY,     pointers(STRUCT_BYTES.array)],
  [MAP_TYPE.ARRAY_OF_MAPS,    pointers(STRUCT_BYTES.array)],
  [MAP_TYPE.HASH,             hash({ perCpu: false, spare: true, slots: true })],
  [MAP_TYPE.HASH_OF_MAPS,     hash({ perCpu: false, spare: false, slots: true })],
  [MAP_TYPE.PERCPU_HASH,      hash({ perCpu: true, spare: false, slots: false })],
  [MAP_TYPE.LRU_HASH,         hash({ perCpu: false, spare: false, slots: false })],
  [MAP_TYPE.LRU_PERCPU_HASH,  hash({ perCpu: true, spare: false, slots: false })],
  [MAP_TYPE.LPM_TRIE,         lpm],
  [MAP_TYPE.QUEUE,            queue],
  [MAP_TYPE.STACK,            queue],
  [MAP_TYPE.RINGBUF,          ringbuf],
  [MAP_TYPE.USER_RINGBUF,     ringbuf],
  [MAP_TYPE.DEVMAP,           pointers(STRUCT_BYTES.devmap)],
  [MAP_TYPE.DEVMAP_HASH,      devmapHash],
  [MAP_TYPE.CPUMAP,           pointers(STRUCT_BYTES.redirect)],
  [MAP_TYPE.XSKMAP,           pointers(STRUCT_BYTES.redirect)],
  [MAP_TYPE.STACK_TRACE,      stackTrace],
  [MAP_TYPE.ARENA,            () => 0],
])

/** Bytes that the kernel charges for a map, as its fdinfo says; undefined for types of which that was not measured. */
export function memlockBytes(map: KernelMap): number | undefined {
  return BY_TYPE.get(map.attributes.type)?.(map)
}
