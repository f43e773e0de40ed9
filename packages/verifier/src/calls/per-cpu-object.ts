/**
 * Objects of the program's own that every CPU has one of: nothing but numbers, and small. They are got at one CPU at a time.
 *
 * @see check_kfunc_call, check_helper_call in kernel/bpf/verifier.c
 */
import { ERRNO, type HelperPrototype } from '@bpfoundry/kernel-abi'
import { isComposite, type KernelStruct, type KernelTypes } from '../kernel-types/kernel-types.ts'
import { ownFields } from '../kernel-types/own-types.ts'
import { isScalarStruct } from '../kernel-types/scalar-struct.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState } from '../state/register-state.ts'
import {
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  typeFlags,
} from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'

const CODE = 'VERIFIER_OWN_OBJECT'

/** Bytes that one CPU's object may have. @see BPF_GLOBAL_PERCPU_MA_MAX_SIZE in kernel/bpf/verifier.c */
const MAX_BYTES = 512

const PER_CPU = PTR_TO_BTF_ID | MEM_ALLOC | MEM_PERCPU

/** Helpers that give one CPU's object: bpf_per_cpu_ptr, bpf_this_cpu_ptr. */
const CPU_VIEWS: ReadonlySet<number> = new Set([153, 154])

/** Refuses a structure of the program's own that no per-CPU object can be made of, by its BTF id. */
export function checkPerCpuStruct(v: Verification, typeId: number): void {
  const type = v.own?.type(typeId)
  if (v.own === undefined || type === undefined) return
  const sizeBytes = v.own.btf.sizeOf(typeId) ?? 0
  if (sizeBytes > MAX_BYTES) {
    v.refuse(CODE, 'EINVAL', `bpf_percpu_obj_new type size (${sizeBytes}) is greater than ${MAX_BYTES}`)
  }
  if (!isScalarStruct(v.own.btf, type)) {
    v.refuse(CODE, 'EINVAL', 'bpf_percpu_obj_new type ID argument must be of a struct of scalars')
  }
  if (ownFields(v.own.structOf(type)).length > 0) {
    v.refuse(CODE, 'EINVAL', 'bpf_percpu_obj_new type ID argument must not contain special fields')
  }
}

/** What a helper gives that is handed a per-CPU pointer; undefined for any other helper. */
export function cpuView(v: Verification, { id, name, returns }: HelperPrototype): RegisterState | undefined {
  if (!CPU_VIEWS.has(id)) return undefined
  const { type, struct } = v.register(1)
  if ((type & MEM_RCU) === 0) return variableView(v, returns.flags, struct as KernelStruct)
  if (struct?.own === undefined) throw v.noted(unsupported(`argument 1 of ${name}#${id} is`))
  // The kernel does not ask whether there is such a CPU.
  return pointerTo(PTR_TO_BTF_ID | MEM_ALLOC | MEM_RCU, { struct })
}

/** One CPU's variable of the kernel. `struct` may be any type. */
function variableView(v: Verification, flags: number, struct: KernelStruct): RegisterState {
  const { btf } = v.kernel as KernelTypes
  const modifiers = typeFlags(flags)
  const id = mayBeNull(modifiers) ? v.newId() : 0
  if (isComposite(btf.resolve(struct.id))) return pointerTo(PTR_TO_BTF_ID | (modifiers & ~MEM_RDONLY), { struct, id })
  const memoryBytes = btf.sizeOf(struct.id)
  if (memoryBytes !== undefined) return pointerTo(PTR_TO_MEM | modifiers, { memoryBytes, id })
  return v.refuse(
    'VERIFIER_KERNEL_SYMBOL',
    'EINVAL',
    `unable to resolve the size of type '${struct.name}': -${ERRNO.EINVAL}`,
  )
}

/** What was put into a map under RCU stays valid until the section ends. @see check_helper_call */
export function keepPerCpuObject({ state }: Verification, referenceId: number): void {
  mapRegisters(state, (register) =>
    register.referenceId === referenceId && (register.type & PER_CPU) === PER_CPU
      ? register.with({ referenceId: 0, type: (register.type & ~MEM_ALLOC) | MEM_RCU })
      : register,
  )
}
