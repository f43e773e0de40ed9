/** What r0 (or what is thrown, r1) may be where a function of the program hands it to the kernel. */

import type { KnownScalar } from '../domain/scalar.ts'
import { isUnknown, tnumContains, tnumOfRange } from '../domain/tnum.ts'
import { fromNumber, toSignedDecimal, toSignedNumber } from '../domain/word64.ts'
import { bitsText } from '../report/state-text.ts'
import type { RegisterState } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'

/** Both ends are allowed. */
export type Range = readonly [least: number, greatest: number]

/** Refuses a number that may lie outside. `place` begins the message: `At program exit`. @param is32 its lower half counts */
export function checkReturnRange(
  v: Verification,
  { scalar }: RegisterState,
  range: Range,
  place: string,
  is32: boolean = false,
  number: number = 0,
): void {
  if (v.profile.returnsBy === 'bits') {
    checkReturnBits(v, scalar, range, `${place} the register R${number}`)
    return
  }
  const { smin, smax, s32Min, s32Max } = scalar
  const [least, greatest] = range
  const [from, to] = is32 ? [s32Min, s32Max] : [toSignedNumber(smin), toSignedNumber(smax)]
  if (least <= from && to <= greatest) return
  const message = describeRange(`${place} the register R${number}`, toSignedDecimal(smin), toSignedDecimal(smax), range)
  v.refuse('VERIFIER_RETURN_VALUE', 'EINVAL', message)
}

/** The same by known bits: a range of which some number has bits that no number of the other has is not in it. */
function checkReturnBits(v: Verification, { tnum }: KnownScalar, [least, greatest]: Range, subject: string): void {
  const allowed = tnumOfRange(fromNumber(least), fromNumber(greatest))
  if (tnumContains(allowed, tnum)) return
  const found = isUnknown(tnum) ? 'unknown scalar value' : `value ${bitsText(tnum)}`
  const message = `${subject} has ${found} should have been in ${bitsText(allowed)}`
  v.refuse('VERIFIER_RETURN_VALUE', 'EINVAL', message)
}

const S64_MIN_TEXT = '-9223372036854775808'
const S64_MAX_TEXT = '9223372036854775807'

function describeRange(subject: string, smin: string, smax: string, [least, greatest]: Range): string {
  const unknownMin = smin === S64_MIN_TEXT
  const unknownMax = smax === S64_MAX_TEXT
  const min = unknownMin ? '' : ` smin=${smin}`
  const max = unknownMax ? '' : ` smax=${smax}`
  const found = unknownMin && unknownMax ? ' unknown scalar value' : `${min}${max}`
  return `${subject} has${found} should have been in [${least}, ${greatest}]`
}
