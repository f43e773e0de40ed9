/** Pointers that may be NULL, and what becomes of them once they were compared with 0. */
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { hasOwnField } from '../kernel-types/own-types.ts'
import { fieldOfKind } from '../program/map-fields.ts'
import type { VerifierMap } from '../verifier-api.ts'
import type { FrameState } from './frame-state.ts'
import { foundInnerMap } from './inner-map.ts'
import type { PathState } from './path-state.ts'
import { type RegisterState, scalarRegister } from './register-state.ts'
import {
  baseType,
  CONST_PTR_TO_MAP,
  MAYBE_NULL,
  mayBeNull,
  PTR_TO_MAP_VALUE,
  PTR_TO_SOCKET,
  PTR_TO_XDP_SOCK,
} from './register-type.ts'
import { mapRegisters } from './register-walk.ts'

/** What an element of such a map is, once it is known to be there: an object, not memory. */
// biome-ignore format: table
const ELEMENT_OBJECTS: ReadonlyMap<number, number> = new Map<number, number>([
  [MAP_TYPE.XSKMAP,   PTR_TO_XDP_SOCK],
  [MAP_TYPE.SOCKMAP,  PTR_TO_SOCKET],
  [MAP_TYPE.SOCKHASH, PTR_TO_SOCKET],
])

/** @see mark_ptr_not_null_reg in kernel/bpf/verifier.c */
function nonNull(register: RegisterState, inner: VerifierMap | undefined): RegisterState {
  const { map } = register
  if (baseType(register.type) === PTR_TO_MAP_VALUE && map !== undefined) {
    if (inner !== undefined) return register.with({ type: CONST_PTR_TO_MAP, map: inner, id: 0 })
    const object = ELEMENT_OBJECTS.get(map.type)
    if (object !== undefined) return register.with({ type: object, map: undefined, id: 0 })
    // A lock in the value is known by the id.
    if (fieldOfKind(map.fields, 'bpf_spin_lock') !== undefined) return register.with({ type: PTR_TO_MAP_VALUE })
  }
  if (hasOwnField(register.struct, 'bpf_spin_lock')) return register.with({ type: register.type & ~MAYBE_NULL })
  return register.with({ type: register.type & ~MAYBE_NULL, id: 0 })
}

/**
 * All copies of `pointer` (those with its id) are now known: NULL ones become the number 0 they are, others lose the
 * "or NULL". A reference that came out NULL was never acquired.
 */
export function resolveNull(state: PathState, pointer: RegisterState, isNull: boolean): void {
  const { id, referenceId } = pointer
  // Another view of an object (a cast) may be NULL while the object is there.
  if (isNull && referenceId !== 0 && referenceId === id) {
    state.references = state.references.filter((reference) => reference.id !== referenceId)
  }
  const inner = pointer.map?.inner === undefined ? undefined : foundInnerMap(pointer.map.inner, id)
  mapRegisters(state, (register) => {
    if (!mayBeNull(register.type) || register.id !== id) return register
    return isNull ? scalarRegister(register.scalar) : nonNull(register, inner)
  })
}

/** The pointer in one register is not NULL. */
export function noteNonNull(frame: FrameState, number: number): void {
  const register = frame.register(number)
  const inner = register.map?.inner === undefined ? undefined : foundInnerMap(register.map.inner, register.id)
  // Other copies are not known yet: they are found by the id still.
  frame.registers[number] = nonNull(register, inner).with({ id: register.id })
}
