/**
 * Lists of a program's own objects, in map values: what is put into one belongs to it from then on, and stays visible until
 * the lock is given back.
 *
 * @see __process_kf_arg_ptr_to_graph_root, __process_kf_arg_ptr_to_graph_node in kernel/bpf/verifier.c
 */
import type { BtfType } from '@bpfoundry/btf'
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import type { CallableFunction } from '../kernel-types/kernel-function.ts'
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import { hasOwnField, ownFields } from '../kernel-types/own-types.ts'
import { fieldOfKind, type MapField } from '../program/map-fields.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState } from '../state/register-state.ts'
import { MAYBE_NULL, MEM_ALLOC, MEM_RCU, NON_OWN_REF, PTR_TO_BTF_ID, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'
import type { Argument, KernelCallNotes } from './kernel-arguments.ts'
import { acquireReference, releaseReference } from './references.ts'

const CODE = 'VERIFIER_OWN_OBJECT'
const OWN = PTR_TO_BTF_ID | MEM_ALLOC
const HEAD = 'bpf_list_head'
const NODE = 'bpf_list_node'

const PUSHES: ReadonlySet<string> = new Set(['bpf_list_push_front_impl', 'bpf_list_push_back_impl'])
const POPS: ReadonlySet<string> = new Set(['bpf_list_pop_front', 'bpf_list_pop_back'])

export function isListFunction({ name }: CallableFunction): boolean {
  return PUSHES.has(name) || POPS.has(name)
}

/** The function takes an object out of a list. */
export function popsObject({ name }: CallableFunction): boolean {
  return POPS.has(name)
}

/** The parameter is a list, or the links of an object. */
export function isListPart(fn: CallableFunction, { name }: BtfType): boolean {
  return isListFunction(fn) && (name === HEAD || name === NODE)
}

export function takeListPart(v: Verification, argument: Argument, notes: KernelCallNotes): void {
  if (argument.target.name === HEAD) notes.list = listAt(v, argument)
  else notes.object = linkedObject(v, argument, notes.list?.linked)
}

function placeOf(v: Verification, { number, register: { scalar, offset } }: Argument, what: string): number {
  if (!isConstantScalar(scalar)) {
    v.refuse(CODE, 'EINVAL', `R${number} doesn't have constant offset. ${what} has to be at the constant offset`)
  }
  return toSignedNumber(scalar.tnum.value) + offset
}

function notFound(v: Verification, what: string, at: number): never {
  return v.refuse(CODE, 'EINVAL', `${what} not found at offset=${at >>> 0}`)
}

function listAt(v: Verification, argument: Argument): MapField {
  const { index, register } = argument
  const { type, map, referenceId } = register
  if (type !== PTR_TO_MAP_VALUE && type !== OWN) {
    v.refuse(CODE, 'EINVAL', `arg#${index} expected pointer to map value or allocated object`)
  }
  if (type === OWN && referenceId === 0) v.refuse(CODE, 'EINVAL', 'allocated object must be referenced')
  const at = placeOf(v, argument, HEAD)
  // No object of the program's own can be made that has a list in it.
  const field = map?.fields?.find(({ kind, offsetBytes }) => kind === HEAD && offsetBytes === at)
  if (field === undefined) notFound(v, HEAD, at)
  checkLocked(v, register)
  return field
}

/** The list's lock lies beside it, and is the one that is held. @see check_reg_allocation_locked */
function checkLocked(v: Verification, { map, id }: RegisterState): void {
  const { lock } = v.state
  if (lock !== undefined && lock.map === map && lock.id === id) return
  if (lock !== undefined) v.log.print('held lock and object are not in the same allocation\n')
  const at = fieldOfKind(map?.fields, 'bpf_spin_lock')?.offsetBytes ?? -1
  v.refuse(CODE, 'EINVAL', `bpf_spin_lock at off=${at} must be held for ${HEAD}`)
}

function linkedStruct(v: Verification, linked: MapField['linked']): KernelStruct {
  const struct = v.own?.structOf(linked?.type)
  if (struct !== undefined) return struct
  throw v.noted(unsupported(`a list of struct ${linked?.type.name} is`))
}

function linkedObject(v: Verification, argument: Argument, linked: MapField['linked']): RegisterState {
  const { index, register } = argument
  const { type, struct, referenceId } = register
  if (type !== OWN) v.refuse(CODE, 'EINVAL', `arg#${index} expected pointer to allocated object`)
  if (referenceId === 0) v.refuse(CODE, 'EINVAL', 'allocated object must be referenced')
  const at = placeOf(v, argument, NODE)
  if (!ownFields(struct).some(({ kind, offsetBytes }) => kind === NODE && offsetBytes === at)) notFound(v, NODE, at)
  const wanted = linkedStruct(v, linked)
  const expected = `${NODE} at offset=${linked?.offsetBytes} in struct ${wanted.name}`
  if (wanted !== struct) {
    const found = `arg is at offset=${at} in struct ${struct?.name}`
    v.refuse(CODE, 'EINVAL', `operation on ${HEAD} expects arg#1 ${expected}, but ${found}`)
  }
  if (at !== linked?.offsetBytes) v.refuse(CODE, 'EINVAL', `arg#1 offset=${at}, but expected ${expected}`)
  return register
}

/** What was put into a list is the program's no longer. @see ref_convert_owning_non_owning */
export function giveToList(v: Verification, { id, name }: CallableFunction, { object }: KernelCallNotes): void {
  if (!PUSHES.has(name) || object === undefined) return
  const { referenceId, struct } = object
  const shared = NON_OWN_REF | (hasOwnField(struct, 'bpf_refcount') ? MEM_RCU : 0)
  mapRegisters(v.state, (register) =>
    register.referenceId === referenceId ? register.with({ referenceId: 0, type: register.type | shared }) : register,
  )
  if (releaseReference(v, referenceId)) return
  v.refuse(CODE, 'EINVAL', `kfunc ${name}#${id} reference has not been acquired before`)
}

/** The object that was taken out, or NULL: a pointer to its links. */
export function popped(v: Verification, { list }: KernelCallNotes): RegisterState {
  const struct = linkedStruct(v, list?.linked)
  // As for objects that are made.
  v.newId()
  const referenceId = acquireReference(v)
  const offset = list?.linked?.offsetBytes ?? 0
  return pointerTo(OWN | MAYBE_NULL, { struct, offset, referenceId, id: referenceId })
}
