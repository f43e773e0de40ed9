/**
 * Stack slots that somebody still reads. A checkpoint's slot counts only if a path from the checkpoint on read it before
 * writing all of it: then a later state must agree on it to be covered, else it may hold anything.
 *
 * A read is noted in all checkpoints on the way back, up to the one behind which the slot was last written whole. Notes are
 * final once a checkpoint has no open branch, and only then are states compared by them.
 *
 * @see mark_reg_read, propagate_liveness and clean_live_states in kernel/bpf/verifier.c of 6.12
 */
import type { FrameState } from '../state/frame-state.ts'
import type { Checkpoint, PathState } from '../state/path-state.ts'
import type { Verification } from '../verification.ts'

/** The current instruction reads (a part of) the slot. */
export function noteSlotRead(v: Verification, frameNumber: number, slot: number): void {
  v.liveness?.readSlot(v.state.frames[frameNumber] as FrameState, slot)
  markRead(v, frameNumber, slot)
}

/** The current instruction writes all eight bytes of the slot. */
export function noteSlotWritten(v: Verification, frame: FrameState, slot: number): void {
  frame.writtenSlots.add(slot)
  v.liveness?.writeSlot(frame, slot)
}

function markRead(v: Verification, frameNumber: number, slot: number): void {
  let state: PathState | undefined = v.state
  while (state !== undefined) {
    if (state.frames[frameNumber]?.writtenSlots.has(slot) !== false) return
    const kept: FrameState | undefined = state.parent?.state.frames[frameNumber]
    if (kept === undefined || kept.readSlots.has(slot)) return
    kept.readSlots.add(slot)
    state = state.parent?.state
  }
}

/** The current path is covered by a checkpoint: what is read from there on is read from here on. */
export function adoptReads(v: Verification, { state }: Checkpoint): void {
  for (const { frameNumber, readSlots, stack } of state.frames) {
    for (let slot = 0; slot < stack.length; slot++) {
      if (readSlots.has(slot)) markRead(v, frameNumber, slot)
    }
  }
}
