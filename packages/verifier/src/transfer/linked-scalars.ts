/**
 * Scalars with one id hold the same number, or, with a delta, numbers at known distances: what a comparison teaches of one
 * holds for the others.
 */

import { repair, synchronise } from '../domain/bounds-deduction.ts'
import { constant, type KnownScalar } from '../domain/scalar.ts'
import { addRanges32, addRanges64 } from '../domain/scalar-arithmetic.ts'
import { tnumAdd } from '../domain/tnum.ts'
import { fromNumber } from '../domain/word64.ts'
import type { FrameState } from '../state/frame-state.ts'
import type { LinkedRegister, PathState } from '../state/path-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { SCALAR } from '../state/register-type.ts'
import { isSpill, StackSlot } from '../state/stack-slot.ts'

/** Registers followed at one comparison; more than these lose their link. @see LINKED_REGS_MAX */
const MAX_LINKED = 6

/**
 * Adds the registers and slots of `id` to `linked`, innermost frame first; those beyond the limit are unlinked.
 *
 * @param live registers of a frame that may still be read: others need not be followed
 */
export function collectLinked(
  state: PathState,
  id: number,
  linked: LinkedRegister[],
  live: (frameNumber: number) => number,
): void {
  for (let frameNumber = state.frames.length - 1; frameNumber >= 0; frameNumber--) {
    const frame = state.frames[frameNumber] as FrameState
    const wanted = live(frameNumber)
    for (let index = 0; index < 10; index++) {
      const register = frame.register(index)
      if ((wanted & (1 << index)) === 0 || register.type !== SCALAR || register.id !== id) continue
      if (!add(linked, { frameNumber, isSlot: false, index })) frame.registers[index] = register.unlinked()
    }
    frame.stack.forEach((slot, index) => {
      const { spilled } = slot
      if (!isSpill(slot) || spilled === undefined || spilled.type !== SCALAR || spilled.id !== id) return
      const kept = add(linked, { frameNumber, isSlot: true, index })
      if (!kept) frame.stack[index] = new StackSlot(slot.bytes, spilled.unlinked())
    })
  }
}

function add(linked: LinkedRegister[], entry: LinkedRegister): boolean {
  const known = linked.some(
    (other) => other.frameNumber === entry.frameNumber && other.isSlot === entry.isSlot && other.index === entry.index,
  )
  if (known) return true
  if (linked.length >= MAX_LINKED) return false
  linked.push(entry)
  return true
}

/** `scalar` moved by a known distance. */
function moved(scalar: KnownScalar, distance: number): KnownScalar {
  const delta = constant(fromNumber(distance))
  const result = scalar.clone()
  addRanges32(result, delta)
  addRanges64(result, delta)
  result.tnum = tnumAdd(scalar.tnum, delta.tnum)
  synchronise(result)
  repair(result)
  return result
}

function taught(register: RegisterState, known: RegisterState): RegisterState {
  const delta = register.hasDelta ? register.offset : 0
  const knownDelta = known.hasDelta ? known.offset : 0
  const plain = !register.hasDelta && !known.hasDelta
  if (plain || delta === knownDelta) return known
  return register.withScalar(moved(known.scalar, delta - knownDelta))
}

/** Lets the linked registers know what is known of `known`, one of them. */
export function synchroniseLinked(state: PathState, known: RegisterState, linked: readonly LinkedRegister[]): void {
  for (const { frameNumber, isSlot, index } of linked) {
    const frame = state.frames[frameNumber] as FrameState
    if (isSlot) {
      const slot = frame.slot(index)
      const { spilled } = slot
      if (spilled === undefined || spilled.type !== SCALAR || spilled.id !== known.id || spilled === known) continue
      frame.stack[index] = new StackSlot(slot.bytes, taught(spilled, known))
    } else {
      const register = frame.register(index)
      if (register.type !== SCALAR || register.id !== known.id || register === known) continue
      frame.registers[index] = taught(register, known)
    }
  }
}
