import type { OffloadDriver } from './offload-driver.ts'

/** A card: its ports share programs and maps. `struct bpf_offload_dev`. */
export interface OffloadAsic {
  /** Tells cards apart, also two of one model. */
  readonly name: string
  readonly driver: OffloadDriver
  /** The port that registered last is first: it inherits what another leaves behind. */
  readonly netdevs: OffloadNetdev[]
}

/** What is bound to an interface: a program or a map. */
export interface BoundObject {
  /** Another port of the same card takes over. */
  move(netdev: OffloadNetdev): void
  /** The device forgets it; from then on it is an orphan. */
  destroy(): void
}

/** An interface that objects are bound to: `struct bpf_offload_netdev`. */
export interface OffloadNetdev {
  readonly ifindex: number
  /** Undefined for one that is known for device-bound programs only. */
  readonly asic: OffloadAsic | undefined
  readonly programs: Set<BoundObject>
  readonly maps: Set<BoundObject>
}
