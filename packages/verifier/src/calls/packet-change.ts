import type { PathState } from '../state/path-state.ts'
import { isAnyPacketPointer } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'

/** The packet may have moved: pointers into it, spilled ones too, are mere numbers now. */
export function forgetPacketPointers(v: Verification, state: PathState): void {
  mapRegisters(state, (register) => (isAnyPacketPointer(register.type) ? v.forgotten : register))
}
