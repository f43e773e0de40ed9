import type { CardFigures, CardRun } from './card-run.ts'
import { simulateCard } from './card-simulation.ts'

/** What is asked of a card: a run without its load. */
export type CardQuestion = Omit<CardRun, 'load' | 'warmUpPackets' | 'packets'> & {
  /** Packets that are counted in each run. */
  readonly packets?: number
  /** Share of the capacity at which latencies are taken. */
  readonly load?: number
}

/** A card at one packet size and number of cores. */
export interface CardPoint {
  readonly frameBytes: number
  readonly cores: number
  /** The most that it does without loss. */
  readonly capacity: CardFigures
  /** What it does when the line is full. */
  readonly lineRate: CardFigures
  /** At a share of its capacity, packets coming at random: the latencies. */
  readonly loaded: CardFigures
}

const PACKETS = 20_000
const LOAD = 0.8
/** A full line, whatever its rate. */
const LINE_RATE_PACKETS_PER_SECOND = 1e12

/** Measures a card as one measures a real one: a source shaped to what it takes, a full line, a part of its capacity. */
export function measureCard({ packets = PACKETS, load = LOAD, ...question }: CardQuestion): CardPoint {
  const run = { ...question, packets, warmUpPackets: Math.ceil(packets / 4) }
  const capacity = simulateCard({ ...run, load: { kind: 'shaped' } })
  const lineRate = simulateCard({
    ...run,
    load: { kind: 'rate', packetsPerSecond: LINE_RATE_PACKETS_PER_SECOND },
  })
  const packetsPerSecond = capacity.packetsPerSecond * load
  const loaded = simulateCard({ ...run, load: { kind: 'random', packetsPerSecond } })
  return { frameBytes: question.frameBytes, cores: question.cores, capacity, lineRate, loaded }
}
