/** Arguments that point to a timer, and that its map is the one handed over beside it. */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { fieldOfKind } from '../program/map-fields.ts'
import { lookUpOf } from '../state/inner-map.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

function refuse(v: Verification, message: string): never {
  return v.refuse('VERIFIER_TIMER', 'EINVAL', message)
}

/** The map whose timer register `number` points to. @see process_timer_func in kernel/bpf/verifier.c */
export function timerMap(v: Verification, number: number): VerifierMap {
  const { scalar, offset, map } = v.register(number)
  const { name, fields } = map as VerifierMap
  if (!isConstantScalar(scalar)) {
    refuse(v, `R${number} doesn't have constant offset. bpf_timer has to be at the constant offset`)
  }
  if (fields === undefined) refuse(v, `map '${name}' has to have BTF in order to use bpf_timer`)
  const field = fieldOfKind(fields, 'bpf_timer')
  if (field === undefined) refuse(v, `map '${name}' has no valid bpf_timer`)
  const at = toSignedNumber(scalar.tnum.value) + offset
  if (at !== field.offsetBytes) {
    refuse(v, `off ${at} doesn't point to 'struct bpf_timer' that is at ${field.offsetBytes}`)
  }
  return map as VerifierMap
}

/** Refuses a map that is not the one that the timer lies in: two inner maps of one map of maps are two. */
export function checkTimerMap(v: Verification, timer: VerifierMap, map: VerifierMap | undefined): void {
  if (timer === map) return
  const uids = [timer, map].map((one) => (one === undefined ? 0 : lookUpOf(one)))
  refuse(v, `timer pointer in R1 map_uid=${uids[0]} doesn't match map pointer in R2 map_uid=${uids[1]}`)
}
