/**
 * A tail call that succeeds does not come back to the function that makes it. In the entry function that ends the program;
 * in a subprogram the caller goes on with whatever the other program returned, and may find the packet moved.
 */

import type { FrameState } from '../state/frame-state.ts'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'

/** Pushes the path on which the tail call of a subprogram succeeded. Packet pointers are forgotten already. */
export function returnFromTailCall(v: Verification): void {
  if (v.state.frames.length === 1) return
  const branch = v.pushBranch(v.frame.callSite + 1)
  branch.frames.pop()
  const caller = branch.frames.at(-1) as FrameState
  caller.registers[0] = UNKNOWN_SCALAR
}
