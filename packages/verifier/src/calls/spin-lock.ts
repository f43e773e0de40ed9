/**
 * bpf_spin_lock: one lock at a time, and nothing is called before it is given back.
 *
 * A lock is known by what it lies in, a map or the program's own objects, and by the id of the pointer to that, which such a
 * pointer keeps after it was compared with NULL: two look-ups give two locks, even where they find the same value.
 *
 * @see process_spin_lock in kernel/bpf/verifier.c
 */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { type OwnField, ownFields } from '../kernel-types/own-types.ts'
import type { LockOwner } from '../state/path-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { NON_OWN_REF } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'
import { isInTreeCallback } from './tree-callback.ts'

/** BPF_FUNC_* */
const SPIN_LOCK = 93
const SPIN_UNLOCK = 94

const CODE = 'VERIFIER_SPIN_LOCK'

function refuse(v: Verification, message: string, hint?: string): never {
  return v.refuse(CODE, 'EINVAL', message, hint)
}

/** What the kernel keeps to itself in what the register points to. */
export function fieldsBehind({ map, struct }: RegisterState): readonly OwnField[] {
  return map?.fields ?? ownFields(struct)
}

/** Whose lock guards what the register points to; undefined for what has none. */
export function lockOwner(v: Verification, { map, struct }: RegisterState): LockOwner | undefined {
  return map ?? (struct?.own === undefined ? undefined : v.own)
}

/** Offset of the lock in what the register points to; undefined for none. */
export function lockOffset(register: RegisterState): number | undefined {
  return fieldsBehind(register).find(({ kind }) => kind === 'bpf_spin_lock')?.offsetBytes
}

/** Refuses a register that points to no lock. */
function checkLock(v: Verification, number: number): void {
  const register = v.register(number)
  const { scalar, offset, map } = register
  if (!isConstantScalar(scalar)) {
    refuse(v, `R${number} doesn't have constant offset. bpf_spin_lock has to be at the constant offset`)
  }
  if (map !== undefined && map.fields === undefined) {
    refuse(v, `map '${map.name}' has to have BTF in order to use bpf_spin_lock`)
  }
  const lockedAt = lockOffset(register)
  if (lockedAt === undefined) {
    refuse(v, `${map === undefined ? "local 'kptr'" : `map '${map.name}'`} has no valid bpf_spin_lock`)
  }
  const at = toSignedNumber(scalar.tnum.value) + offset
  if (at !== lockedAt) refuse(v, `off ${at} doesn't point to 'struct bpf_spin_lock' that is at ${lockedAt}`)
}

function take(v: Verification, owner: LockOwner, id: number): void {
  if (v.state.lock !== undefined) refuse(v, 'Locking two bpf_spin_locks are not allowed')
  v.state.lock = { owner, id, isListed: v.profile.listsLocks, lastId: v.lastId }
}

function giveBack(v: Verification, owner: LockOwner, id: number): void {
  const { lock } = v.state
  if (lock === undefined) refuse(v, 'bpf_spin_unlock without taking a lock')
  if (lock.owner !== owner || lock.id !== id) refuse(v, 'bpf_spin_unlock of different lock')
  v.state.lock = undefined
  // Whoever takes the lock next may give up what the objects' owner lets others see.
  mapRegisters(v.state, (register) => ((register.type & NON_OWN_REF) === 0 ? register : v.forgotten))
}

/** The argument of bpf_spin_lock or bpf_spin_unlock. */
export function transferLock(v: Verification, helperId: number, number: number): void {
  if (isInTreeCallback(v)) v.refuse(CODE, 'EACCES', "can't spin_{lock,unlock} in rbtree cb")
  checkLock(v, number)
  const register = v.register(number)
  const owner = lockOwner(v, register) as LockOwner
  if (helperId === SPIN_LOCK) take(v, owner, register.id)
  else giveBack(v, owner, register.id)
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
