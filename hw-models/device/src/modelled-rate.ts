import type { BreakdownItem, Sharing } from './costs/host-cost.ts'
import type { ProgramWork } from './costs/program-work.ts'
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
  /** What that time consists of, where the model knows: the parts sum up to it. */
  readonly breakdown?: readonly BreakdownItem[]
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
  /** What the program does for a packet; estimated from the counters when absent. */
  readonly work?: ProgramWork
  /** Another clock than the modelled processor's. */
  readonly gigahertz?: number
  /** Receive descriptors of a processor's queue, where the caches' share for frames is to be looked at. */
  readonly descriptors?: number
  /** How many packets share a poll and a bulk; a busy host's by default. */
  readonly sharing?: Sharing
}

/** Bytes on the wire beside the frame: preamble and start 8, check sequence 4, gap 12. @see IEEE 802.3 */
export const WIRE_OVERHEAD_BYTES = 24
/** A frame is padded to this, check sequence not counted. */
const MINIMUM_FRAME_BYTES = 60

/** Packets of `frameBytes` (without check sequence) that a link carries in a second: 14,880,952 for 60 bytes at 10 Gb/s. */
export function linkPacketsPerSecond(linkGbps: number, frameBytes: number): number {
  return (linkGbps * 1e9) / ((Math.max(frameBytes, MINIMUM_FRAME_BYTES) + WIRE_OVERHEAD_BYTES) * 8)
}
