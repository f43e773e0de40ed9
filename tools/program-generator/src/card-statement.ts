/** Pieces of programs that nfp cards take, each valid wherever it stands. */

/** Registers that hold scalars wherever a statement may stand. r7 is the packet's start, r10 the frame. */
export const CARD_SCALARS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 9]
export const CARD_PACKET = 7

/** Bytes of every frame that statements read and write, just below r10, and the key of a lookup below them. */
export const CARD_STACK_BYTES = 64
export const CARD_KEY_OFFSET: number = -CARD_STACK_BYTES - 4
/** Bytes of the packet that statements read and write; its first ones. */
export const CARD_AREA_BYTES = 96

/** The second operand of an operation. */
export interface CardOperand {
  readonly byRegister: boolean
  readonly src: number
  readonly imm: number
}

/** An access of so many bytes at an offset that is brought into the area. */
export interface CardAccess {
  /** BPF_B, BPF_H, BPF_W, BPF_DW */
  readonly size: number
  readonly loads: boolean
  readonly register: number
  readonly at: number
}

export type CardStatement =
  /** `op`: BPF_MOV, BPF_ADD ... as `isa` has it. */
  | ({ readonly kind: 'alu'; readonly op: number; readonly wide: boolean; readonly dst: number } & CardOperand)
  /** Both factors are cut to 32 bits, or to 16. */
  | ({ readonly kind: 'multiply'; readonly wide: boolean; readonly short: boolean; readonly dst: number } & CardOperand)
  /** By a constant, which may stand in a register. */
  | {
      readonly kind: 'divide'
      readonly wide: boolean
      readonly dst: number
      readonly by: number
      readonly src: number
      readonly byRegister: boolean
    }
  | { readonly kind: 'swap'; readonly dst: number; readonly bits: 16 | 32 | 64 }
  | { readonly kind: 'imm64'; readonly dst: number; readonly lo: number; readonly hi: number }
  | ({ readonly kind: 'stack' } & CardAccess)
  | ({ readonly kind: 'packet' } & CardAccess)
  /** Loads and stores within the packet that follow each other, as compilers unroll copies. */
  | {
      readonly kind: 'copy'
      readonly size: number
      readonly count: number
      readonly value: number
      readonly from: number
      readonly to: number
      readonly descending: boolean
      readonly imm: number
    }
  | ({
      readonly kind: 'branch'
      readonly op: number
      readonly wide: boolean
      readonly dst: number
      readonly taken: readonly CardStatement[]
      readonly untaken: readonly CardStatement[]
    } & CardOperand)
  /** Looks up a key that a scalar chooses among a few; reads a word of the value, or adds to one. */
  | {
      readonly kind: 'lookup'
      readonly use: 'read' | 'add'
      readonly key: number
      readonly register: number
      readonly wide: boolean
      readonly slot: number
      /** Of the addend: 16 bits are shown to be enough. */
      readonly short: boolean
      readonly imm: number
    }
  | { readonly kind: 'call'; readonly callee: number; readonly imm: number }

export type CardStatementKind = CardStatement['kind']
export type CardStatementOf<Kind extends CardStatementKind> = Extract<CardStatement, { readonly kind: Kind }>
