/** Iterators on the stack: where they lie, and what becomes of their slots. @see mark_stack_slots_iter in kernel/bpf/verifier.c */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import { type FrameState, slotIndex } from '../state/frame-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { PTR_TO_STACK } from '../state/register-type.ts'
import { BYTE_ITERATOR, EMPTY_SLOT, type Iterator, SLOT_BYTES, StackSlot, uniformBytes } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { pointedFrame } from './stack-bounds.ts'

const ALL_ITERATOR = uniformBytes(BYTE_ITERATOR)

/** The lowest slot of an iterator, or what is wrong with its place. */
export function iteratorSlot({ scalar, offset }: RegisterState, slots: number): number | string {
  if (!isConstantScalar(scalar)) return 'iter has to be at a constant offset'
  const at = offset + toSignedNumber(scalar.tnum.value)
  const isPlace = at % SLOT_BYTES === 0 && at <= -SLOT_BYTES * slots
  return isPlace ? slotIndex(at) : `cannot pass in iter at an offset=${at}`
}

/** The iterator whose first slot the register points to. */
export function pointedIterator(v: Verification, register: RegisterState): Iterator | undefined {
  if (register.type !== PTR_TO_STACK) return undefined
  const first = iteratorSlot(register, 1)
  return typeof first === 'string' ? undefined : pointedFrame(v, register).slot(first).iterator
}

/** None of the slots is part of an iterator. */
export function isFree(frame: FrameState, first: number, slots: number): boolean {
  return slotsOf(first, slots).every((index) => !hasIteratorByte(frame.slot(index)))
}

function hasIteratorByte({ bytes }: StackSlot): boolean {
  for (let index = 0; index < SLOT_BYTES; index++) {
    if (((bytes >>> (4 * index)) & 0xf) === BYTE_ITERATOR) return true
  }
  return false
}

/** All of an iterator of that kind lies there; the one of its first slot. */
export function wholeIterator(
  frame: FrameState,
  first: number,
  slots: number,
  struct: KernelStruct,
): Iterator | undefined {
  const parts = slotsOf(first, slots).map((index) => frame.slot(index))
  const isWhole = parts.every(
    ({ bytes, iterator }, index) =>
      bytes === ALL_ITERATOR &&
      iterator?.struct === struct &&
      (index === 0 ? iterator.referenceId !== 0 : iterator.referenceId === 0),
  )
  return isWhole ? parts[0]?.iterator : undefined
}

/** Lays an iterator down, or changes the one that is there. */
export function putIterator(
  v: Verification,
  frame: FrameState,
  first: number,
  slots: number,
  iterator: Iterator,
): void {
  slotsOf(first, slots).forEach((index, part) => {
    const own = part === 0 ? iterator : { ...iterator, referenceId: 0 }
    v.writeSlot(frame, index, new StackSlot(ALL_ITERATOR, undefined, undefined, own))
  })
}

/** The slots hold nothing any more. */
export function clearIterator(v: Verification, frame: FrameState, first: number, slots: number): void {
  for (const index of slotsOf(first, slots)) {
    v.writeSlot(frame, index, EMPTY_SLOT)
    v.liveness?.writeSlot(frame, index)
  }
}

/** From the lowest address up. */
function slotsOf(first: number, slots: number): number[] {
  return Array.from({ length: slots }, (_, part) => first - part)
}
