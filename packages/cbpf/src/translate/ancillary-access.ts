import {
  BPF_ALU32_REG,
  BPF_EMIT_CALL,
  BPF_ENDIAN,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV64_REG,
  BPF_TO_BE,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import type { AncillaryRow } from '../ancillary-data.ts'
import { CbpfError } from '../cbpf-error.ts'
import type { AncillaryAccess, ContextField, ContextLayout } from './context-layout.ts'
import { A, ARG1, ARG2, ARG3, CTX, TMP, X } from './registers.ts'

const load = (register: number, base: number, { size, off }: ContextField): Insn =>
  BPF_LDX_MEM(size, register, base, off)

/** The 16-bit fields that are in network byte order. */
const NETWORK_BITS = 16

/**
 * A = one of the ancillary data.
 *
 * @throws CbpfError CBPF_ANCILLARY where the context has none
 * @see convert_bpf_extensions in the kernel's net/core/filter.c
 */
export function ancillaryLoad(layout: ContextLayout, { name }: AncillaryRow, pc: number): Insn[] {
  // A ^= X
  if (name === 'alu_xor_x') return [BPF_ALU32_REG(BPF_XOR, A, X)]
  const access = layout.ancillary[name]
  if (access !== undefined) return accessInsns(access)
  throw new CbpfError({
    code: 'CBPF_ANCILLARY',
    message: `programs can't reach ${name} in ${layout.name}`,
    where: { pc },
    expected: Object.keys(layout.ancillary).join(', '),
    hint: 'the machine, and programs translated for the socket buffer in guest memory, can',
  })
}

function accessInsns(access: AncillaryAccess): Insn[] {
  if (access.kind === 'call') {
    return [BPF_MOV64_REG(ARG1, CTX), BPF_MOV64_REG(ARG2, A), BPF_MOV64_REG(ARG3, X), BPF_EMIT_CALL(access.helper)]
  }
  if (access.kind === 'pointed') {
    const { pointer, field } = access
    return [load(TMP, CTX, pointer), BPF_JMP_IMM(BPF_JNE, TMP, 0, 1), BPF_EXIT_INSN(), load(A, TMP, field)]
  }
  if (access.kind === 'flag') {
    return [load(A, CTX, access.field), BPF_JMP_IMM(BPF_JEQ, A, 0, 1), BPF_MOV32_IMM(A, 1)]
  }
  const value = load(A, CTX, access.field)
  return access.byteOrder === 'big' ? [value, BPF_ENDIAN(BPF_TO_BE, A, NETWORK_BITS)] : [value]
}
