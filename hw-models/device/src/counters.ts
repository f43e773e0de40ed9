import type { GuestMemory } from '@bpfoundry/guest-memory'
import { FATE, FATES, type Fates, noFates } from './fates.ts'

/**
 * Counters are f64 words in guest memory, exact up to 2^53, each with one writer: the MAC's by the wire side, a queue's
 * by the CPU that polls it, a transmit port's by its CPU. Readers in other threads see whole values, perhaps a little late.
 */
export const MAC_COUNTERS = ['packets', 'bytes'] as const
/** Counters of the wire side for one queue: what reached it, and what it missed. */
export const QUEUE_WIRE_COUNTERS = ['packets', 'bytes', 'missed'] as const

/** What one XDP hook saw on one queue: verdicts with bytes, whatever became of the packet later. */
export const STAGE_COUNTERS = [
  'packets',
  'bytes',
  'pass',
  'passBytes',
  'drop',
  'dropBytes',
  'tx',
  'txBytes',
  'redirect',
  'redirectBytes',
  'aborted',
  'abortedBytes',
  'invalid',
  'invalidBytes',
  'txErrors',
  'redirectErrors',
  /** BPF instructions executed and helpers called by programs at this hook. */
  'insns',
  'helperCalls',
  /** Generic mode: skbs reallocated for head room or because they were not linear, and those of them that were made linear. */
  'skbExpansions',
  'skbLinearized',
  /** Generic mode, programs with frags support: skbs that were copied into pages of their own for the same reasons. */
  'skbCopies',
] as const

/** Counters of a queue beside its fates. */
export const QUEUE_COUNTERS = [
  'polls',
  'packets',
  'bytes',
  'stackBytes',
  'allocFailures',
  /** Copies of packets that were redirected to several devices: sent, and lost. Only the last copy is the packet itself. */
  'copies',
  'copyErrors',
] as const

/** Counters of one card's transmit side on one CPU. */
export const PORT_COUNTERS = [
  'packets',
  'bytes',
  'txFull',
  'xmit',
  'xmitErrors',
  'xmitBulks',
  /** Packets of XDP_TX that found no room. */
  'txErrors',
  /** Times that the card was told that there is something to send. */
  'doorbells',
] as const

/** What one CPU did with packets of a card that were redirected to it by a cpumap, beside their fates. */
export const REMOTE_COUNTERS = ['packets', 'stackBytes', 'insns', 'helperCalls'] as const

export type MacCounter = (typeof MAC_COUNTERS)[number]
export type QueueWireCounter = (typeof QUEUE_WIRE_COUNTERS)[number]
export type StageCounter = (typeof STAGE_COUNTERS)[number]
export type QueueCounter = (typeof QUEUE_COUNTERS)[number]
export type RemoteCounter = (typeof REMOTE_COUNTERS)[number]
export type PortCounter = (typeof PORT_COUNTERS)[number]

function places<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>
}

/** Place of each counter in its block. */
export const MAC: Readonly<Record<MacCounter, number>> = places(MAC_COUNTERS)
export const QUEUE_WIRE: Readonly<Record<QueueWireCounter, number>> = places(QUEUE_WIRE_COUNTERS)
export const STAGE: Readonly<Record<StageCounter, number>> = places(STAGE_COUNTERS)
export const QUEUE: Readonly<Record<QueueCounter, number>> = places(QUEUE_COUNTERS)
export const REMOTE: Readonly<Record<RemoteCounter, number>> = places(REMOTE_COUNTERS)
export const PORT: Readonly<Record<PortCounter, number>> = places(PORT_COUNTERS)

/** Bytes of a block of `count` counters, rounded up to cache lines so that two writers never share one. */
export function counterBytes(count: number): number {
  return Math.ceil((count * 8) / 64) * 64
}

/** A block of counters of one writer. */
export class CounterBlock {
  readonly #memory: GuestMemory
  readonly #at: number

  constructor(memory: GuestMemory, address: number) {
    this.#memory = memory
    this.#at = address >>> 3
  }

  /** Adds to counter `place`. Only for the block's writer. */
  add(place: number, amount: number): void {
    const f64 = this.#memory.f64
    f64[this.#at + place] = (f64[this.#at + place] as number) + amount
  }

  /** Value of counter `place`. */
  get(place: number): number {
    return this.#memory.f64[this.#at + place] as number
  }

  /** All of them by name. */
  read<Name extends string>(names: readonly Name[]): Record<Name, number> {
    return Object.fromEntries(names.map((name, index) => [name, this.get(index)])) as Record<Name, number>
  }
}

/** The fates in a block that holds one counter a fate; `in` stays 0. */
export function readFates(block: CounterBlock): Fates {
  const fates = noFates()
  for (const fate of FATES) fates[fate] = block.get(FATE[fate])
  return fates
}
