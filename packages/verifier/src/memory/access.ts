import { UNKNOWN } from '../domain/scalar.ts'
import { signExtend64, truncate } from '../domain/scalar-casts.ts'
import { type RegisterState, scalarRegister, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { SCALAR } from '../state/register-type.ts'

/** One access through a pointer register. */
export interface Access {
  /** Number of the pointer register, for messages. */
  readonly pointerNumber: number
  readonly pointer: RegisterState
  /** From what the pointer points to, fixed parts of both added. */
  readonly offset: number
  readonly sizeBytes: number
  readonly isWrite: boolean
  /** Register that is stored, or that takes what is loaded; -1 for an unknown or immediate value, or none. */
  readonly valueNumber: number
  readonly signExtends: boolean
  /** The number that an immediate store writes, undefined for other accesses. */
  readonly immediate: number | undefined
}

const UNKNOWN_ZERO_EXTENDED = [1, 2, 4].map((bytes) => scalarRegister(truncate(UNKNOWN, bytes)))
const UNKNOWN_SIGN_EXTENDED = [1, 2, 4].map((bytes) => scalarRegister(signExtend64(UNKNOWN, bytes)))

/** What a register holds after a load of `sizeBytes` that found `found`: numbers are extended, pointers come whole. */
export function loaded(found: RegisterState, sizeBytes: number, signExtends: boolean): RegisterState {
  if (sizeBytes === 8 || found.type !== SCALAR) return found
  if (found === UNKNOWN_SCALAR) {
    const table = signExtends ? UNKNOWN_SIGN_EXTENDED : UNKNOWN_ZERO_EXTENDED
    return table[sizeBytes >> 1] as RegisterState
  }
  const scalar = signExtends ? signExtend64(found.scalar, sizeBytes) : truncate(found.scalar, sizeBytes)
  return found.withScalar(scalar)
}
