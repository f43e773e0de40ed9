import { linkPacketsPerSecond, type ModelledRate, type RateLimit, type RateQuestion } from '../modelled-rate.ts'
import { FRAMES_A_DESCRIPTOR, type FrameCache, frameStallNs } from './frame-cache.ts'
import {
  type BreakdownItem,
  BUSY,
  COST_ACTIONS,
  type CostAction,
  type CostComponent,
  priceComponents,
  priceProgram,
  sumNanoseconds,
} from './host-cost.ts'
import { atClock, type Processor } from './processors.ts'
import type { ProgramWork } from './program-work.ts'

/** What a driver, or the stack, costs a packet on one machine: data. */
export interface HostCosts {
  /** Card and driver, with the kernel's version where it matters. */
  readonly name: string
  readonly processor: Processor
  /** The clock that the costs were found at. */
  readonly gigahertz: number
  /** Until the program runs, whatever it says then. */
  readonly receive: readonly CostComponent[]
  /** What each verdict adds; undefined where nothing was published. */
  readonly actions: Readonly<Record<CostAction, readonly CostComponent[] | undefined>>
  /** Packets a second that the card can't exceed, however many processors: taken in, and sent back as well. */
  readonly cardPacketsPerSecond?: { readonly kept: number; readonly sent: number }
  readonly frameCache?: FrameCache
  readonly sources: readonly string[]
  readonly notes: readonly string[]
}

type Stage = RateQuestion['stage']

/** Executed x86 for a BPF instruction, and instructions of a helper, where nothing but the counters of a run is known. */
const X86_INSNS_A_BPF_INSN = 1.5
const UNKNOWN_MAP = { type: 1, keyBytes: 4, valueBytes: 8, hotElements: 1 } as const
const LOOKUP = 1
const RETURN_INSNS = 2

/** What the counters of a run tell of a program: every helper counts as a look-up of a 4-byte key that is in the cache. */
function estimatedWork({ insns, helperCalls, packets }: Stage): ProgramWork {
  const bpfInsns = insns / packets
  return {
    bpfInsns,
    x86Insns: bpfInsns * X86_INSNS_A_BPF_INSN,
    helpers: helperCalls === 0 ? [] : [{ helper: LOOKUP, calls: helperCalls / packets, map: UNKNOWN_MAP }],
    touched: bpfInsns > RETURN_INSNS ? 1 : 0,
    method: 'estimated from counters, 1.5 for each of BPF',
  }
}

/** Share of each verdict among the packets. */
function sharesOf(stage: Stage): Readonly<Record<CostAction, number>> {
  const drop = stage.drop + stage.aborted + stage.invalid
  const counts = { drop, pass: stage.pass, tx: stage.tx, redirect: stage.redirect }
  return Object.fromEntries(COST_ACTIONS.map((action) => [action, counts[action] / stage.packets])) as typeof counts
}

/**
 * Rate of processors that handle packets one after the other: what a packet costs by parts, as far as card and link let
 * them. Cycles follow the clock, memory does not.
 */
export function hostRate(kind: string, costs: HostCosts, question: RateQuestion): ModelledRate {
  const processor = atClock(costs.processor, question.gigahertz ?? costs.processor.gigahertz)
  const { stage } = question
  const model = `${kind} estimate (${costs.name}, ${processor.name} at ${processor.gigahertz} GHz)`
  const base = { model, sources: costs.sources }
  if (stage.packets === 0) return { ...base, ...UNKNOWN, notes: ['no packets'] }
  const shares = sharesOf(stage)
  const missing = COST_ACTIONS.filter((action) => shares[action] > 0 && costs.actions[action] === undefined)
  if (missing.length > 0) {
    const notes = missing.map((action) => `no published cost of ${action} on ${costs.name}`)
    return { ...base, ...UNKNOWN, notes: [...costs.notes, ...notes] }
  }
  const breakdown = breakdownOf(costs, processor, question, shares)
  const nanosecondsPerPacket = sumNanoseconds(breakdown)
  const limits = limitsOf(costs, question, shares, nanosecondsPerPacket)
  return { ...base, ...limits, nanosecondsPerPacket, breakdown, notes: costs.notes }
}

const UNKNOWN = { packetsPerSecond: undefined, limitedBy: undefined, nanosecondsPerPacket: undefined } as const

function breakdownOf(
  costs: HostCosts,
  processor: Processor,
  question: RateQuestion,
  shares: Readonly<Record<CostAction, number>>,
): BreakdownItem[] {
  const sharing = question.sharing ?? BUSY
  const work = question.work ?? estimatedWork(question.stage)
  const items = [
    ...priceComponents(costs.receive, processor, sharing),
    ...priceProgram(work, processor),
    ...COST_ACTIONS.flatMap((action) => {
      const priced = priceComponents(costs.actions[action] ?? [], processor, sharing)
      return priced.map((item) => ({ ...item, nanoseconds: item.nanoseconds * shares[action] }))
    }),
    ...frameMisses(costs, question, work, shares),
  ]
  return items.filter(({ nanoseconds }) => nanoseconds > 0)
}

/** Frames under way that do not fit the caches' share for them: who does not read a packet does not miss it. */
function frameMisses(
  { frameCache }: HostCosts,
  { descriptors, cpus }: RateQuestion,
  { touched }: ProgramWork,
  { tx, redirect }: Readonly<Record<CostAction, number>>,
): BreakdownItem[] {
  if (frameCache === undefined || descriptors === undefined) return []
  const sent = tx + redirect
  const frames = descriptors * cpus * (FRAMES_A_DESCRIPTOR.sent * sent + FRAMES_A_DESCRIPTOR.kept * (1 - sent))
  const nanoseconds = touched * frameStallNs(frameCache, frames)
  return [{ component: 'frames missed in the last-level cache', nanoseconds, source: frameCache.source }]
}

function limitsOf(
  { cardPacketsPerSecond }: HostCosts,
  { stage, cpus, linkGbps }: RateQuestion,
  { tx, redirect }: Readonly<Record<CostAction, number>>,
  nanoseconds: number,
): { packetsPerSecond: number; limitedBy: RateLimit } {
  const limits: [RateLimit, number][] = [['processors', (cpus * 1e9) / nanoseconds]]
  if (cardPacketsPerSecond !== undefined) {
    const { kept, sent } = cardPacketsPerSecond
    const share = tx + redirect
    // Each packet takes its part of a second, by what becomes of it.
    limits.push(['card', 1 / (share / sent + (1 - share) / kept)])
  }
  if (linkGbps !== undefined) limits.push(['link', linkPacketsPerSecond(linkGbps, stage.bytes / stage.packets)])
  const [limitedBy, packetsPerSecond] = limits.reduce((least, row) => (row[1] < least[1] ? row : least))
  return { packetsPerSecond, limitedBy }
}
