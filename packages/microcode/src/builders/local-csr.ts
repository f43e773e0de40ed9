import { composer } from '../compose.ts'
import type { Word } from '../field.ts'
import { MicrocodeError } from '../microcode-error.ts'
import { imm, NO_OPERAND, type Operand } from '../operand.ts'
import { placeUnrestricted } from '../unrestricted.ts'

const LOCAL_CSR = composer('localCsr')

/**
 * local_csr_wr[csr, src]
 *
 * ```
 *   43   42   32-22   21      19-10  9-0
 * | dx | sx | csr/4 | write |  B   | A |   an immediate stands in both
 * ```
 * @param csrBytes byte address of the register
 * @throws MicrocodeError MICROCODE_OPERAND, MICROCODE_FIELD
 * @see nfp_asm.h OP_LCSR_*
 */
export function localCsrWrite(csrBytes: number, src: Operand): Word {
  const placed = placeUnrestricted(NO_OPERAND, src, src.kind === 'immediate' ? NO_OPERAND : imm(0))
  return (
    LOCAL_CSR.base +
    LOCAL_CSR.a(placed.a) +
    LOCAL_CSR.b(src.kind === 'immediate' ? placed.a : placed.b) +
    LOCAL_CSR.write(true) +
    LOCAL_CSR.csr(csrNumber(csrBytes)) +
    LOCAL_CSR.srcLmExtn(placed.srcLmExtn)
  )
}

/** local_csr_rd[csr]: the next word, `immed[dst, 0]`, receives the value. @throws MicrocodeError MICROCODE_FIELD */
export function localCsrRead(csrBytes: number): Word {
  return LOCAL_CSR.base + LOCAL_CSR.csr(csrNumber(csrBytes))
}

function csrNumber(csrBytes: number): number {
  if (csrBytes % 4 !== 0) {
    throw new MicrocodeError({
      code: 'MICROCODE_FIELD',
      message: 'a control register has no such address',
      got: csrBytes,
      expected: 'a multiple of 4',
    })
  }
  return csrBytes / 4
}
