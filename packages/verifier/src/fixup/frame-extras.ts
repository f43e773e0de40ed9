/** Stack that the fix-ups need below what the program uses: for the loops that bpf_loop, bpf_rbtree_add and may_goto become. */
import type { Insn } from '@bpfoundry/isa'
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

type Holds = (pc: number) => boolean

/** Some instruction of the function that was explored is of that sort. */
function hasSeen({ notes }: Verification, { start, end }: Subprogram, isOne: Holds): boolean {
  for (let pc = start; pc < end; pc++) if (notes.seen[pc] !== 0 && isOne(pc)) return true
  return false
}

function extrasOf(v: Verification, subprogram: Subprogram): FrameExtras {
  const { insns, notes } = v
  const isLoop: Holds = (pc) => (notes.inlineLoops[pc] as number) > 0 || isTreeAdd(notes.kernelCalls[pc])
  const mayGo: Holds = (pc) => isMayGoto(insns[pc] as Insn)
  const loopRegistersAt = hasSeen(v, subprogram, isLoop) ? take(subprogram, LOOP_STACK_BYTES) : undefined
  const mayGotoBudgetAt = hasSeen(v, subprogram, mayGo) ? take(subprogram, SLOT_BYTES) : undefined
  return {
    ...(loopRegistersAt === undefined ? {} : { loopRegistersAt }),
    ...(mayGotoBudgetAt === undefined ? {} : { mayGotoBudgetAt }),
  }
}

/** Lets the functions' stacks grow by what the fix-ups need, after their depth was judged. */
export function addFrameExtras(v: Verification): readonly FrameExtras[] {
  return v.subprograms.map((subprogram) => extrasOf(v, subprogram))
}
