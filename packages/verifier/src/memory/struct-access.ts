/** Loads through pointers to structures of the kernel; loads and stores in objects of the program's own. @see check_ptr_to_btf_access in kernel/bpf/verifier.c */
import { isConstantZero } from '../domain/scalar.ts'
import type { KernelStruct, KernelTypes } from '../kernel-types/kernel-types.ts'
import { ownFields } from '../kernel-types/own-types.ts'
import { type Found, walkStruct } from '../kernel-types/struct-walk.ts'
import { loadedFlags } from '../kernel-types/trust.ts'
import { isReadSide } from '../program/read-side.ts'
import { unsupported } from '../report/refusal.ts'
import { tnumText } from '../report/state-text.ts'
import { pointerTo, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  mayBeNull,
  NON_OWN_REF,
  PTR_TO_BTF_ID,
  PTR_UNTRUSTED,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'
import { checkStructOpsStore } from './struct-ops-store.ts'
import { addressFound } from './untrusted-memory.ts'

const CODE = 'VERIFIER_STRUCT_ACCESS'

export function accessStruct(v: Verification, access: Access): void {
  checkStructAccess(v, access)
  const { pointer, offset, sizeBytes, valueNumber, signExtends } = access
  const struct = pointer.struct as KernelStruct
  const isOwn = (pointer.type & MEM_ALLOC) !== 0
  const rules = v.target?.structOps?.rules
  if (access.isWrite && !isOwn && rules !== undefined) {
    checkStructOpsStore(v, rules, access)
    return
  }
  if (isOwn) checkOwnFields(v, access)
  const btf = struct.own?.btf ?? (v.kernel as KernelTypes).btf
  const found = walkStruct(btf, struct.id, offset, sizeBytes, !isOwn)
  if (found.kind === 'refused') v.refuse(CODE, found.errno, found.message)
  if (valueNumber < 0) return
  if (access.isWrite) return
  // What is stored in an object of the program's own is a number from then on.
  const value = isOwn ? UNKNOWN_SCALAR : foundRegister(v, pointer, found)
  v.write(valueNumber, loaded(value, sizeBytes, signExtends))
}

/** Refuses what touches a field that the kernel keeps to itself. @see btf_struct_access in kernel/bpf/btf.c */
function checkOwnFields(v: Verification, { pointer, offset, sizeBytes }: Access): void {
  const touched = ownFields(pointer.struct).find(
    (field) => offset < field.offsetBytes + field.sizeBytes && field.offsetBytes < offset + sizeBytes,
  )
  if (touched !== undefined) v.refuse(CODE, 'EACCES', `direct access to ${touched.kind} is disallowed`)
}

/** Everything but what lies there. */
function checkStructAccess(v: Verification, { pointer, pointerNumber, offset, isWrite }: Access): void {
  const { name, own } = pointer.struct as KernelStruct
  const what = `R${pointerNumber} is ptr_${name}`
  if (!v.isTrusted) {
    v.refuse(CODE, 'EPERM', `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`)
  }
  if (!v.program.gplCompatible && own === undefined) {
    v.refuse(CODE, 'EINVAL', `Cannot access kernel 'struct ${name}' from non-GPL compatible program`)
  }
  if (offset < 0) v.refuse(CODE, 'EACCES', `${what} invalid negative access: off=${offset}`)
  if (!isConstantZero(pointer.scalar)) {
    const where = `off=${offset}, var_off=${tnumText(pointer.scalar.tnum)}`
    v.refuse(CODE, 'EACCES', `${what} invalid variable offset: ${where}`)
  }
  if ((pointer.type & MEM_USER) !== 0) v.refuse(CODE, 'EACCES', `${what} access user memory: off=${offset}`)
  if ((pointer.type & MEM_PERCPU) !== 0) v.refuse(CODE, 'EACCES', `${what} access percpu memory: off=${offset}`)
  const isOwn = (pointer.type & MEM_ALLOC) !== 0 && (pointer.type & PTR_UNTRUSTED) === 0
  const mayWrite = v.target?.structOps !== undefined && (pointer.type & (MEM_ALLOC | PTR_UNTRUSTED)) === 0
  if (isWrite && !isOwn && !mayWrite) v.refuse(CODE, 'EACCES', 'only read is supported')
  const isHeld = pointer.referenceId !== 0 || (pointer.type & (NON_OWN_REF | MEM_RCU)) !== 0
  if ((pointer.type & MEM_ALLOC) !== 0 && !isHeld) {
    v.refuse(CODE, 'EFAULT', 'verifier internal error: ref_obj_id for allocated object must be non-zero')
  }
}

function foundRegister(
  v: Verification,
  from: RegisterState,
  found: Exclude<Found, { kind: 'refused' }>,
): RegisterState {
  if (found.kind === 'number') return UNKNOWN_SCALAR
  if (found.kind === 'address') return addressFound(v, found.flags)
  const kernel = v.kernel as KernelTypes
  const flags = loadedFlags(kernel.btf, from, found, isReadSide(v))
  const struct = from.struct?.own === undefined ? kernel.struct(found.structId) : ownStruct(v, found.structId)
  return pointerTo(PTR_TO_BTF_ID | flags, { struct, id: mayBeNull(flags) ? v.newId() : 0 })
}

function ownStruct(v: Verification, id: number): KernelStruct {
  const type = v.own?.type(id)
  const struct = v.own?.structOf(type)
  if (struct !== undefined) return struct
  throw v.noted(unsupported(`a pointer to struct ${type?.name} is`))
}
