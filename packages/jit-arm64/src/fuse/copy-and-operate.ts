/** BPF has two operands, A64 three: a copy that is operated on is no copy. */
import type { Insn, InstructionKind, InstructionRow } from '@bpfoundry/isa'
import { LOWERINGS } from '../lower/lowerings.ts'
import { R10 } from '../register-map.ts'
import type { Fusion } from './fusion.ts'

/** What reads dst and then writes it, in instructions that take any register for the first. */
const OPERATIONS: ReadonlySet<InstructionKind> = new Set(['alu', 'neg', 'swap'])

function operatesOn(row: InstructionRow, insn: Insn, dst: number, bits: 32 | 64): boolean {
  // A copy of 32 bits has zeros where the original has something: only 32-bit operations don't see that.
  return insn.dst === dst && row.dst === 'rw' && OPERATIONS.has(row.kind) && row.bits <= bits && row.name !== 'LE64'
}

/**
 * ```
 * r3 = r1; r3 += 14   ->   add x3, x1, #14
 * r3 = r1; r3 &= r2   ->   and x3, x1, x2
 * ```
 */
export const copyAndOperate =
  (bits: 32 | 64): Fusion =>
  (e, pc, end) => {
    const { insns, rows } = e.facts
    const [copy, insn, row] = [insns[pc] as Insn, insns[pc + 1] as Insn, rows[pc + 1]]
    if (pc + 1 >= end || row === undefined || copy.dst === R10 || copy.src === R10) return pc
    if (!operatesOn(row, insn, copy.dst, bits)) return pc
    e.withAlias(copy.dst, e.source(copy.src), () => LOWERINGS[row.id]!(e, insn))
    return pc + 2
  }
