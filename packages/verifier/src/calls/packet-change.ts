import type { PathState } from '../state/path-state.ts'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import { isAnyPacketPointer } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'

/** The packet may have moved: pointers into it, spilled ones too, are mere numbers now. */
export function forgetPacketPointers(state: PathState): void {
  mapRegisters(state, (register) => (isAnyPacketPointer(register.type) ? UNKNOWN_SCALAR : register))
}
