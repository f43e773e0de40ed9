import type { CostAction } from './costs/host-cost.ts'
import type { StageCounter } from './counters.ts'

/** What bounds a modelled rate. */
export type RateLimit = 'processors' | 'memory' | 'card' | 'link'

/**
 * How fast the modelled hardware would be: never to be mixed with how fast the emulator ran. `packetsPerSecond` is
 * undefined where no published measurement covers what the packets did; `notes` then says what is missing.
 */
export interface ModelledRate {
  /** Name of the model, with the machine it stands for and the word "estimate" where it is one. */
  readonly model: string
  readonly packetsPerSecond: number | undefined
  readonly limitedBy: RateLimit | undefined
  /** Mean time of a packet on one processor of the model. */
  readonly nanosecondsPerPacket: number | undefined
  readonly sources: readonly string[]
  readonly notes: readonly string[]
}

/** What a model is asked about: the counters of one hook, and what is around it. */
export interface RateQuestion {
  /** `nic.stageCounters(mode)`. */
  readonly stage: Readonly<Record<StageCounter, number>>
  /** Processors that handle packets at the same time. */
  readonly cpus: number
  /** Undefined for a virtual wire without a rate. */
  readonly linkGbps?: number
}

/** Bytes on the wire beside the frame: preamble and start 8, check sequence 4, gap 12. @see IEEE 802.3 */
export const WIRE_OVERHEAD_BYTES = 24
/** A frame is padded to this, check sequence not counted. */
const MINIMUM_FRAME_BYTES = 60

/** Packets of `frameBytes` (without check sequence) that a link carries in a second: 14,880,952 for 60 bytes at 10 Gb/s. */
export function linkPacketsPerSecond(linkGbps: number, frameBytes: number): number {
  return (linkGbps * 1e9) / ((Math.max(frameBytes, MINIMUM_FRAME_BYTES) + WIRE_OVERHEAD_BYTES) * 8)
}

/** Measured nanoseconds of a packet on one processor, by verdict; undefined where nobody published it. */
export type ActionCosts = Readonly<Record<CostAction, number | undefined>>

/** One machine: how long a packet takes, with a program of `programInsns` instructions executed. */
export interface CostProfile {
  readonly name: string
  readonly processor: string
  readonly gigahertz: number
  /** BPF instructions a cycle, after just-in-time compilation. */
  readonly insnsPerCycle: number
  /** Executed instructions that the measured costs include. */
  readonly programInsns: number
  readonly nanoseconds: ActionCosts
  /** Packets a second that the card can't exceed, however many processors. */
  readonly cardPacketsPerSecond?: number
  readonly sources: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Rate of a processor that handles packets one after the other: mean time by verdict, plus the program's instructions
 * beyond those that the measurements include.
 */
export function linearRate(kind: string, profile: CostProfile, question: RateQuestion): ModelledRate {
  const { stage } = question
  const model = `${kind} linear estimate (${profile.name}, ${profile.processor})`
  const base = { model, sources: profile.sources }
  const none = { packetsPerSecond: undefined, limitedBy: undefined, nanosecondsPerPacket: undefined }
  if (stage.packets === 0) return { ...base, ...none, notes: ['no packets'] }
  const counts: Readonly<Record<CostAction, number>> = {
    drop: stage.drop + stage.aborted + stage.invalid,
    pass: stage.pass,
    tx: stage.tx,
    redirect: stage.redirect,
  }
  let nanoseconds = 0
  const missing: string[] = []
  for (const action of ['drop', 'pass', 'tx', 'redirect'] as const) {
    const cost = profile.nanoseconds[action]
    if (counts[action] > 0 && cost === undefined) missing.push(`no published cost of ${action} on ${profile.name}`)
    nanoseconds += (counts[action] / stage.packets) * (cost ?? 0)
  }
  if (missing.length > 0) return { ...base, ...none, notes: [...profile.notes, ...missing] }
  const extraInsns = Math.max(0, stage.insns / stage.packets - profile.programInsns)
  nanoseconds += extraInsns / (profile.insnsPerCycle * profile.gigahertz)
  return { ...base, nanosecondsPerPacket: nanoseconds, notes: profile.notes, ...capped(profile, question, nanoseconds) }
}

function capped(
  profile: CostProfile,
  question: RateQuestion,
  nanoseconds: number,
): { packetsPerSecond: number; limitedBy: RateLimit } {
  const { stage, cpus, linkGbps } = question
  const limits: [RateLimit, number][] = [['processors', (cpus * 1e9) / nanoseconds]]
  if (profile.cardPacketsPerSecond !== undefined) limits.push(['card', profile.cardPacketsPerSecond])
  if (linkGbps !== undefined) limits.push(['link', linkPacketsPerSecond(linkGbps, stage.bytes / stage.packets)])
  const [limitedBy, packetsPerSecond] = limits.reduce((least, row) => (row[1] < least[1] ? row : least))
  return { packetsPerSecond, limitedBy }
}
