import {
  aluSize,
  BPF_AND,
  BPF_LSH,
  BPF_MOV,
  BPF_OP,
  BPF_RSH,
  BPF_SRC,
  BPF_X,
  type Insn,
  type InstructionRow,
} from '@bpfoundry/isa'

/**
 * What a scout knows of a register.
 *
 * `rank` tells how far it is, as an address, from what a packet's own data tell: 0 for constants, context, packet and
 * stack; 1 for what is worked out of a look-up's key (a line of a hash table, an element of an array); 2 for what was
 * loaded from there (an element of a chain), and so on. Joins take the larger.
 */
export interface Value {
  readonly rank: number
  /** An upper bound of what it holds, exclusive; Infinity when nothing is known. */
  readonly below: number
}

/** Cache lines: a smaller number is a step within one, whatever it was worked out of. */
const LINE_BYTES = 64

export const UNKNOWN: Value = { rank: 0, below: Number.POSITIVE_INFINITY }

/** A value that comes from memory at an address of this rank, or was computed of such values. */
export function ofRank(rank: number): Value {
  return { rank, below: Number.POSITIVE_INFINITY }
}

export function joinValues(a: Value, b: Value): Value {
  return { rank: Math.max(a.rank, b.rank), below: Math.max(a.below, b.below) }
}

/** The result of an arithmetic instruction. */
export function computed(row: InstructionRow, insn: Insn, values: readonly Value[]): Value {
  const below = boundOf(insn, values)
  if (below <= LINE_BYTES) return { rank: 0, below }
  const ofDst = row.dst === 'rw' ? (values[insn.dst] as Value).rank : 0
  const ofSrc = row.src === 'r' || row.src === 'rw' ? (values[insn.src] as Value).rank : 0
  return { rank: Math.max(ofDst, ofSrc), below }
}

/** Bounds by shifts, masks and moves, which is how places within a line are chosen; no other operation. */
function boundOf({ opcode, dst, src, off, imm }: Insn, values: readonly Value[]): number {
  const before = (values[dst] as Value).below
  const byRegister = BPF_SRC(opcode) === BPF_X
  const operation = BPF_OP(opcode)
  if (operation === BPF_MOV) return byRegister && off === 0 ? (values[src] as Value).below : Number.POSITIVE_INFINITY
  if (byRegister || imm < 0) return Number.POSITIVE_INFINITY
  if (operation === BPF_AND) return Math.min(before, imm + 1)
  if (operation === BPF_RSH) return Math.min(before, 2 ** (aluSize(opcode) - imm))
  // Whatever is shifted out only makes it smaller.
  return operation === BPF_LSH ? before * 2 ** imm : Number.POSITIVE_INFINITY
}
