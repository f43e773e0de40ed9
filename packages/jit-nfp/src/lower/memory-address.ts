import { gprA, gprB, imm as immediate, type Operand, sameOperand } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_A, TEMP_B } from '../emit/registers.ts'

/** The two operands of a command whose address has 40 bits. */
export interface WideAddress {
  readonly left: Operand
  readonly right: Operand
}

/** Address of BPF register `base` plus an offset, for commands of mode 40-ba. */
export function wideAddress(emit: Emission, base: number, offset: Operand): WideAddress {
  if (sameOperand(offset, immediate(0))) return { left: gprA(low(base)), right: gprB(high(base)) }
  emit.alu(TEMP_A, gprA(low(base)), '+', offset)
  emit.alu(TEMP_B, gprB(high(base)), '+carry', immediate(0))
  return { left: TEMP_A, right: TEMP_B }
}
