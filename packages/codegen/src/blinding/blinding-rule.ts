/** What a rule of blinding is, what it works on, and what most of them have in common. */
import { BPF_REG_AX, BPF_X, type Insn } from '@bpfoundry/isa'
import type { KeptConstants } from '../kept-constants.ts'
import type { ProgramWriter } from '../rewritten-program.ts'
import type { HiddenRegister } from './hidden-register.ts'

/** The instruction, where it stands, and what it is written with. */
export interface Place {
  readonly insn: Insn
  /** The second slot of a 64-bit immediate. */
  readonly next: Insn | undefined
  readonly pc: number
  readonly weight: number
  readonly writer: ProgramWriter
  readonly hidden: HiddenRegister
  readonly kept: KeptConstants
  /** dst is below 2^width, unsigned. */
  dstWidth(): number
  /** Where the result of a comparison's arithmetic goes: dst or another register that nobody reads any more, else AX. */
  scratch(): number
  /** Whether more can be made of a base before AX is needed for something else. */
  baseServesAhead(): boolean
  /** In a loop a longer way from one turn's value to the next one's is felt more than an instruction beside it. */
  isInLoop(): boolean
}

export type Blind = (place: Place) => void
export type Bits = 32 | 64

export interface BlindingRule {
  readonly blind: Blind
  /** Whether the number may come from a register that keeps it. */
  readonly keeps: (insn: Insn) => boolean
  /** Whether AX may be written. */
  readonly needsAx: (insn: Insn) => boolean
  /** Whether a base serves it, of which there are 32 bits. */
  readonly fromBase: (insn: Insn, next: Insn | undefined) => boolean
}

/** `dst op= imm` and `if dst op imm`: the form with a register. `off` is kept: it says signed, or how far. */
export function takeFrom(register: number, { writer, insn, pc, weight }: Place): void {
  writer.keep({ ...insn, opcode: insn.opcode | BPF_X, src: register, imm: 0 }, pc, weight)
}

/** A number that a register keeps comes from there. */
export const keptOr =
  (otherwise: Blind): Blind =>
  (place) => {
    const register = place.kept.get(place.insn.imm)
    if (register === undefined) otherwise(place)
    else takeFrom(register, place)
  }

/** Where there is no better way the number is made in AX: `r3 *= imm   ->   r11 = imm ^ key; r11 ^= key; r3 *= r11` */
export const fromAx =
  (bits: Bits): Blind =>
  (place) => {
    place.hidden.hold(place.insn.imm, bits)
    takeFrom(BPF_REG_AX, place)
  }
