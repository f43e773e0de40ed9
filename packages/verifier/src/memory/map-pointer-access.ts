/**
 * Loads from the kernel's own structure behind a map pointer, by its type.
 *
 * Maps lie elsewhere here: what a load finds is noted for the fix-ups. What the kernel keeps in the structure for itself is
 * not there, and reads as 0.
 *
 * @see check_ptr_to_map_access in kernel/bpf/verifier.c
 */
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import { type Found, walkStruct } from '../kernel-types/struct-walk.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import { PTR_TO_BTF_ID } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import { type Access, loaded } from './access.ts'
import { mapAttribute, mapStructName } from './map-struct.ts'
import { addressFound } from './untrusted-memory.ts'

const CODE = 'VERIFIER_MAP_STRUCT'

export function accessMapPointer(v: Verification, access: Access): void {
  const { pointer, pointerNumber, offset, sizeBytes, isWrite, valueNumber, signExtends } = access
  const map = pointer.map as VerifierMap
  const name = mapStructName(map.type)
  if (!v.isTrusted) {
    const message = `${v.profile.mapStruct.replace('%s', name)} access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`
    v.refuse('VERIFIER_CAPABILITY', 'EPERM', message)
  }
  if (offset < 0) {
    v.refuse(CODE, 'EACCES', `R${pointerNumber} is ${name} invalid negative access: off=${offset}`)
  }
  if (isWrite) v.refuse(CODE, 'EACCES', `only read from ${name} is supported`)
  const struct = v.kernel?.named(name)
  if (v.kernel === undefined || struct === undefined) {
    throw v.noted(unsupported(`reading the fields of struct ${name} is`))
  }
  const found = walkStruct(v.kernel.btf, struct.id, offset, sizeBytes)
  if (found.kind === 'refused') v.refuse(CODE, found.errno, found.message)
  noteLoad(v, mapAttribute(v.kernel.btf, map, offset, sizeBytes) ?? 0)
  if (valueNumber >= 0) v.write(valueNumber, loaded(foundRegister(v, found), sizeBytes, signExtends))
}

function foundRegister(v: Verification, found: Exclude<Found, { kind: 'refused' }>): RegisterState {
  if (found.kind === 'number') return UNKNOWN_SCALAR
  if (found.kind === 'address') return addressFound(v, found.flags)
  const struct = v.kernel?.struct(found.structId) as KernelStruct
  return pointerTo(PTR_TO_BTF_ID | found.flags, { struct })
}

/** One instruction can't read two maps: what it finds is put in its place. */
function noteLoad(v: Verification, value: number): void {
  const { mapLoads } = v.notes
  const known = mapLoads.get(v.pc)
  if (known !== undefined && known !== value) {
    throw v.noted(unsupported('reading the fields of different maps by one instruction is'))
  }
  mapLoads.set(v.pc, value)
}
