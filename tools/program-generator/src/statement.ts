import type { InstructionName } from '@bpfoundry/isa'

/** Registers that hold scalars wherever a statement may stand. r7 and r8 are the packet's start and end, r10 the frame. */
export const SCALARS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 9]
/** Callee-saved scalar that counts a loop's turns; loop bodies only read it. */
export const COUNTER = 9
/** Scalars that statements with pointers of their own use meanwhile. They end as scalars again. */
export const TEMPORARIES: readonly [number, number] = [4, 5]
export const PACKET = 7
export const PACKET_END = 8

/** Bytes of every frame that statements read and write, just below r10. */
export const STACK_BYTES = 64
/** Below the area: the key of a map statement, its value, and in the main program the context. */
export const KEY_OFFSET: number = -STACK_BYTES - 8
export const VALUE_OFFSET: number = KEY_OFFSET - 24
export const CONTEXT_OFFSET: number = VALUE_OFFSET - 8
/** Bytes of the packet that statements read and write; its first ones. */
export const AREA_BYTES = 64
/** Turns of a loop at most. Loops don't nest, so that the verifier's work stays small. */
export const MAX_TURNS = 4

/**
 * A piece of a program, valid wherever it stands: every register it reads is a scalar or a pointer that is known to be
 * good, every access lies where the verifier can see that it does. Lowering makes instructions of it.
 */
export type Statement =
  /** Arithmetic, move, negation, byte order. `imm` is brought into the row's range. */
  | {
      readonly kind: 'alu'
      readonly row: InstructionName
      readonly dst: number
      readonly src: number
      readonly imm: number
    }
  | { readonly kind: 'imm64'; readonly dst: number; readonly lo: number; readonly hi: number }
  /** Load or store at `slot` times its size, counted from the lower end of the frame's area. */
  | {
      readonly kind: 'stack'
      readonly row: InstructionName
      readonly register: number
      readonly slot: number
      readonly imm: number
    }
  /** As `stack`, at a place that `index` chooses when it runs. */
  | {
      readonly kind: 'indexed-stack'
      readonly row: InstructionName
      readonly register: number
      readonly index: number
      readonly imm: number
    }
  | {
      readonly kind: 'atomic'
      readonly row: InstructionName
      readonly src: number
      readonly slot: number
      readonly imm: number
    }
  /** Load or store anywhere in the packet's area, aligned or not. */
  | {
      readonly kind: 'packet'
      readonly row: InstructionName
      readonly register: number
      readonly offset: number
      readonly imm: number
    }
  /** As `packet`, at a place that `index` chooses when it runs, behind a check against data_end. */
  | {
      readonly kind: 'indexed-packet'
      readonly row: InstructionName
      readonly register: number
      readonly index: number
      readonly imm: number
    }
  | {
      readonly kind: 'branch'
      readonly row: InstructionName
      readonly dst: number
      readonly src: number
      readonly imm: number
      /** Jump over the untaken block by gotol. */
      readonly long: boolean
      readonly taken: readonly Statement[]
      readonly untaken: readonly Statement[]
    }
  /** `guarded`: with a may_goto that would leave it. */
  | { readonly kind: 'loop'; readonly turns: number; readonly guarded: boolean; readonly body: readonly Statement[] }
  /**
   * Looks a key up in map number `map` modulo their number and touches the value, or updates or deletes the element. The
   * key's first word is `key` modulo a few, so that keys meet again.
   */
  | {
      readonly kind: 'map'
      readonly map: number
      readonly use: MapUse
      readonly key: number
      readonly register: number
      readonly slot: number
      readonly flags: number
      readonly imm: number
    }
  /** A helper without arguments: its answer is r0. */
  | { readonly kind: 'helper'; readonly helper: number; readonly imm: number }
  /** bpf_tail_call of the program array's slot `index`; goes on when it is empty. */
  | { readonly kind: 'tail-call'; readonly index: number; readonly imm: number }
  /** Calls subprogram number `callee` modulo their number; r1..r5 are its arguments, r0 its result. */
  | { readonly kind: 'call'; readonly callee: number; readonly imm: number }

/** What a `map` statement does. */
export type MapUse = 'load' | 'store' | 'add' | 'update' | 'delete'

export type StatementKind = Statement['kind']
export type StatementOf<Kind extends StatementKind> = Extract<Statement, { readonly kind: Kind }>
