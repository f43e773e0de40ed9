/** Keys that are known numbers: an array has an element for each that is in range. */
import { isConstantScalar } from '../domain/scalar.ts'
import { markPreciseSlot } from '../exploration/precision.ts'
import { pointedFrame, stackSpan } from '../memory/stack-bounds.ts'
import { byteIndex, slotIndex } from '../state/frame-state.ts'
import { PTR_TO_STACK, SCALAR } from '../state/register-type.ts'
import { BYTE_SPILL, BYTE_ZERO, byteKind, spillBytes } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'

const KEY_BYTES = 4

/** The 32-bit number that register `number` points to on the stack; undefined where it is not known. */
export function constantKey(v: Verification, number: number): number | undefined {
  const pointer = v.register(number)
  if (pointer.type !== PTR_TO_STACK || !isConstantScalar(pointer.scalar)) return undefined
  const at = stackSpan(pointer, pointer.offset).least
  if (at % KEY_BYTES !== 0 || at >= 0) return undefined
  const frame = pointedFrame(v, pointer)
  const slot = frame.slot(slotIndex(at))
  const from = byteIndex(at)
  const kinds = Array.from({ length: KEY_BYTES }, (_, index) => byteKind(slot, from + index))
  if (kinds.every((kind) => kind === BYTE_ZERO)) return 0
  const { spilled } = slot
  const isSpilled = from === 0 && kinds.every((kind) => kind === BYTE_SPILL) && spillBytes(slot) === KEY_BYTES
  if (!isSpilled || spilled?.type !== SCALAR || !isConstantScalar(spilled.scalar)) return undefined
  markPreciseSlot(v, frame.frameNumber, slotIndex(at))
  return spilled.scalar.tnum.value.lo >>> 0
}
