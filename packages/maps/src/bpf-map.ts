import type { MapAttributes } from '@bpfoundry/kernel-abi'

/**
 * A map. It lives in guest memory, so that several workers use one without messages; this object is one thread's handle.
 *
 * The *program side* works on guest addresses and answers guest addresses, 0 or -errno: it allocates nothing.
 * The *syscall side* works on bytes and has the semantics of bpf(2): in a per-CPU map a value is the values of all
 * CPUs, each rounded up to 8 bytes. Key and value arrays of another length throw MapError.
 */
export interface BpfMap {
  /** Guest address of the header: the map pointer that programs hold. */
  readonly address: number
  readonly id: number
  /** As BPF_OBJ_GET_INFO_BY_FD tells them: what the map type adjusts is adjusted. */
  readonly attributes: MapAttributes
  readonly cpus: number
  /** Guest memory that the map reserves; pages are taken as they are written. */
  readonly memoryBytes: number
  /** Bytes of a value on the syscall side. */
  readonly syscallValueBytes: number
  /** Array-like maps: guest address of element 0's value, in a per-CPU array that of CPU 0. */
  readonly valueBase?: number
  /** Array-like maps: bytes from one element's value to the next. */
  readonly elementBytes?: number
  /** Per-CPU arrays: bytes from one CPU's value to the next CPU's. */
  readonly cpuStrideBytes?: number

  /** Address of the value (that of `cpu` in a per-CPU map), or 0. Marks the element as used in an LRU map. */
  lookup(key: number, cpu: number): number
  /** 0 or -errno. `flags` may be any whole number; in a per-CPU map only the value of `cpu` is set. */
  update(key: number, value: number, flags: number, cpu: number): number
  /** 0 or -errno. */
  delete(key: number, cpu?: number): number

  /** The value's bytes, a copy; undefined where bpf(2) says ENOENT. */
  lookupElement(key: Uint8Array): Uint8Array<ArrayBuffer> | undefined
  /** 0 or -errno. */
  updateElement(key: Uint8Array, value: Uint8Array, flags?: number): number
  /** Updates `count` elements from packed keys and values; stops at the first that fails. */
  updateMany(keys: Uint8Array, values: Uint8Array, count: number, flags?: number): BulkResult
  /** 0 or -errno. */
  deleteElement(key: Uint8Array): number
  /** The key after `key` in the order of BPF_MAP_GET_NEXT_KEY; the first for undefined or a key that is not there. */
  nextKey(key?: Uint8Array): Uint8Array<ArrayBuffer> | undefined
  /** Every element, in the order of {@link nextKey}. Elements that come or go meanwhile may or may not be seen. */
  entries(): IterableIterator<[key: Uint8Array<ArrayBuffer>, value: Uint8Array<ArrayBuffer>]>
  /** Elements in the map; array-like maps of plain values are always full. */
  readonly count: number

  /** Guest addresses of all values, in a per-CPU map those of all CPUs; none where values are not what programs see. */
  valueAddresses(): Iterable<number>

  /** Gives the memory back. Only in the thread that created the map. @throws MapError MAP_NOT_OWNER */
  free(): void
}

/** A map whose values name other objects: programs (prog array), devices (devmap, devmap_hash), CPUs or sockets. */
export interface TargetMap extends BpfMap {
  /** Program id, interface index, length of the CPU's queue or address of the socket under this key; 0 when there is none. */
  target(index: number): number
  /** Id of the program that runs on the egress of a devmap target, or on the CPU of a cpumap; 0 when there is none. */
  targetProgram(index: number): number
  /** Guest address of what helpers hand on (the value), or 0. */
  targetAddress(index: number): number
}

/** A map of what packets can be redirected to. */
export interface RedirectMap extends TargetMap {
  /** Keys of all targets, in the order in which Linux sends to all of them. */
  targetIndexes(): Iterable<number>
}

/** What {@link BpfMap.updateMany} did. */
export interface BulkResult {
  /** Elements updated. */
  readonly count: number
  /** 0, or -errno of the element after them. */
  readonly result: number
}

/** How the syscall side of a map of targets turns what it is given into what it stores. */
export interface MapReferences {
  /** Id of the program behind `fd`, as a member of a prog array; -errno (EBADF, EINVAL) when it can't be one. */
  program(fd: number): number
  /** Id of the program behind `fd`, as a devmap's egress program; negative when it can't be one. */
  devmapProgram(fd: number): number
  /** Likewise for a cpumap's program; none can be one when absent. */
  cpumapProgram?(fd: number): number
  /** Guest address of the block of the AF_XDP socket behind `fd`; -errno (EBADF, EOPNOTSUPP). No fd is one when absent. */
  socket?(fd: number): number
  /** Whether a device has this index. */
  device(ifindex: number): boolean
}

/** Options of `createMap`. */
export interface MapOptions {
  readonly id: number
  /** Possible CPUs, at least 1: how many values an element of a per-CPU map has. */
  readonly cpus: number
  /** Seed of the hash function; 0 by default, which gives the iteration order of Linux under BPF_F_ZERO_SEED. */
  readonly hashSeed?: number
  /**
   * Whether maps of types whose elements are not emulated may be created all the same: they hold nothing, and serve to judge
   * programs that name them. False by default.
   */
  readonly mayBeHollow?: boolean
  /** By default fds are stored as ids, and every device exists. */
  readonly references?: MapReferences
}
