/** Kernel pointers in map values, loaded and stored. @see check_map_kptr_access in kernel/bpf/verifier.c */
import { BTF_KIND } from '@bpfoundry/btf'
import { BPF_LDX, BPF_MEM, BPF_ST, BPF_STX } from '@bpfoundry/isa'
import { hasKernelDestructor } from '@bpfoundry/kernel-abi'
import { markPrecise } from '../exploration/precision.ts'
import { moduleWith } from '../kernel-types/kernel-module.ts'
import type { KernelStruct, KernelTypes } from '../kernel-types/kernel-types.ts'
import { isNode } from '../kernel-types/own-types.ts'
import { structsMatch } from '../kernel-types/struct-match.ts'
import type { MapField } from '../program/map-fields.ts'
import { isReadSide } from '../program/read-side.ts'
import { unsupported } from '../report/refusal.ts'
import { isNull, pointerTo } from '../state/register-state.ts'
import {
  MAYBE_NULL,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  NON_OWN_REF,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { Access } from './access.ts'
import { checkUnmodified } from './context-access.ts'

const CODE = 'VERIFIER_KERNEL_POINTER'
const PAGE_BYTES = 4096

/** `access` is of all of `field` and nothing else. */
export function accessKernelPointer(v: Verification, access: Access, field: MapField): void {
  const { opcode } = v.insn
  if ((opcode & 0xe0) !== BPF_MEM) {
    v.refuse(CODE, 'EACCES', 'kptr in map can only be accessed using BPF_MEM instruction mode')
  }
  const insnClass = opcode & 0x07
  if (insnClass === BPF_LDX) {
    if (field.kind === 'uptr') loadUserPointer(v, access.valueNumber, field)
    else loadPointer(v, access.valueNumber, field)
    return
  }
  if (field.kind === 'uptr') v.refuse(CODE, 'EACCES', 'store to uptr disallowed')
  if (field.kind !== 'kptr_untrusted') v.refuse(CODE, 'EACCES', 'store to referenced kptr disallowed')
  if (insnClass === BPF_STX) storeRegister(v, access.valueNumber, field)
  else if (insnClass === BPF_ST) storeImmediate(v, access, field)
}

/** The structure that a field points to: the kernel's, or one of the program's own where the kernel has none of that name. */
export function pointedStruct(v: Verification, { kind, target = '', targetType }: MapField): KernelStruct {
  const struct = v.kernel?.named(target)
  // To the kernel there is no field in such a map.
  if (struct !== undefined && kind === 'kptr' && !isGivenBack(v, struct)) {
    throw v.noted(unsupported(`a pointer to struct ${target} in a map, which nothing gives back, is`))
  }
  if (struct !== undefined) return struct
  const own = v.kernel === undefined ? undefined : v.own?.structOf(targetType)
  if (own !== undefined) return own
  throw v.noted(unsupported(`a pointer to struct ${target} in a map is`))
}

/** Something gives back what is left in a map that goes away. */
function isGivenBack(v: Verification, { id, name }: KernelStruct): boolean {
  const module = moduleWith(v.program, v.kernel?.btf, id)
  return module === undefined ? hasKernelDestructor(name) : module.destructible?.has(name) === true
}

/** Structures that stay until the read-side section ends, even when nobody holds them. @see rcu_protected_types */
// biome-ignore format: table
const RCU_PROTECTED: ReadonlySet<string> = new Set([
  'prog_test_ref_kfunc', 'cgroup', 'bpf_cpumask', 'task_struct', 'bpf_crypto_ctx',
])

/** Valid under RCU, or of no use but to be read and compared. */
function loadPointer(v: Verification, number: number, field: MapField): void {
  const struct = pointedStruct(v, field)
  const type = PTR_TO_BTF_ID | MAYBE_NULL | loadedFlags(v, field, struct)
  v.write(number, pointerTo(type, { struct, id: v.newId() }))
}

/**
 * Memory of a task, as long as the structure that is said to be there: a page at most, and not one of the kernel's.
 *
 * @see mark_uptr_ld_reg in kernel/bpf/verifier.c, btf_check_and_fixup_fields in kernel/bpf/btf.c
 */
function loadUserPointer(v: Verification, number: number, { target = '', targetType }: MapField): void {
  const memoryBytes = targetType?.kind === BTF_KIND.STRUCT ? targetType.sizeBytes : 0
  const isOfProgram = v.kernel !== undefined && v.kernel.named(target) === undefined
  const isTaken = isOfProgram && memoryBytes > 0 && memoryBytes <= PAGE_BYTES
  if (!v.profile.knowsUserPointers || !isTaken) throw v.noted(unsupported(`a pointer to struct ${target} in a map is`))
  v.write(number, pointerTo(PTR_TO_MEM | MAYBE_NULL, { memoryBytes, id: v.newId() }))
}

/** @see btf_ld_kptr_type in kernel/bpf/verifier.c */
function loadedFlags(v: Verification, { kind }: MapField, struct: KernelStruct): number {
  const isPerCpu = kind === 'percpu_kptr'
  const isProtected = kind === 'kptr' && (struct.own !== undefined || RCU_PROTECTED.has(struct.name))
  const isKept = (isPerCpu || isProtected) && isReadSide(v) && v.profile.keepsPointersUnderRcu
  if (!isKept) return PTR_UNTRUSTED
  const shared = isNode(struct) ? NON_OWN_REF : 0
  if (isPerCpu) return MEM_RCU | MEM_PERCPU | shared
  return MEM_RCU | shared | (struct.own === undefined ? 0 : MEM_ALLOC)
}

/** Nothing may be stored, or a pointer to the same type. */
function storeRegister(v: Verification, number: number, field: MapField): void {
  if (isNull(v.register(number))) markPrecise(v, number)
  else checkPointerFits(v, number, field)
}

/** The pointer in the register is of the field's type. @see map_kptr_match_type in kernel/bpf/verifier.c */
export function checkPointerFits(v: Verification, number: number, field: MapField): void {
  const { type, struct, offset } = v.register(number)
  const isUncounted = field.kind === 'kptr_untrusted'
  const ofKernel = PTR_TRUSTED | MEM_RCU | (isUncounted ? PTR_UNTRUSTED : 0)
  const perCpu = field.kind === 'percpu_kptr' ? MEM_PERCPU : 0
  const permitted = PTR_TO_BTF_ID | MAYBE_NULL | (struct?.own === undefined ? ofKernel : MEM_ALLOC | perCpu)
  const fits = (type & ~permitted) === 0 && (type & MEM_PERCPU) === perCpu
  if (struct === undefined || !fits) refuseType(v, number, field, '')
  checkUnmodified(v, number, true)
  const { btf } = v.kernel as KernelTypes
  if (structsMatch(btf, struct, offset, pointedStruct(v, field), !isUncounted)) return
  refuseType(v, number, field, struct.name)
}

function refuseType(v: Verification, number: number, { kind, target = '' }: MapField, found: string): never {
  const { type } = v.register(number)
  const untrusted = kind === 'kptr_untrusted' ? ` or untrusted_ptr_${target}` : ''
  const expected = `expected=ptr_${target}${untrusted}`
  return v.refuse(CODE, 'EACCES', `invalid kptr access, R${number} type=${typeName(type)}${found} ${expected}`)
}

function storeImmediate(v: Verification, { immediate }: Access, { offsetBytes }: MapField): void {
  if (immediate === 0) return
  v.refuse(CODE, 'EACCES', `BPF_ST imm must be 0 when storing to kptr at off=${offsetBytes}`)
}
