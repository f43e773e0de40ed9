import { TYPE_FLAG } from '@bpfoundry/kernel-abi'
import type { PathState } from '../state/path-state.ts'
import { baseType, isAnyPacketPointer, PTR_TO_MEM, typeFlags } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'

const PACKET_SLICE = typeFlags(TYPE_FLAG.DYNPTR_TYPE_SKB | TYPE_FLAG.DYNPTR_TYPE_XDP)

/** Memory of the packet that was got through a dynptr. */
function isPacketSlice(type: number): boolean {
  return baseType(type) === PTR_TO_MEM && (type & PACKET_SLICE) !== 0
}

/** The packet may have moved: pointers into it, spilled ones too, are mere numbers now. */
export function forgetPacketPointers(v: Verification, state: PathState): void {
  mapRegisters(state, (register) =>
    isAnyPacketPointer(register.type) || isPacketSlice(register.type) ? v.forgotten : register,
  )
}
