/** Shifts of the right operand. An indirect amount is the low 5 bits of the A operand of the previous ALU word. */
import type { Shift } from '@bpfoundry/microcode'
import type { Machine } from '../machine.ts'

const AMOUNT_MASK = 31
const WORD_WIDTH = 32

/** Bits to shift by. */
export const amountOf = (shift: Shift, machine: Machine): number =>
  shift.amount === 'indirect' ? machine.previousA & AMOUNT_MASK : shift.amount

/** The operand, shifted; `upper` comes in from above at a double shift. */
export function shifted(shift: Shift, value: number, upper: number, machine: Machine): number {
  const amount = amountOf(shift, machine)
  switch (shift.direction) {
    case 'left':
      return value << amount
    case 'right':
      return value >>> amount
    case 'double':
      return amount === 0 ? value : (value >>> amount) | (upper << (WORD_WIDTH - amount))
    default:
      return amount === 0 ? value : (value >>> amount) | (value << (WORD_WIDTH - amount))
  }
}

/** The operand shifted right, with the sign of the previous ALU result from above. */
export function arithmeticShifted(shift: Shift, value: number, machine: Machine): number {
  const amount = amountOf(shift, machine)
  const sign = machine.previousResult < 0 && amount > 0 ? -1 << (WORD_WIDTH - amount) : 0
  return (value >>> amount) | sign
}
