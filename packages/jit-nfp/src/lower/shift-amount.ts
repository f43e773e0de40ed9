import { ERRNO } from '@bpfoundry/kernel-abi'
import { type Shift, shiftLeft, shiftRight } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import type { InsnRecord } from '../program/insn-record.ts'

const U64_MAX = 0xffffffffffffffffn

/** Bounds of a shift's amount: of the whole source register, on any path. */
export interface AmountRange {
  readonly least: bigint
  readonly most: bigint
}

export function amountRange({ fact }: InsnRecord): AmountRange {
  return { least: fact.ranges?.sourceMin ?? U64_MAX, most: fact.ranges?.sourceMax ?? 0n }
}

/** The amount, when it always is the same. The driver keeps eight bits of it. */
export function constantAmount({ least, most }: AmountRange): number | undefined {
  return least === most ? Number(least & 0xffn) : undefined
}

/** A shift by a constant, or undefined after a refusal: an amount that does not fit. */
function fixed(emit: Emission, amount: number, make: (amount: number) => Shift): Shift | undefined {
  if (amount < 32) return make(amount)
  emit.refuse(ERRNO.EFAULT)
  return undefined
}

/** >>amount; an amount of 0 makes the word of an indirect shift, as in the driver. */
export function fixedRight(emit: Emission, amount: number): Shift | undefined {
  return fixed(emit, amount, (bits) => shiftRight(bits === 0 ? 'indirect' : bits))
}

/** <<amount */
export function fixedLeft(emit: Emission, amount: number): Shift | undefined {
  return fixed(emit, amount, shiftLeft)
}
