import type { Insn, InstructionRow } from '@bpfoundry/isa'

/**
 * How far a register is, as an address, from what a packet's own data tell: 0 for constants, context, packet and stack; 1
 * for what is worked out of a look-up's key (a line of a hash table, an element of an array); 2 for what was loaded from
 * there (an element of a chain), and so on. Where two ways join it is the larger one.
 */
export type Rank = number

/** Of the result of an arithmetic instruction. */
export function computedRank(row: InstructionRow, insn: Insn, ranks: readonly Rank[]): Rank {
  const ofDst = row.dst === 'rw' ? (ranks[insn.dst] as Rank) : 0
  const ofSrc = row.src === 'r' || row.src === 'rw' ? (ranks[insn.src] as Rank) : 0
  return Math.max(ofDst, ofSrc)
}
