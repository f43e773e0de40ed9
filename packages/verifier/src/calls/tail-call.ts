/**
 * A tail call that succeeds does not come back to the function that makes it. In the entry function that ends the program;
 * in a subprogram the caller goes on with whatever the other program returned, and may find the packet moved.
 */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { toUnsignedNumber } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import type { FrameState } from '../state/frame-state.ts'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import { SCALAR } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import { forgetPacketPointers } from './packet-change.ts'

/** The index, r3: a known one may be jumped to directly, so that the verdict rests on it. */
const INDEX_REGISTER = 3

export function checkTailCall(v: Verification, map: VerifierMap): void {
  if (map.type !== MAP_TYPE.PROG_ARRAY) v.refuse('VERIFIER_MAP_TYPE', 'EINVAL', v.profile.wrongTailCallMap)
  const index = v.register(INDEX_REGISTER)
  if (index.type !== SCALAR || !isConstantScalar(index.scalar)) return
  if (toUnsignedNumber(index.scalar.tnum.value) < map.maxEntries) markPrecise(v, INDEX_REGISTER)
}

/** Pushes the path on which the tail call of a subprogram succeeded. */
export function returnFromTailCall(v: Verification): void {
  if (v.state.frames.length === 1) return
  const branch = v.pushBranch(v.frame.callSite + 1)
  branch.frames.pop()
  const caller = branch.frames.at(-1) as FrameState
  caller.registers[0] = UNKNOWN_SCALAR
  forgetPacketPointers(v, branch)
}
