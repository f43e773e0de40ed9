/** What words say, class by class: the codec's typed side. */
import type { Operand } from '../operand.ts'
import type { AluOp, BrCondition, CmdMode, CmdSwap, ImmedWidth, MulStep, MulType, ShfOp } from '../operations.ts'
import type { Shift } from '../shift.ts'

/** What words that calculate have in common. */
export interface DataWord {
  readonly dst: Operand
  /** Whether condition codes are set. */
  readonly setsConditions: boolean
  /** Executed only if the context's predicate holds. */
  readonly predicated: boolean
}

export interface AluInstruction extends DataWord {
  readonly cls: 'alu'
  readonly op: AluOp
  readonly left: Operand
  readonly right: Operand
}

export interface ShfInstruction extends DataWord {
  readonly cls: 'shf'
  readonly op: ShfOp
  readonly left: Operand
  readonly right: Operand
  readonly shift: Shift
}

export interface LdFieldInstruction extends DataWord {
  readonly cls: 'ldField'
  readonly byteMask: number
  /** Whether the bytes outside the mask become 0. */
  readonly clears: boolean
  readonly src: Operand
  readonly shift: Shift
}

export interface ImmedInstruction extends DataWord {
  readonly cls: 'immed'
  /** The 16 bits of the word. */
  readonly value: number
  readonly width: ImmedWidth
  readonly invert: boolean
  readonly shiftBytes: number
}

export interface MulInstruction extends DataWord {
  readonly cls: 'mul'
  readonly type: MulType
  readonly step: MulStep
  readonly left: Operand
  readonly right: Operand
}

export interface LocalCsrInstruction {
  readonly cls: 'localCsr'
  readonly write: boolean
  readonly csrBytes: number
  readonly src: Operand
}

export interface BrInstruction {
  readonly cls: 'br'
  readonly condition: BrCondition
  /** Context, signal or state that some conditions look at. */
  readonly state: number
  readonly target: number
  readonly defer: number
}

export interface BrBitInstruction {
  readonly cls: 'brBit'
  readonly src: Operand
  readonly bit: number
  readonly set: boolean
  readonly target: number
  readonly defer: number
}

export interface BrByteInstruction {
  readonly cls: 'brByte'
  readonly src: Operand
  readonly byte: number
  readonly value: number
  readonly equal: boolean
  readonly target: number
  readonly defer: number
}

export interface BrAluInstruction {
  readonly cls: 'brAlu'
  readonly src: Operand
  readonly offset: number
  readonly defer: number
}

export interface CtxArbInstruction {
  readonly cls: 'ctxArb'
  readonly events: number
  readonly any: boolean
  readonly kill: boolean
  readonly breakpoint: boolean
  readonly resumeAt: number | undefined
  readonly defer: number
}

export interface CmdInstruction {
  readonly cls: 'cmd'
  readonly tgtCmd: number
  readonly token: number
  readonly mode: CmdMode
  /** Operand of bank A and of bank B. */
  readonly a: Operand
  readonly b: Operand
  readonly xfer: number
  /** One less than the units that are moved. */
  readonly count: number
  readonly signal: number
  readonly swap: CmdSwap
  readonly indirect: boolean
}

/** A decoded word. */
export type Instruction =
  | AluInstruction
  | ShfInstruction
  | LdFieldInstruction
  | ImmedInstruction
  | MulInstruction
  | LocalCsrInstruction
  | BrInstruction
  | BrBitInstruction
  | BrByteInstruction
  | BrAluInstruction
  | CtxArbInstruction
  | CmdInstruction
