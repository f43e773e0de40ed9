/**
 * bpf_kptr_xchg: puts a counted kernel pointer, or none, into a map's value, and gives out the one that was there.
 *
 * @see process_kptr_func in kernel/bpf/verifier.c
 */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { checkPointerFits } from '../memory/kernel-pointer-access.ts'
import { POINTER_FIELDS } from '../memory/special-fields.ts'
import type { MapField } from '../program/map-fields.ts'
import { unsupported } from '../report/refusal.ts'
import { isNull } from '../state/register-state.ts'
import { mayBeNull, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

const CODE = 'VERIFIER_KERNEL_POINTER'

/** A place that can be exchanged. */
interface PointerSlot {
  readonly map: VerifierMap
  readonly field: MapField
}

/** The counted kernel pointer that register `number` points to. */
export function pointerSlot(v: Verification, number: number): PointerSlot {
  const { type, scalar, offset, map } = v.register(number)
  if (type !== PTR_TO_MAP_VALUE || map === undefined) throw v.noted(unsupported('a kernel pointer outside of a map is'))
  if (map.fields === undefined) {
    v.refuse(CODE, 'EINVAL', `map '${map.name}' has to have BTF in order to use bpf_kptr_xchg`)
  }
  if (!isConstantScalar(scalar)) {
    const message = `R${number} doesn't have constant offset. kptr has to be at the constant offset`
    v.refuse(CODE, 'EINVAL', message)
  }
  const pointers = map.fields.filter(({ kind }) => POINTER_FIELDS.has(kind))
  if (pointers.length === 0) v.refuse(CODE, 'EINVAL', `R${number} has no valid kptr`)
  const at = toSignedNumber(scalar.tnum.value) + offset
  const field = pointers.find(({ offsetBytes }) => offsetBytes === at)
  if (field === undefined) v.refuse(CODE, 'EACCES', `off=${at} doesn't point to kptr`)
  if (field.kind === 'kptr_untrusted') v.refuse(CODE, 'EACCES', `off=${at} kptr isn't referenced kptr`)
  return { map, field }
}

/** Refuses a pointer that may not go into the slot. */
export function checkExchanged(v: Verification, number: number, field: MapField): void {
  const register = v.register(number)
  if (isNull(register)) return
  if (mayBeNull(register.type)) v.refuse(CODE, 'EACCES', `Possibly NULL pointer passed to helper arg${number}`)
  checkPointerFits(v, number, field)
}
