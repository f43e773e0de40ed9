import type { StageCounter } from '../counters.ts'
import type { RateQuestion } from '../modelled-rate.ts'
import type { CostAction } from './host-cost.ts'
import type { ProgramWork } from './program-work.ts'
import type { PublishedRow } from './published-row.ts'

/** What a published figure of a host was measured with. */
export interface HostSetup {
  /** Name of the costs that answer it. */
  readonly costs: string
  /** Name of the program with its packet, as `bench nic` knows it; `none` where no program ran. */
  readonly scenario: string
  readonly action: CostAction
  /** 1 by default. */
  readonly cpus?: number
  readonly gigahertz?: number
  readonly descriptors?: number
}

/** A published figure of a host: data. */
export interface HostRow extends PublishedRow {
  /** A text says why the model does not answer it. */
  readonly setup: HostSetup | string
}

const FRAME_BYTES = 60
const PACKETS = 1000

/** Counters of a hook that gave all packets one verdict: what a row is asked with. */
export function hostQuestion(setup: HostSetup, work: ProgramWork, counters: readonly StageCounter[]): RateQuestion {
  const { action, cpus = 1, gigahertz, descriptors } = setup
  const stage = Object.fromEntries(counters.map((name) => [name, 0])) as Record<StageCounter, number>
  Object.assign(stage, { packets: PACKETS, bytes: PACKETS * FRAME_BYTES, [action]: PACKETS })
  return {
    stage,
    cpus,
    work,
    ...(gigahertz === undefined ? {} : { gigahertz }),
    ...(descriptors === undefined ? {} : { descriptors }),
  }
}
