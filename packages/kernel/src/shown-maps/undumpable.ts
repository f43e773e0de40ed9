import { ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'

/** Why the elements of a map can't be told by bpf(2). */
export interface Undumpable {
  /** Errno of BPF_MAP_GET_NEXT_KEY: there are no keys. */
  readonly keysErrno?: number
  /** Errno of BPF_MAP_LOOKUP_ELEM of each key: there are keys only. */
  readonly valuesErrno?: number
  /** What it holds instead, for people. */
  readonly reason: string
}

const EVENTS = 'it hands events on to whoever reads its buffers'
const RECORDS = 'its records go to the one who reads them, once'
const NO_KEYS = 'its elements have no keys: they are popped'

/** By map type, as Linux 6.18 answers. */
// biome-ignore format: table
const UNDUMPABLE: ReadonlyMap<number, Undumpable> = new Map([
  [MAP_TYPE.PERF_EVENT_ARRAY, { valuesErrno: ERRNO.ENOTSUPP,   reason: EVENTS }],
  [MAP_TYPE.CGROUP_ARRAY,     { valuesErrno: ERRNO.ENOTSUPP,   reason: 'it holds control groups' }],
  [MAP_TYPE.XSKMAP,           { valuesErrno: ERRNO.EOPNOTSUPP, reason: 'it holds sockets' }],
  [MAP_TYPE.RINGBUF,          { keysErrno: ERRNO.ENOTSUPP,     reason: RECORDS }],
  [MAP_TYPE.USER_RINGBUF,     { keysErrno: ERRNO.ENOTSUPP,     reason: RECORDS }],
  [MAP_TYPE.QUEUE,            { keysErrno: ERRNO.EINVAL,       reason: NO_KEYS }],
  [MAP_TYPE.STACK,            { keysErrno: ERRNO.EINVAL,       reason: NO_KEYS }],
  [MAP_TYPE.BLOOM_FILTER,     { keysErrno: ERRNO.EOPNOTSUPP,   reason: 'it only knows what was never put into it' }],
  [MAP_TYPE.ARENA,            { keysErrno: ERRNO.EOPNOTSUPP,   reason: 'it is memory, without elements' }],
])

/** @returns undefined for a map whose elements can be told */
export function undumpable(type: number): Undumpable | undefined {
  return UNDUMPABLE.get(type)
}
