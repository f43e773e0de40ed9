/** Loads and stores of kernel pointers in map values. @see check_map_kptr_access in kernel/bpf/verifier.c */
import { BPF_LDX, BPF_MEM, BPF_ST, BPF_STX } from '@bpfoundry/isa'
import { markPrecise } from '../exploration/precision.ts'
import type { MapField } from '../program/map-fields.ts'
import { unsupported } from '../report/refusal.ts'
import { isNull } from '../state/register-state.ts'
import { baseType, PTR_TO_BTF_ID, typeName } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { Access } from './access.ts'

const CODE = 'VERIFIER_KERNEL_POINTER'

/** `access` is of all of `field` and nothing else. */
export function accessKernelPointer(v: Verification, access: Access, field: MapField): void {
  const { opcode } = v.insn
  if ((opcode & 0xe0) !== BPF_MEM) {
    v.refuse(CODE, 'EACCES', 'kptr in map can only be accessed using BPF_MEM instruction mode')
  }
  const insnClass = opcode & 0x07
  if (insnClass === BPF_LDX) throw v.noted(unsupported('loading a kernel pointer from a map is'))
  if (field.kind === 'uptr') v.refuse(CODE, 'EACCES', 'store to uptr disallowed')
  if (field.kind !== 'kptr_untrusted') v.refuse(CODE, 'EACCES', 'store to referenced kptr disallowed')
  if (insnClass === BPF_STX) storeRegister(v, access.valueNumber, field)
  else if (insnClass === BPF_ST) storeImmediate(v, access, field)
}

/** Nothing may be stored, or a pointer to the same type. */
function storeRegister(v: Verification, number: number, { target = '' }: MapField): void {
  const { type } = v.register(number)
  if (isNull(v.register(number))) {
    markPrecise(v, number)
    return
  }
  if (baseType(type) === PTR_TO_BTF_ID) throw v.noted(unsupported('storing a kernel pointer to a map is'))
  const expected = `ptr_${target} or untrusted_ptr_${target}`
  const message = `invalid kptr access, R${number} type=${typeName(type)} expected=${expected}`
  v.refuse(CODE, 'EACCES', message)
}

function storeImmediate(v: Verification, { immediate }: Access, { offsetBytes }: MapField): void {
  if (immediate === 0) return
  v.refuse(CODE, 'EACCES', `BPF_ST imm must be 0 when storing to kptr at off=${offsetBytes}`)
}
