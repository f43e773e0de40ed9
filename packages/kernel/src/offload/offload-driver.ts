import type { MapAttributes } from '@bpfoundry/kernel-abi'
import type { BpfMap } from '@bpfoundry/maps'
import type { DeviceHooks } from '@bpfoundry/verifier'
import type { ProgramRequest } from '../program-load.ts'

/** A map that a program uses: one of the device, or a perf event array. */
export interface UsedMap {
  readonly id: number
  readonly attributes: MapAttributes
  readonly storage: BpfMap
}

/** A device's part in the life of one program: `struct bpf_prog_offload_ops`. */
export interface DeviceLoad {
  /** Asked by the verifier; `prepare` is where the device begins to know the program. */
  readonly hooks: DeviceHooks
  /** Translates it, before it has its fd; may throw to refuse it after all. */
  accepted?(id: number, maps: readonly UsedMap[]): void
  /** Length of the translation, 0 for a device that makes none. */
  translatedBytes?(): number
  /** The device forgets it: freed, refused, or orphaned because the device goes. Only after `prepare` said yes. */
  destroyed?(): void
}

/** Why a device takes a map no further: errno, and what its driver writes to the kernel log. */
export interface OffloadRefusal {
  readonly errno: number
  readonly kernelLog?: string
}

/** A map on a device: `struct bpf_map_dev_ops`. What fails answers -errno. */
export interface DeviceMap {
  /** The value, a copy; -ENOENT ... */
  lookup(key: Uint8Array): Uint8Array | number
  /** @param flags BPF_ANY, BPF_NOEXIST or BPF_EXIST */
  update(key: Uint8Array, value: Uint8Array, flags: number): number
  delete(key: Uint8Array): number
  /** The key after `key`, the first one without it; -ENOENT at the end. */
  nextKey(key?: Uint8Array): Uint8Array | number
  /** BPF_OFFLOAD_MAP_FREE. */
  free(): void
  /** Tells where the elements lie in guest memory, and the map's id: for devices whose programs run. */
  placed?(storage: BpfMap): void
}

/** What an offload device can do: its programs' operations, and BPF_OFFLOAD_MAP_ALLOC. One a card, for all its ports. */
export interface OffloadDriver {
  /** Begins the load of a program for the port with this index; nothing has happened before the hooks' `prepare`. */
  load(program: ProgramRequest, ifindex: number): DeviceLoad
  allocateMap(attributes: MapAttributes, ifindex: number): DeviceMap | OffloadRefusal
}

export function isOffloadRefusal(answer: DeviceMap | OffloadRefusal): answer is OffloadRefusal {
  return 'errno' in answer
}
