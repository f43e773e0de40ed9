import type { XdpMode } from '@bpfoundry/device'
import type { DeploymentFate, FateCounts } from '../measure/deployment-fates.ts'
import type { LatencySlot } from '../measure/latency-histogram.ts'
import type { LogLine } from '../stage/event-log.ts'

/** A value a slot of the time axis. */
export type Timeline = readonly number[]

/** What became of the packets at one interface. */
export interface InterfaceReport {
  readonly path: string
  readonly host: string
  readonly profile: string
  /** Programs by mode, at the end. */
  readonly programs: Readonly<Partial<Record<XdpMode, string>>>
  readonly in: number
  /** Their sum is `in`. */
  readonly fates: FateCounts
  /** Packets that left here. */
  readonly sent: number
  readonly queues: readonly QueueReport[]
  readonly fatesOverTime: Readonly<Partial<Record<DeploymentFate, Timeline>>>
  /** `ethtool -S`. */
  readonly counters: Readonly<Record<string, number>>
}

/** A receive queue. */
export interface QueueReport {
  readonly queue: number
  readonly cpu: number
  readonly capacity: number
  readonly packets: number
  /** Most packets in the ring, a slot. */
  readonly occupancy: Timeline
  /** Of a card that runs programs itself: most packets that its cores had passed and the host had not taken, a slot. */
  readonly hostOccupancy: Timeline
}

/** A CPU of a host, or the cores of a card. */
export interface ProcessorReport {
  /** `edge cpu 0`, `edge.eth0 cores`. */
  readonly name: string
  readonly kind: 'cpu' | 'card'
  /** CPUs or cores that share the load; 1 for a CPU. */
  readonly processors: number
  readonly packets: number
  readonly busyNs: number
  /** Of the whole run, 0 to 1. */
  readonly load: number
  /** Share of each slot, 0 to 1. */
  readonly loadOverTime: Timeline
}

/** A cable, both directions together. */
export interface LinkReport {
  readonly name: string
  readonly between: readonly [string, string]
  readonly bitsPerSecond: number
  /** From the first end to the second, and back. */
  readonly directions: readonly [DirectionReport, DirectionReport]
}

/** `sent` is `delivered + lost + overflow + underWay`. */
export interface DirectionReport {
  readonly sent: number
  readonly bytes: number
  readonly delivered: number
  readonly lost: number
  readonly overflow: number
  readonly underWay: number
}

/** Packets of one traffic. */
export interface TrafficReport {
  readonly name: string
  readonly sent: number
  readonly bytes: number
  /** By station or host. */
  readonly received: Readonly<Record<string, number>>
  /** Sent, and received by nobody: dropped on purpose, or lost. */
  readonly notDelivered: number
}

/** What arrived at a station, or in the stack of a host. */
export interface ReceiverReport {
  readonly name: string
  readonly kind: 'station' | 'host'
  readonly packets: number
  readonly packetsPerSecond: number
  readonly packetsOverTime: Timeline
  readonly bitsOverTime: Timeline
  readonly latency: LatencyReport | undefined
}

/** Modelled time from sending to arriving. */
export interface LatencyReport {
  readonly leastNs: number
  readonly meanNs: number
  readonly p50Ns: number
  readonly p90Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly mostNs: number
  readonly slots: readonly LatencySlot[]
}

/** An expectation, and whether it came true. */
export interface ExpectationReport {
  readonly name: string
  readonly check: string
  readonly passed: boolean
  readonly expected: string
  readonly got: string
  /** Line in the file. */
  readonly line: number
}

/** What became of a deployment. Every time is modelled but `wall`. */
export interface DeploymentReport {
  readonly $schema: 'bpfoundry.deployment/1'
  readonly name: string
  readonly description: string | undefined
  readonly file: string
  readonly engine: string
  readonly seed: number
  /** False when an expectation did not come true, or the run was stopped. */
  readonly passed: boolean
  readonly interrupted: boolean
  readonly modelled: {
    readonly seconds: number
    /** Width of a slot of all timelines, and how many there are. */
    readonly slotNs: number
    readonly slots: number
    readonly costModel: string
    readonly notes: readonly string[]
  }
  readonly packets: {
    readonly sent: number
    /** Made by programs that send a packet to several ports. */
    readonly copies: number
    /** Every packet by the fate that ended it; the sum is `sent + copies`. */
    readonly fates: FateCounts
    readonly sentOverTime: Timeline
  }
  readonly interfaces: readonly InterfaceReport[]
  readonly processors: readonly ProcessorReport[]
  readonly links: readonly LinkReport[]
  readonly traffic: readonly TrafficReport[]
  readonly receivers: readonly ReceiverReport[]
  readonly expectations: readonly ExpectationReport[]
  readonly log: readonly LogLine[]
  readonly logOmitted: number
  /** How long the emulator took on this host: another clock. */
  readonly wall: { readonly seconds: number; readonly packetsPerSecond: number }
}
