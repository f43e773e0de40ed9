/** Pointers that may be NULL, and what becomes of them once they were compared with 0. */
import type { FrameState } from './frame-state.ts'
import type { PathState } from './path-state.ts'
import { type RegisterState, scalarRegister } from './register-state.ts'
import { MAYBE_NULL, mayBeNull } from './register-type.ts'
import { mapRegisters } from './register-walk.ts'

function nonNull(register: RegisterState): RegisterState {
  return register.with({ type: register.type & ~MAYBE_NULL, id: 0 })
}

/**
 * All copies of `pointer` (those with its id) are now known: NULL ones become the number 0 they are, others lose the
 * "or NULL". A reference that came out NULL was never acquired.
 */
export function resolveNull(state: PathState, pointer: RegisterState, isNull: boolean): void {
  const { id, referenceId } = pointer
  if (isNull && referenceId !== 0) {
    state.references = state.references.filter((reference) => reference.id !== referenceId)
  }
  mapRegisters(state, (register) => {
    if (!mayBeNull(register.type) || register.id !== id) return register
    return isNull ? scalarRegister(register.scalar) : nonNull(register)
  })
}

/** The pointer in one register is not NULL. */
export function noteNonNull(frame: FrameState, number: number): void {
  const register = frame.register(number)
  frame.registers[number] = register.with({ type: register.type & ~MAYBE_NULL })
}
