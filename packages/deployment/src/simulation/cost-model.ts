import type { StageCounter } from '@bpfoundry/device'
import type { KernelProgram } from '@bpfoundry/kernel'
import type { BenchNic } from '@bpfoundry/testbench'

/** What a hook did in one poll. */
export type StageCounts = Readonly<Record<StageCounter, number>>

/** Packets that one CPU of a host has handled in one poll. */
export interface HostWork {
  readonly nic: BenchNic
  /** Where their program ran; undefined for packets that no program of the host saw. */
  readonly mode: 'native' | 'generic' | undefined
  readonly stage: StageCounts
  /** What ran there. */
  readonly program: KernelProgram | undefined
  readonly packets: number
  /** Clock of the host's CPUs; that of the measurements when undefined. */
  readonly gigahertz: number | undefined
}

/** Packets that a card's own cores have handled. */
export interface CardWork {
  readonly nic: BenchNic
  readonly stage: StageCounts
  /** The program as it was loaded for the card. */
  readonly program: KernelProgram | undefined
  /** The packet as it arrived, where it is known. */
  readonly frame: Uint8Array | undefined
}

/** How long a card's cores take. */
export interface CardTime {
  /** Cores that handle packets at the same time. */
  readonly cores: number
  /** Time of a packet on one core. */
  readonly packetNs: number
  /** Least time between two packets, whatever the cores: memory, MAC. */
  readonly intervalNs: number
}

/**
 * How long the modelled hardware takes for what packets and programs really did. Replaceable: `runDeployment` takes one.
 * A model only turns counts into times; it must give the same for the same counts.
 */
export interface CostModel {
  /** For reports. */
  readonly name: string
  /** Time of one CPU for all packets of the work, nanoseconds. */
  hostNs(work: HostWork): number
  cardTime(work: CardWork): CardTime
  /** From a card's cores into the host's memory. */
  transferNs(lengthBytes: number): number
  /** What was assumed, and where the figures are from; a line each. */
  notes(): readonly string[]
}
