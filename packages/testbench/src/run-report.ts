import type { DroppedPackets, Fates, ModelledRate, XdpMode } from '@bpfoundry/device'

/** One emulated CPU in a report. */
export interface CpuReportRow {
  readonly cpu: number
  /** Packets that reached its queues, by fate. */
  readonly fates: Fates
}

/** What became of the traffic of one run. Counts are of this run alone, whatever ran before. */
export interface RunReport {
  readonly $schema: 'bpfoundry.run/1'
  readonly nic: string
  readonly profile: string
  /** Where the program ran; undefined when none was attached. */
  readonly mode: XdpMode | undefined
  readonly program: string | undefined
  readonly engine: string
  readonly threads: boolean
  readonly traffic: string
  readonly bytesIn: number
  /** `in` is what the wire delivered; the sum of all others equals it. */
  readonly fates: Fates
  /** Why packets were dropped, as the kernel tells it: a row for each fate that drops. */
  readonly drops: readonly DroppedPackets[]
  readonly cpus: readonly CpuReportRow[]
  /** BPF instructions executed, and helpers called, by programs at this card's hooks. */
  readonly insns: number
  readonly helperCalls: number
  /** How fast the emulator was on this host, traffic generation included. */
  readonly wall: { readonly seconds: number; readonly packetsPerSecond: number }
  /** How fast the modelled hardware would be: another clock, never to be mixed with `wall`. */
  readonly modelled: ModelledRate | undefined
  /** Differences of the `ethtool -S` counters, by name. */
  readonly counters: Readonly<Record<string, number>>
  /** True when it was stopped before the traffic's end. */
  readonly interrupted: boolean
  /** Faults and warnings of the run, a line each. */
  readonly warnings: readonly string[]
}
