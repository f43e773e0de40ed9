/**
 * Objects of the program's own: made, counted once more, given up.
 *
 * @see check_kfunc_args, check_kfunc_call in kernel/bpf/verifier.c
 */
import { BTF_KIND, type BtfParameter } from '@bpfoundry/btf'
import { type CallableFunction, isMarked } from '../kernel-types/kernel-function.ts'
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import { hasOwnField } from '../kernel-types/own-types.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState } from '../state/register-state.ts'
import { baseType, MAYBE_NULL, MEM_ALLOC, MEM_PERCPU, NON_OWN_REF, PTR_TO_BTF_ID } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { Argument, KernelCallNotes } from './kernel-arguments.ts'
import { checkPerCpuStruct } from './per-cpu-object.ts'
import { acquireReference } from './references.ts'

const CODE = 'VERIFIER_OWN_OBJECT'

const NEW = 'bpf_obj_new_impl'
const NEW_PER_CPU = 'bpf_percpu_obj_new_impl'
export const REFCOUNT_ACQUIRE = 'bpf_refcount_acquire_impl'

const OWN = PTR_TO_BTF_ID | MEM_ALLOC
const U32_MAX = 0xffffffff

/** The function gives out an object of the program's own. */
export function makesOwnObject({ name }: CallableFunction): boolean {
  return name === NEW || name === NEW_PER_CPU || name === REFCOUNT_ACQUIRE
}

/** The parameter is for such an object. */
export function takesOwnObject(parameter: BtfParameter): boolean {
  return isMarked(parameter, '__alloc') || isMarked(parameter, '__refcounted_kptr')
}

/** Holds the register against the parameter, once its validity and offset were judged. */
export function takeOwnObject(v: Verification, argument: Argument, notes: KernelCallNotes): void {
  if (isMarked(argument.parameter, '__alloc')) checkGivenUp(v, argument)
  else checkCounted(v, argument)
  notes.object = argument.register
}

/** Which function gives up what. */
// biome-ignore format: table
const DROPS: ReadonlyMap<number, string> = new Map([
  [OWN,              'bpf_obj_drop_impl'],
  [OWN | MEM_PERCPU, 'bpf_percpu_obj_drop_impl'],
])

function checkGivenUp(v: Verification, { fn, index, register }: Argument): void {
  const drop = DROPS.get(register.type)
  if (drop === undefined) v.refuse(CODE, 'EINVAL', `arg#${index} expected pointer to allocated object`)
  if (drop !== fn.name) v.refuse(CODE, 'EINVAL', `arg#${index} expected for ${drop}()`)
  if (register.referenceId === 0) v.refuse(CODE, 'EINVAL', 'allocated object must be referenced')
}

function checkCounted(v: Verification, { index, register: { type, struct } }: Argument): void {
  if (baseType(type) !== PTR_TO_BTF_ID || (type & MEM_ALLOC) === 0) {
    v.refuse(CODE, 'EINVAL', `arg#${index} is neither owning or non-owning ref`)
  }
  if (hasOwnField(struct, 'bpf_refcount')) return
  if (struct?.own?.fields.length === 0) {
    v.refuse(CODE, 'EFAULT', "verifier internal error: Couldn't find btf_record")
  }
  v.refuse(CODE, 'EINVAL', `arg#${index} doesn't point to a type with bpf_refcount field`)
}

/** What the function gives out: a reference, and NULL where there may be no memory or no object. */
export function ownObject(v: Verification, { name }: CallableFunction, notes: KernelCallNotes): RegisterState {
  const isNew = name !== REFCOUNT_ACQUIRE
  const struct = isNew ? newStruct(v, name, notes) : (notes.object?.struct as KernelStruct)
  if (!isNew && isOwning(notes.object)) {
    const referenceId = acquireReference(v)
    return pointerTo(OWN, { struct, referenceId, id: hasOwnField(struct, 'bpf_spin_lock') ? v.newId() : 0 })
  }
  // The kernel counts an id for the comparison with NULL, and then takes that of the reference.
  v.newId()
  const referenceId = acquireReference(v)
  const perCpu = name === NEW_PER_CPU ? MEM_PERCPU : 0
  return pointerTo(OWN | perCpu | MAYBE_NULL, { struct, referenceId, id: referenceId })
}

function isOwning(object: RegisterState | undefined): boolean {
  return object !== undefined && (object.type & NON_OWN_REF) === 0 && object.referenceId !== 0
}

/** The structure of the program's own that the call's constant names. */
function newStruct(v: Verification, name: string, { constant = 0 }: KernelCallNotes): KernelStruct {
  if (constant > U32_MAX) v.refuse(CODE, 'EINVAL', 'local type ID argument must be in range [0, U32_MAX]')
  if (v.own === undefined) v.refuse(CODE, 'EINVAL', 'bpf_obj_new/bpf_percpu_obj_new requires prog BTF')
  const type = v.own.type(constant)
  if (type?.kind !== BTF_KIND.STRUCT) {
    v.refuse(CODE, 'EINVAL', 'bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct')
  }
  if (name === NEW_PER_CPU) checkPerCpuStruct(v, constant)
  const struct = v.own.structOf(type)
  if (struct === undefined) throw v.noted(unsupported(`an object of struct ${type.name} is`))
  return struct
}
