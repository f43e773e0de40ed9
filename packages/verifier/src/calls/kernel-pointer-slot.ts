/**
 * bpf_kptr_xchg: puts a counted kernel pointer, or one to an object of the program's own, or none, into a map's value or such
 * an object, and gives out the one that was there.
 *
 * @see process_kptr_func in kernel/bpf/verifier.c
 */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { type OwnField, ownFields } from '../kernel-types/own-types.ts'
import { checkPointerFits } from '../memory/kernel-pointer-access.ts'
import { POINTER_FIELDS } from '../memory/special-fields.ts'
import type { MapField } from '../program/map-fields.ts'
import { unsupported } from '../report/refusal.ts'
import { isNull } from '../state/register-state.ts'
import { MEM_ALLOC, MEM_PERCPU, mayBeNull, PTR_TO_BTF_ID, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

const CODE = 'VERIFIER_KERNEL_POINTER'

/** A place that can be exchanged. */
interface PointerSlot {
  /** Undefined for one in an object. */
  readonly map: VerifierMap | undefined
  readonly field: MapField
}

/** The counted kernel pointer that register `number` points to. */
export function pointerSlot(v: Verification, number: number): PointerSlot {
  const { scalar, offset, map } = v.register(number)
  const fields = slotFields(v, number)
  if (!isConstantScalar(scalar)) {
    const message = `R${number} doesn't have constant offset. kptr has to be at the constant offset`
    v.refuse(CODE, 'EINVAL', message)
  }
  const pointers = fields.filter(isPointerField)
  if (pointers.length === 0) v.refuse(CODE, 'EINVAL', `R${number} has no valid kptr`)
  const at = toSignedNumber(scalar.tnum.value) + offset
  const field = pointers.find(({ offsetBytes }) => offsetBytes === at)
  if (field === undefined) v.refuse(CODE, 'EACCES', `off=${at} doesn't point to kptr`)
  if (field.kind === 'kptr_untrusted') v.refuse(CODE, 'EACCES', `off=${at} kptr isn't referenced kptr`)
  return { map, field }
}

/** Special fields of what the register points into. */
function slotFields(v: Verification, number: number): readonly OwnField[] {
  const { type, map, struct } = v.register(number)
  if ((type & MEM_ALLOC) !== 0) return ownFields(struct)
  if (type !== PTR_TO_MAP_VALUE || map === undefined) throw v.noted(unsupported('a kernel pointer outside of a map is'))
  if (map.fields !== undefined) return map.fields
  return v.refuse(CODE, 'EINVAL', `map '${map.name}' has to have BTF in order to use bpf_kptr_xchg`)
}

function isPointerField(field: OwnField): field is MapField {
  const { kind } = field
  return kind !== 'bpf_list_node' && kind !== 'bpf_rb_node' && kind !== 'uptr' && POINTER_FIELDS.has(kind)
}

/** Refuses a pointer that may not go into the slot. */
export function checkExchanged(v: Verification, number: number, field: MapField): void {
  const register = v.register(number)
  if (isNull(register)) return
  const { type } = register
  if ((type & MEM_ALLOC) !== 0 && (type & ~MEM_PERCPU) !== (PTR_TO_BTF_ID | MEM_ALLOC)) {
    v.refuse(CODE, 'EFAULT', 'verifier internal error: invalid PTR_TO_BTF_ID register for type match')
  }
  if (mayBeNull(type)) v.refuse(CODE, 'EACCES', `Possibly NULL pointer passed to helper arg${number}`)
  checkPointerFits(v, number, field)
}
