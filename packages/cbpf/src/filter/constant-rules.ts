import type { ArithmeticName } from './opcodes.ts'

/** Why an operator can't be applied to a constant on its right; undefined where it can. */
export function refusedConstant(operator: ArithmeticName, k: number): string | undefined {
  if (operator === 'DIV' && k === 0) return 'division by zero'
  if (operator === 'MOD' && k === 0) return 'modulus by zero'
  if ((operator === 'LSH' || operator === 'RSH') && k > 31) return 'shift by more than 31 bits'
  return undefined
}
