/**
 * bpf_spin_lock: one lock at a time, and nothing is called before it is given back.
 *
 * A lock is known by the map and by the id of the pointer to the value, which such a pointer keeps after it was compared with
 * NULL: two look-ups give two locks, even where they find the same value.
 *
 * @see process_spin_lock in kernel/bpf/verifier.c
 */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { fieldOfKind } from '../program/map-fields.ts'
import { unsupported } from '../report/refusal.ts'
import { NON_OWN_REF, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

/** BPF_FUNC_* */
const SPIN_LOCK = 93
const SPIN_UNLOCK = 94

const CODE = 'VERIFIER_SPIN_LOCK'

function refuse(v: Verification, message: string, hint?: string): never {
  return v.refuse(CODE, 'EINVAL', message, hint)
}

/** The map whose lock register `number` points to. */
function lockedMap(v: Verification, number: number): VerifierMap {
  const { type, scalar, offset, map } = v.register(number)
  if (!isConstantScalar(scalar)) {
    refuse(v, `R${number} doesn't have constant offset. bpf_spin_lock has to be at the constant offset`)
  }
  if (type !== PTR_TO_MAP_VALUE || map === undefined) throw v.noted(unsupported('a lock outside of a map is'))
  if (map.fields === undefined) refuse(v, `map '${map.name}' has to have BTF in order to use bpf_spin_lock`)
  const field = fieldOfKind(map.fields, 'bpf_spin_lock')
  if (field === undefined) refuse(v, `map '${map.name}' has no valid bpf_spin_lock`)
  const at = toSignedNumber(scalar.tnum.value) + offset
  if (at !== field.offsetBytes) {
    refuse(v, `off ${at} doesn't point to 'struct bpf_spin_lock' that is at ${field.offsetBytes}`)
  }
  return map
}

function take(v: Verification, map: VerifierMap, id: number): void {
  if (v.state.lock !== undefined) refuse(v, 'Locking two bpf_spin_locks are not allowed')
  v.state.lock = { map, id, isListed: v.profile.listsLocks, lastId: v.lastId }
}

function giveBack(v: Verification, map: VerifierMap, id: number): void {
  const { lock } = v.state
  if (lock === undefined) refuse(v, 'bpf_spin_unlock without taking a lock')
  if (lock.map !== map || lock.id !== id) refuse(v, 'bpf_spin_unlock of different lock')
  v.state.lock = undefined
  // Whoever takes the lock next may give up what the objects' owner lets others see.
  mapRegisters(v.state, (register) => ((register.type & NON_OWN_REF) === 0 ? register : v.forgotten))
}

/** The argument of bpf_spin_lock or bpf_spin_unlock. */
export function transferLock(v: Verification, helperId: number, number: number): void {
  const map = lockedMap(v, number)
  const { id } = v.register(number)
  if (helperId === SPIN_LOCK) take(v, map, id)
  else giveBack(v, map, id)
}

/** Refuses a call of a helper under a lock. */
export function checkCallUnderLock(v: Verification, helperId: number): void {
  if (v.state.lock === undefined || helperId === SPIN_UNLOCK) return
  refuse(v, 'function calls are not allowed while holding a lock')
}

/** Refuses a call of a global function, which is judged by itself, under a lock. */
export function checkGlobalCallUnderLock(v: Verification): void {
  if (v.state.lock === undefined) return
  refuse(v, 'global function calls are not allowed while holding a lock,\nuse static function instead')
}

/** Refuses what leaves the program, or may, under a lock. */
export function checkNoLock(v: Verification, message: string): void {
  if (v.state.lock !== undefined) refuse(v, message, 'give the lock back on every path')
}
