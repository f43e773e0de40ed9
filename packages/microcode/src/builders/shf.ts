import { composer } from '../compose.ts'
import type { Word } from '../field.ts'
import type { Operand } from '../operand.ts'
import { SHF_OPS, type ShfOp } from '../operations.ts'
import { placeRestrictedWithByte } from '../restricted.ts'
import { type Shift, shiftFields } from '../shift.ts'

const SHF = composer('shf')

/**
 * alu_shf[dst, left, op, right, shift]: the right operand is shifted, then combined with the left one.
 * With a double shift: dbl_shf[dst, left, right, shift], where `op` is `B`.
 *
 * ```
 *   44  43  42  41  40   36    35-33  32-28   27-20  19     18   17-10  9-8  7-0
 * | pcc|dx |sx |wb |ncc| dstB | op  | shift | dst  | swap | i8 |  B   | sc | A  |
 * ```
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 * @see nfp_asm.h OP_SHF_*
 */
export function shf(dst: Operand, left: Operand, op: ShfOp, right: Operand, shift: Shift): Word {
  const placed = placeRestrictedWithByte(dst, left, right)
  const moved = shiftFields(shift)
  return (
    SHF.base +
    SHF.a(placed.a) +
    SHF.sc(moved.sc) +
    SHF.b(placed.b) +
    SHF.i8(placed.i8) +
    SHF.swap(placed.swap) +
    SHF.dst(placed.dst) +
    SHF.shift(moved.shift) +
    SHF.op(SHF_OPS[op]) +
    SHF.dstB(placed.dstB) +
    SHF.wrBoth(placed.wrBoth) +
    SHF.srcLmExtn(placed.srcLmExtn) +
    SHF.dstLmExtn(placed.dstLmExtn)
  )
}
