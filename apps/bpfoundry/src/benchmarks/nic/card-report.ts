import { type ComparedRow, compareRow, type RowSummary, summariseRows } from '@bpfoundry/device'
import {
  CARD_TIMING,
  type CardFigures,
  type CardPoint,
  type CardTimingName,
  type NfpCard,
  type PublishedCardRow,
  type TimingParameter,
} from '@bpfoundry/nfp'
import type { CardReply } from './card-worker.ts'

/** One packet size and number of cores, as JSON has it. */
export interface CardRow {
  /** With the check sequence, as packet sizes are named. */
  readonly sizeBytes: number
  readonly cores: number
  readonly packetsPerSecond: number
  readonly limitedBy?: CardFigures['limitedBy']
  /** When the line is full. */
  readonly lineRate: { readonly packetsPerSecond: number; readonly lost: number }
  readonly coreUtilisation: number
  readonly memoryUtilisation: number
  /** Nanoseconds, at a share of the capacity. */
  readonly latencyNs: CardFigures['latencyNs']
}

/** How fast the simulator was: wall time, never to be mixed with what is modelled. */
export interface SimulatorSpeed {
  readonly threads: number
  readonly wallSeconds: number
  /** Modelled cycles of cores, and packets, in a second of wall time of one worker. */
  readonly coreCyclesPerSecondPerWorker: number
  readonly packetsPerSecondPerWorker: number
}

/** A published row as JSON has it. */
export type PublishedRowJson = Omit<ComparedRow, 'calibrates'> &
  Pick<PublishedCardRow, 'coreBound'> & { readonly calibrates: readonly string[] }

/** What `bench nic --card` prints as JSON. Everything but `simulator` is modelled. */
export interface CardReport {
  readonly $schema: 'bpfoundry.bench-nic/1'
  readonly clock: 'modelled'
  readonly card: Pick<NfpCard, 'name' | 'chip' | 'clockHz' | 'ports' | 'linkGbps' | 'threadsPerCore'>
  readonly firmware: string
  readonly program: {
    readonly object: string
    readonly name: string
    readonly words: number
    /** Mean over the sampled packets, at the smallest size, without the firmware. */
    readonly cyclesPerPacket: number
    readonly commandsPerPacket: number
  }
  readonly load: number
  readonly points: readonly CardRow[]
  readonly published: readonly PublishedRowJson[]
  readonly summary: Readonly<Record<'all' | 'coreBound' | 'others', RowSummary>>
  readonly parameters: readonly (TimingParameter & {
    readonly name: CardTimingName
    readonly rows: readonly string[]
  })[]
  readonly simulator: SimulatorSpeed
}

/** Bytes of the check sequence, which is no part of a frame here but of packet sizes as people name them. */
export const CHECK_SEQUENCE_BYTES = 4

/** A point as a row of the report. */
export function cardRow({ frameBytes, cores, capacity, lineRate, loaded }: CardPoint): CardRow {
  return {
    sizeBytes: frameBytes + CHECK_SEQUENCE_BYTES,
    cores,
    packetsPerSecond: capacity.packetsPerSecond,
    ...(capacity.limitedBy === undefined ? {} : { limitedBy: capacity.limitedBy }),
    lineRate: { packetsPerSecond: lineRate.packetsPerSecond, lost: lineRate.lost },
    coreUtilisation: capacity.coreUtilisation,
    memoryUtilisation: capacity.memoryUtilisation,
    latencyNs: loaded.latencyNs,
  }
}

/** Every parameter of the model with the published rows that it was found from. */
export function parameterRows(rows: readonly PublishedCardRow[]): CardReport['parameters'] {
  return (Object.entries(CARD_TIMING) as [CardTimingName, TimingParameter][]).map(([name, parameter]) => ({
    name,
    ...parameter,
    rows: rows.filter(({ calibrates }) => calibrates?.includes(name) === true).map(({ id }) => id),
  }))
}

/** A published row with the answer that a worker found, or why there is none. */
export function publishedRow(
  { setup: _setup, calibrates = [], ...row }: PublishedCardRow,
  replies: readonly CardReply[],
  unanswered: ReadonlyMap<string, string>,
): PublishedRowJson {
  const reply = replies.find((one) => one.kind === 'row' && one.id === row.id)
  const modelled = reply?.kind === 'row' ? reply.modelled : (unanswered.get(row.id) ?? 'stopped')
  return { ...row, ...compareRow(row, modelled), calibrates }
}

/** How good the answers are: of all rows, of those that cores alone bound, of the others. */
export function cardSummary(rows: readonly PublishedRowJson[]): CardReport['summary'] {
  return {
    all: summariseRows(rows),
    coreBound: summariseRows(rows.filter(({ coreBound }) => coreBound)),
    others: summariseRows(rows.filter(({ coreBound }) => !coreBound)),
  }
}
