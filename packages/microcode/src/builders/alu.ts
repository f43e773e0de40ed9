import { composer } from '../compose.ts'
import type { Word } from '../field.ts'
import type { Operand } from '../operand.ts'
import { ALU_OPS, type AluOp } from '../operations.ts'
import { placeUnrestricted } from '../unrestricted.ts'

const ALU = composer('alu')

/**
 * alu[dst, left, op, right]
 *
 * ```
 *   44  43  42  41  40   36    35-31  30    29-20  19-10  9-0
 * | pcc|dx |sx |wb |ncc| dstB | op  | swap | dst |  B   | A  |
 * ```
 * @throws MicrocodeError MICROCODE_OPERAND
 * @see nfp_asm.h OP_ALU_*
 */
export function alu(dst: Operand, left: Operand, op: AluOp, right: Operand): Word {
  const placed = placeUnrestricted(dst, left, right)
  return (
    ALU.base +
    ALU.a(placed.a) +
    ALU.b(placed.b) +
    ALU.dst(placed.dst) +
    ALU.swap(placed.swap) +
    ALU.op(ALU_OPS[op]) +
    ALU.dstB(placed.dstB) +
    ALU.wrBoth(placed.wrBoth) +
    ALU.srcLmExtn(placed.srcLmExtn) +
    ALU.dstLmExtn(placed.dstLmExtn)
  )
}
