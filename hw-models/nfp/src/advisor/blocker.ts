import type { Insn } from '@bpfoundry/isa'
import type { MapAttributes } from '@bpfoundry/kernel-abi'
import type { NfpCard } from '../card.ts'
import type { BlockerKind, NfpRefusal } from '../refusal.ts'

/** Where in the source an instruction came from, as BTF.ext has it. */
export interface BlockerSource {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** One thing that keeps a program from a card. Plain data. */
export interface Blocker {
  readonly kind: BlockerKind
  /** Name of the errno that the load, the map's creation or the attachment fails with. */
  readonly errno: string
  /** The driver's words with their prefix; empty where it says nothing. */
  readonly message: string
  /** Slot of the instruction. */
  readonly pc?: number
  /** The instruction as the verifier's log has it. */
  readonly insn?: string
  readonly source?: BlockerSource
  readonly map?: string
  /** What to write instead. */
  readonly advice: string
}

/** Something that the card does otherwise than the host, though it takes the program. */
export interface OffloadNote {
  readonly message: string
  readonly pc?: number
  readonly source?: BlockerSource
}

/** What advice can be made of. */
export interface AdviceContext {
  readonly refusal: NfpRefusal
  readonly card: NfpCard
  readonly insn?: Insn
  readonly map?: MapAttributes
}

/** A fixed text, or one that names what it is about. */
export type Advice = string | ((context: AdviceContext) => string)

/** The text of a row. */
export function adviceText(advice: Advice, context: AdviceContext): string {
  return typeof advice === 'string' ? advice : advice(context)
}
