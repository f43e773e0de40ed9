import { composer } from '../compose.ts'
import type { Word } from '../field.ts'
import type { Operand } from '../operand.ts'
import { placeRestrictedWithByte } from '../restricted.ts'
import { type Shift, shiftFields } from '../shift.ts'

const LD_FIELD = composer('ldField')

/**
 * ld_field[dst, mask, src, shift]: the bytes of `dst` that the mask names come from the shifted source.
 * The destination stands in a source's place, since its other bytes are read.
 *
 * ```
 *   44  43  42  41   34   32-28   27-24   20   19     18   17-10  9-8  7-0
 * | pcc|dx |sx |wb | lcc| shift | bytes | zf | swap | i8 | src  | sc | dst|
 * ```
 * @param byteMask bit 0 is the lowest byte
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 * @see nfp_asm.h OP_LDF_*
 */
export function ldField(dst: Operand, byteMask: number, src: Operand, shift: Shift): Word {
  return build(dst, byteMask, src, shift, false)
}

/** ld_field_w_clr[dst, mask, src, shift]: the other bytes become 0. @throws MicrocodeError as `ldField` */
export function ldFieldClear(dst: Operand, byteMask: number, src: Operand, shift: Shift): Word {
  return build(dst, byteMask, src, shift, true)
}

function build(dst: Operand, byteMask: number, src: Operand, shift: Shift, zero: boolean): Word {
  const placed = placeRestrictedWithByte(dst, dst, src)
  const moved = shiftFields(shift)
  return (
    LD_FIELD.base +
    LD_FIELD.a(placed.a) +
    LD_FIELD.sc(moved.sc) +
    LD_FIELD.b(placed.b) +
    LD_FIELD.i8(placed.i8) +
    LD_FIELD.swap(placed.swap) +
    LD_FIELD.zero(zero) +
    LD_FIELD.byteMask(byteMask) +
    LD_FIELD.shift(moved.shift) +
    LD_FIELD.wrBoth(placed.wrBoth) +
    LD_FIELD.srcLmExtn(placed.srcLmExtn) +
    LD_FIELD.dstLmExtn(placed.dstLmExtn)
  )
}
