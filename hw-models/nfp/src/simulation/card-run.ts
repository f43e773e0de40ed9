import type { RateLimit } from '@bpfoundry/device'
import type { NfpCard } from '../card.ts'
import type { OfferedLoad } from './arrivals.ts'
import type { CardTimingName } from './card-timing.ts'
import type { ExecutedProgram } from './executing-cores.ts'
import type { PacketPath } from './packet-path.ts'
import type { TimingParameter } from './timing-parameter.ts'

/** Values of the card's parameters. */
export type CardTiming = Readonly<Record<CardTimingName, Pick<TimingParameter, 'value'>>>

/** Which firmware surrounds the program: as users have it, without its choice of a host queue, and that with plain arrays. */
export type FirmwareBuild = 'full' | 'trimmed' | 'arrays'

/** The parameter that holds the cycles of a firmware. */
export const FIRMWARE_CYCLES: Readonly<Record<FirmwareBuild, CardTimingName>> = {
  full: 'firmwareFull',
  trimmed: 'firmwareTrimmed',
  arrays: 'firmwareArrays',
}

/** One run of a card: what is modelled. */
export interface CardRun {
  readonly card: Pick<NfpCard, 'clockHz' | 'threadsPerCore' | 'ports' | 'linkGbps'>
  readonly cores: number
  readonly firmware: FirmwareBuild
  /** Ways of the packets, each in its turn: cores follow them. */
  readonly paths: readonly PacketPath[]
  /** Instead of following paths, cores execute this for every packet. */
  readonly program?: ExecutedProgram
  /** Bytes of a frame on arrival, without its check sequence. */
  readonly frameBytes: number
  readonly load: OfferedLoad
  /** Packets to finish before anything is counted, and those that are counted. */
  readonly warmUpPackets: number
  readonly packets: number
  /** Groups that the cores are dealt out to; changes no figure. */
  readonly groups?: number
  /** Instead of CARD_TIMING. */
  readonly timing?: CardTiming
}

/** What a run gave: all of it modelled. */
export interface CardFigures {
  /** Packets that came out of the card: to host or wire, or dropped by the program. */
  readonly packetsPerSecond: number
  /** Programs that ran to their end: more, where ports or host don't take what they are given. */
  readonly programsPerSecond: number
  /** What bounded it; absent where no more was offered. */
  readonly limitedBy?: RateLimit
  readonly offeredPerSecond: number
  /** Packets that the card lost before a core had them. */
  readonly lost: number
  /** Share of the time that cores and the busiest bank of external memory were busy. */
  readonly coreUtilisation: number
  readonly memoryUtilisation: number
  /** Nanoseconds from the last bit of a packet in to its first bit out, or to its end on the card. */
  readonly latencyNs: {
    readonly mean: number
    readonly p50: number
    readonly p90: number
    readonly p99: number
    readonly p999: number
  }
  /** Modelled cycles of the clock, and of all cores. */
  readonly cycles: number
  readonly coreCycles: number
  readonly packets: number
}
