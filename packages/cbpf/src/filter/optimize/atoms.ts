import { BPF_CLASS, BPF_MODE, BPF_SRC } from '@bpfoundry/isa'
import { NOP, type Statement } from '../block.ts'
import { OP } from '../opcodes.ts'

/**
 * What statements read and write: the cells of M[] by their numbers, A and X. Sets of them are bits.
 *
 * @see Aho, Sethi and Ullman, Compilers (1986), section 10.6, live variables
 */
export const ATOM_A = 16
export const ATOM_X = 17
export const ATOM_COUNT = 18

/** Bits of atoms. */
export type AtomSet = number

export const atomBit = (atom: number): AtomSet => 1 << atom
const A: AtomSet = atomBit(ATOM_A)
const X: AtomSet = atomBit(ATOM_X)

const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, ret: 6, misc: 7 } as const
const MODE_INDEXED = 0x40
const MODE_CELL = 0x60
const RETURNS_A = 0x10

/** An instruction: a statement, or what ends a block. */
type Instruction = Pick<Statement, 'code' | 'k'>

/** What an instruction reads. */
export function atomsUsed({ code, k }: Instruction): AtomSet {
  if (code === NOP) return 0
  switch (BPF_CLASS(code)) {
    case CLASS.ld:
    case CLASS.ldx:
      return BPF_MODE(code) === MODE_INDEXED ? X : BPF_MODE(code) === MODE_CELL ? atomBit(k) : 0
    case CLASS.st:
      return A
    case CLASS.stx:
      return X
    case CLASS.ret:
      return (code & 0x18) === RETURNS_A ? A : 0
    case CLASS.misc:
      return code === OP.TXA ? X : A
    default:
      return BPF_SRC(code) === 0 ? A : A | X
  }
}

/** What an instruction writes; undefined where it writes nothing. */
export function atomDefined({ code, k }: Instruction): number | undefined {
  if (code === NOP) return undefined
  switch (BPF_CLASS(code)) {
    case CLASS.ld:
    case CLASS.alu:
      return ATOM_A
    case CLASS.ldx:
      return ATOM_X
    case CLASS.st:
    case CLASS.stx:
      return k
    case CLASS.misc:
      return code === OP.TAX ? ATOM_X : ATOM_A
    default:
      return undefined
  }
}
