import type { NfpInsnFact } from '../nfp-program.ts'

/** A chain of loads and stores that one command of the memory bus replaces; kept at its first load. */
export interface CopyChain {
  readonly lengthBytes: number
  /** The accesses went from high to low offsets. */
  readonly descending: boolean
  /** The first store. */
  readonly store: InsnRecord
}

/** Bytes of the packet that one read brings into transfer registers, by offset from the pointer. */
export interface CacheWindow {
  readonly start: number
  readonly end: number
  /** This load makes the read; the others of its window take from it. */
  readonly reads: boolean
}

/** One slot on its way through the phases: a copy of the instruction that passes may change, and what they found. */
export interface InsnRecord {
  readonly pc: number
  readonly fact: NfpInsnFact
  opcode: number
  readonly dst: number
  readonly src: number
  off: number
  imm: number
  /** Index of the function it belongs to. */
  functionIndex: number
  /** Some jump or call leads here. */
  isTarget: boolean
  startsFunction: boolean
  /** Where a jump or call leads. */
  target: InsnRecord | undefined
  /** What comes before makes it needless. */
  absorbed: boolean
  /** A comparison whose immediate was negated: it adds instead of subtracting. */
  negated: boolean
  chain: CopyChain | undefined
  window: CacheWindow | undefined
  /** Index of its first word. */
  start: number
}

/** True for what becomes no word. */
export function isSkipped(record: InsnRecord): boolean {
  return record.absorbed || record.fact.removed === true
}
