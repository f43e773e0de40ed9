import { composer } from '../compose.ts'
import type { Word } from '../field.ts'
import { MicrocodeError } from '../microcode-error.ts'
import { NO_OPERAND, type Operand } from '../operand.ts'
import { MUL_STEPS, MUL_TYPES, type MulStep, type MulType } from '../operations.ts'
import { placeUnrestricted } from '../unrestricted.ts'

const MUL = composer('mul')

/**
 * mul_step[left, right], type_step. In the last steps the left operand is the destination, and there is no right one.
 *
 * ```
 *   44  43  42  41  40   32-31  30     23     22-20  19-10  9-0
 * | pcc|dx |sx |wb |ncc| type | swap | dstB | step |  B   | A |
 * ```
 * The kernel's driver has the exchange bit as bit 18, inside the B operand; it never exchanges. binutils has it as bit 30.
 *
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 * @see nfp_asm.h OP_MUL_*; binutils opcodes/nfp-dis.c
 */
export function mulStep(left: Operand, type: MulType, step: MulStep, right: Operand): Word {
  if (type === 'start' && step !== 'step1') {
    throw new MicrocodeError({
      code: 'MICROCODE_FIELD',
      message: 'the start of a multiplication has no step',
      got: step,
    })
  }
  const last = step === 'last' || step === 'last2'
  const placed = last ? placeUnrestricted(left, NO_OPERAND, right) : placeUnrestricted(NO_OPERAND, left, right)
  return (
    MUL.base +
    MUL.a(last ? placed.dst : placed.a) +
    MUL.b(placed.b) +
    MUL.step(MUL_STEPS[step]) +
    MUL.dstB(placed.dstB) +
    MUL.swap(placed.swap) +
    MUL.type(MUL_TYPES[type]) +
    MUL.wrBoth(placed.wrBoth) +
    MUL.srcLmExtn(placed.srcLmExtn) +
    MUL.dstLmExtn(placed.dstLmExtn)
  )
}
