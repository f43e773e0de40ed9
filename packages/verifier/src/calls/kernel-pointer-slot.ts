/** The place in a map's value that bpf_kptr_xchg changes. @see process_kptr_func in kernel/bpf/verifier.c */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { POINTER_FIELDS } from '../memory/special-fields.ts'
import { unsupported } from '../report/refusal.ts'
import { PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

const CODE = 'VERIFIER_KERNEL_POINTER'

/** Refuses a register that does not point to a counted kernel pointer; those that do can't be judged yet. */
export function checkPointerSlot(v: Verification, number: number): never {
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
  throw v.noted(unsupported('exchanging a kernel pointer is'))
}
