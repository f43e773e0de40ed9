/** Accesses that would touch what the kernel keeps to itself in a map's value. @see check_map_access in kernel/bpf/verifier.c */
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber, toUnsignedNumber } from '../domain/word64.ts'
import type { MapField, MapFieldKind } from '../program/map-fields.ts'
import type { RegisterState } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'

const CODE = 'VERIFIER_SPECIAL_FIELD'

/** Kernel pointers: programs may load them, whole, and change some. */
export const POINTER_FIELDS: ReadonlySet<MapFieldKind> = new Set(['kptr_untrusted', 'kptr', 'percpu_kptr', 'uptr'])

/** How the log calls fields by another name than that of their type. */
const NAMES: Readonly<Partial<Record<MapFieldKind, string>>> = { kptr_untrusted: 'kptr' }

function refuse(v: Verification, message: string): never {
  return v.refuse(CODE, 'EACCES', message)
}

/** Fields that [offset, offset + size) from the pointer may overlap. */
function touchedFields({ map, scalar }: RegisterState, offset: number, size: number): readonly MapField[] {
  const { fields = [] } = map ?? {}
  if (fields.length === 0) return fields
  const least = toSignedNumber(scalar.smin) + offset
  const end = toUnsignedNumber(scalar.umax) + offset + size
  return fields.filter(({ offsetBytes, sizeBytes }) => least < offsetBytes + sizeBytes && offsetBytes < end)
}

function pointerName({ profile }: Verification, { kind }: MapField): string {
  return profile.knowsUserPointers ? (NAMES[kind] ?? kind) : 'kptr'
}

function checkPointerAccess(v: Verification, field: MapField, { scalar }: RegisterState, offset: number): void {
  const name = pointerName(v, field)
  if (!isConstantScalar(scalar)) refuse(v, `${name} access cannot have variable offset`)
  const at = offset + toSignedNumber(scalar.tnum.value)
  if (at !== field.offsetBytes) refuse(v, `${name} access misaligned expected=${field.offsetBytes} off=${at}`)
}

/**
 * Refuses an access by an instruction through register `number` that touches a special field, but for a whole kernel
 * pointer, which it gives.
 */
export function touchedPointer(v: Verification, number: number, offset: number, size: number): MapField | undefined {
  const register = v.register(number)
  let found: MapField | undefined
  for (const field of touchedFields(register, offset, size)) {
    if (!POINTER_FIELDS.has(field.kind)) refuseField(v, field)
    checkPointerAccess(v, field, register, offset)
    if (size !== field.sizeBytes) refuse(v, `${pointerName(v, field)} access size must be BPF_DW`)
    found = field
  }
  return found
}

/** Refuses memory handed to a helper that holds a special field. */
export function checkNoFields(v: Verification, number: number, offset: number, size: number): void {
  const field = touchedFields(v.register(number), offset, size)[0]
  if (field === undefined) return
  if (POINTER_FIELDS.has(field.kind)) refuse(v, `${pointerName(v, field)} cannot be accessed indirectly by helper`)
  refuseField(v, field)
}

function refuseField(v: Verification, { kind }: MapField): never {
  return refuse(v, `${NAMES[kind] ?? kind} cannot be accessed directly by load/store`)
}
