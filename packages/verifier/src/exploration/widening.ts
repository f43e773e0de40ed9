/**
 * Widening: a loop whose number of rounds is not followed converges only if what changes from round to round is forgotten.
 * Scalars that differ from the round before, and that the verdict did not rest on then, become unknown.
 *
 * @see widen_imprecise_scalars in kernel/bpf/verifier.c
 */
import type { FrameState } from '../state/frame-state.ts'
import { type Checkpoint, type PathState, sameCallSites } from '../state/path-state.ts'
import { type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { SCALAR } from '../state/register-type.ts'
import { isSpill, StackSlot } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { IdRenaming, sameRegister } from './state-comparison.ts'

/** The checkpoint at slot `pc` that `state` comes from by one round of a loop. */
export function previousRound(v: Verification, state: PathState, pc: number): Checkpoint | undefined {
  return v.checkpoints[v.bucket(pc)]?.find(
    (one) => one.pc === pc && one.branches > 0 && one.state.depth < state.depth && sameCallSites(one.state, state),
  )
}

/** Forgets in `now` what differs from `old` and was not asked for there. */
export function widen(old: PathState, now: PathState, lastId: number): void {
  const ids = new IdRenaming(lastId)
  for (let index = old.frames.length - 1; index >= 0; index--) {
    widenFrame(old.frames[index] as FrameState, now.frames[index] as FrameState, ids)
  }
}

function widenFrame(old: FrameState, now: FrameState, ids: IdRenaming): void {
  now.registers.forEach((register, number) => {
    if (old.isPreciseRegister(number)) return
    if (changed(old.register(number), register, ids)) now.registers[number] = UNKNOWN_SCALAR
  })
  for (let index = 0; index < Math.min(old.stack.length, now.stack.length); index++) {
    const [before, slot] = [old.slot(index), now.slot(index)]
    if (before.spilled === undefined || slot.spilled === undefined || old.isPreciseSlot(index)) continue
    if (!isSpill(before) || !isSpill(slot) || !changed(before.spilled, slot.spilled, ids)) continue
    now.stack[index] = new StackSlot(slot.bytes, UNKNOWN_SCALAR)
  }
}

function changed(old: RegisterState, now: RegisterState, ids: IdRenaming): boolean {
  return old.type === SCALAR && now.type === SCALAR && !sameRegister(old, now, ids)
}
