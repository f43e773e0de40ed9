/**
 * Dynptrs on the stack: two slots that helpers fill and read. A program's own loads are refused, its stores destroy the
 * dynptr, with all memory that was got out of it, unless something must be given back through it.
 *
 * @see mark_stack_slots_dynptr, destroy_if_dynptr_stack_slot in kernel/bpf/verifier.c (6.12)
 */
import { isConstantScalar } from '../domain/scalar.ts'
import { tnumText } from '../report/state-text.ts'
import { byteIndex, type FrameState, slotIndex } from '../state/frame-state.ts'
import { baseType, MAYBE_NULL, PTR_TO_MEM } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import {
  BYTE_DYNPTR,
  BYTE_ITERATOR,
  byteKind,
  type Dynptr,
  EMPTY_SLOT,
  StackSlot,
  uniformBytes,
} from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { pointedFrame } from './stack-bounds.ts'

/** struct bpf_dynptr */
export const DYNPTR_BYTES = 16

/** Makes a dynptr of slot `first` and the one above it, which has the number before. */
export function putDynptr(v: Verification, frame: FrameState, first: number, dynptr: Omit<Dynptr, 'isFirst'>): void {
  const bytes = uniformBytes(BYTE_DYNPTR)
  v.writeSlot(frame, first, new StackSlot(bytes, undefined, { ...dynptr, isFirst: true }))
  v.writeSlot(frame, first - 1, new StackSlot(bytes, undefined, { ...dynptr, isFirst: false }))
}

/** Both slots hold nothing any more. */
export function clearDynptr(v: Verification, frame: FrameState, first: number): void {
  for (const index of [first, first - 1]) {
    v.writeSlot(frame, index, EMPTY_SLOT)
    v.liveness?.writeSlot(frame, index)
  }
}

/** Slot `index` is about to be overwritten: no dynptr is left of which it is a half. */
export function destroyDynptr(v: Verification, frame: FrameState, index: number): void {
  const { dynptr } = frame.slot(index)
  if (dynptr === undefined) return
  if (dynptr.referenceId !== 0) v.refuse('VERIFIER_DYNPTR', 'EINVAL', 'cannot overwrite referenced dynptr')
  clearDynptr(v, frame, dynptr.isFirst ? index : index + 1)
  mapRegisters(v.state, (register) =>
    baseType(register.type) === PTR_TO_MEM &&
    (register.type & ~MAYBE_NULL) === PTR_TO_MEM &&
    register.dynptrId === dynptr.id
      ? v.forgotten
      : register,
  )
}

function isDynptrByte(frame: FrameState, at: number): boolean {
  return byteKind(frame.slot(slotIndex(at)), byteIndex(at)) === BYTE_DYNPTR
}

/** What only helpers and functions of the kernel may look at. */
function isKept(frame: FrameState, at: number): boolean {
  const kind = byteKind(frame.slot(slotIndex(at)), byteIndex(at))
  return kind === BYTE_DYNPTR || kind === BYTE_ITERATOR
}

/** Loads that may begin at any of these offsets of the frame. */
export interface StackReads {
  /** Pointer register, for messages. */
  readonly number: number
  readonly least: number
  readonly greatest: number
  readonly sizeBytes: number
}

/** Refuses loads of which one might see a part of a dynptr or an iterator. `words` stand before "read". */
export function checkNoDynptr(v: Verification, frame: FrameState, reads: StackReads, words: string = ''): void {
  const { number, least, greatest, sizeBytes } = reads
  for (let at = least; at < greatest + sizeBytes; at++) {
    if (!isKept(frame, at)) continue
    const { scalar } = v.register(number)
    const place = isConstantScalar(scalar) ? `off ${least}` : `var_off ${tnumText(scalar.tnum)}`
    const message = `invalid${words} read from stack R${number} ${place}+${at - least} size ${sizeBytes}`
    v.refuse('VERIFIER_DYNPTR', 'EACCES', message)
  }
}

/** Refuses to have a helper fill memory in which a dynptr lies: it may be the one that the helper looks at. */
export function checkFillsNoDynptr(v: Verification, number: number, from: number, sizeBytes: number): void {
  const frame = pointedFrame(v, v.register(number))
  for (let at = from; at < from + sizeBytes; at++) {
    if (isDynptrByte(frame, at)) {
      v.refuse('VERIFIER_DYNPTR', 'EACCES', `potential write to dynptr at off=${at} disallowed`)
    }
  }
}
