/** Stack that the fix-ups need below what the program uses: for the loops that bpf_loop, bpf_rbtree_add and may_goto become. */
import { isMayGoto } from '../program/control-flow.ts'
import { MAX_STACK_BYTES } from '../state/frame-state.ts'
import { SLOT_BYTES } from '../state/stack-slot.ts'
import type { Subprogram, Verification } from '../verification.ts'
import type { FrameExtras } from '../verifier-api.ts'
import { isTreeAdd } from './kernel-calls.ts'
import { LOOP_STACK_BYTES } from './loop-inlining.ts'

/** Takes stack where there is room for it: a frame has a fixed size here. Answers the offset of what was taken. */
function take(subprogram: Subprogram, bytes: number): number | undefined {
  const depth = subprogram.stackDepthBytes + bytes
  if (depth > MAX_STACK_BYTES) return undefined
  subprogram.stackDepthBytes = depth
  return -depth
}

function extrasOf({ insns, notes }: Verification, subprogram: Subprogram): FrameExtras {
  const slots = Array.from({ length: subprogram.end - subprogram.start }, (_, index) => subprogram.start + index)
  const isSeen = (pc: number): boolean => notes.seen[pc] !== 0
  const isLoop = (pc: number): boolean => (notes.inlineLoops[pc] as number) > 0 || isTreeAdd(notes.kernelCalls[pc])
  const loops = slots.some((pc) => isSeen(pc) && isLoop(pc))
  const loopRegistersAt = loops ? take(subprogram, LOOP_STACK_BYTES) : undefined
  const maysGo = slots.some((pc) => isSeen(pc) && isMayGoto(insns[pc] as (typeof insns)[number]))
  const mayGotoBudgetAt = maysGo ? take(subprogram, SLOT_BYTES) : undefined
  return {
    ...(loopRegistersAt === undefined ? {} : { loopRegistersAt }),
    ...(mayGotoBudgetAt === undefined ? {} : { mayGotoBudgetAt }),
  }
}

/** Lets the functions' stacks grow by what the fix-ups need, after their depth was judged. */
export function addFrameExtras(v: Verification): readonly FrameExtras[] {
  return v.subprograms.map((subprogram) => extrasOf(v, subprogram))
}
