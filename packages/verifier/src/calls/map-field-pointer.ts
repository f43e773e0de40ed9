/** Arguments that point to a timer or a work queue in a map's value, and that its map is the one handed over beside it. */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { fieldOfKind } from '../program/map-fields.ts'
import { lookUpOf } from '../state/inner-map.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

/** A field that a callback is set for, with the words and the code of its refusals. */
export interface CallbackField {
  readonly kind: 'bpf_timer' | 'bpf_wq'
  readonly words: string
  readonly code: string
}

export const TIMER: CallbackField = { kind: 'bpf_timer', words: 'timer', code: 'VERIFIER_TIMER' }
export const WORK_QUEUE: CallbackField = { kind: 'bpf_wq', words: 'workqueue', code: 'VERIFIER_WORK_QUEUE' }

/**
 * The map that the field lies in that register `number` points to.
 *
 * @see process_timer_func, process_wq_func in kernel/bpf/verifier.c
 */
export function fieldMap(v: Verification, number: number, { kind, code }: CallbackField): VerifierMap {
  const refuse = (message: string): never => v.refuse(code, 'EINVAL', message)
  const { scalar, offset, map } = v.register(number)
  const { name, fields } = map as VerifierMap
  if (!isConstantScalar(scalar)) {
    refuse(`R${number} doesn't have constant offset. ${kind} has to be at the constant offset`)
  }
  if (fields === undefined) refuse(`map '${name}' has to have BTF in order to use ${kind}`)
  const field = fieldOfKind(fields, kind)
  if (field === undefined) return refuse(`map '${name}' has no valid ${kind}`)
  const at = toSignedNumber(scalar.tnum.value) + offset
  if (at !== field.offsetBytes) refuse(`off ${at} doesn't point to 'struct ${kind}' that is at ${field.offsetBytes}`)
  return map as VerifierMap
}

/** Refuses a map that is not the one that the field lies in: two inner maps of one map of maps are two. */
export function checkFieldMap(
  v: Verification,
  { words, code }: CallbackField,
  holder: VerifierMap,
  map: VerifierMap | undefined,
): void {
  if (holder === map) return
  const uids = [holder, map].map((one) => (one === undefined ? 0 : lookUpOf(one)))
  v.refuse(
    code,
    'EINVAL',
    `${words} pointer in R1 map_uid=${uids[0]} doesn't match map pointer in R2 map_uid=${uids[1]}`,
  )
}
