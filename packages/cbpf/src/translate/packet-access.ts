import {
  BPF_ADD,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_B,
  BPF_EMIT_CALL,
  BPF_ENDIAN,
  BPF_EXIT_INSN,
  BPF_H,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JSGE,
  BPF_JSLT,
  BPF_LD_ABS,
  BPF_LD_IND,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_SUB,
  BPF_TO_BE,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import type { ContextLayout, PacketAccess } from './context-layout.ts'
import { A, ARG1, ARG2, ARG3, ARG4, CTX, D, H, TMP, X } from './registers.ts'

type Bytes = 1 | 2 | 4
type MemoryAccess = Extract<PacketAccess, { kind: 'memory' }>

const SIZES: Readonly<Record<Bytes, number>> = { 1: BPF_B, 2: BPF_H, 4: BPF_W }
const MAX_DISPLACEMENT = 0x7fff

/** A load of packet data to A, which ends the program with 0 where there is none. */
export interface PacketLoad {
  readonly bytes: Bytes
  /** Signed. */
  readonly offset: number
  /** Added to X. */
  readonly indirect: boolean
}

/** Fetches what packet loads need once, where they need it. */
export function packetPrologue({ packet, length }: ContextLayout): Insn[] {
  if (packet.kind === 'instructions') return []
  return [
    BPF_LDX_MEM(packet.data.size, D, CTX, packet.data.off),
    BPF_LDX_MEM(length.size, H, CTX, length.off),
    BPF_LDX_MEM(packet.fragmentsLength.size, TMP, CTX, packet.fragmentsLength.off),
    BPF_ALU32_REG(BPF_SUB, H, TMP),
  ]
}

/** @see convert_bpf_ld_abs in the kernel's net/core/filter.c, for a machine where unaligned loads are fine */
export function packetLoad(access: PacketAccess, load: PacketLoad): Insn[] {
  if (access.kind === 'instructions') return [packetInstruction(load)]
  const slow = slowLoad(access, load)
  if (load.indirect || load.offset < 0) return slow
  const fast = fastLoad(load)
  return [...boundsCheck(load, fast.length + 1), ...fast, BPF_JMP_A(slow.length), ...slow]
}

function packetInstruction({ bytes, offset, indirect }: PacketLoad): Insn {
  return indirect ? BPF_LD_IND(SIZES[bytes], X, offset) : BPF_LD_ABS(SIZES[bytes], offset)
}

/** `skip` instructions where the linear part ends before. */
function boundsCheck({ bytes, offset }: PacketLoad, skip: number): Insn[] {
  return [
    BPF_MOV64_REG(TMP, H),
    ...(offset === 0 ? [] : [BPF_ALU64_IMM(BPF_SUB, TMP, offset)]),
    BPF_JMP_IMM(BPF_JSLT, TMP, bytes, skip),
  ]
}

function fastLoad({ bytes, offset }: PacketLoad): Insn[] {
  const size = SIZES[bytes]
  const near = offset <= MAX_DISPLACEMENT
  return [
    ...(near ? [] : [BPF_MOV64_REG(TMP, D), BPF_ALU64_IMM(BPF_ADD, TMP, offset)]),
    near ? BPF_LDX_MEM(size, A, D, offset) : BPF_LDX_MEM(size, A, TMP, 0),
    ...(bytes === 1 ? [] : [BPF_ENDIAN(BPF_TO_BE, A, bytes * 8)]),
  ]
}

function slowLoad({ helpers }: MemoryAccess, { bytes, offset, indirect }: PacketLoad): Insn[] {
  const indexed = [BPF_MOV64_REG(ARG4, X), ...(offset === 0 ? [] : [BPF_ALU64_IMM(BPF_ADD, ARG4, offset)])]
  return [
    BPF_MOV64_REG(ARG1, CTX),
    BPF_MOV64_REG(ARG2, D),
    BPF_MOV64_REG(ARG3, H),
    ...(indirect ? indexed : [BPF_MOV64_IMM(ARG4, offset)]),
    BPF_EMIT_CALL(helpers[bytes]),
    BPF_JMP_IMM(BPF_JSGE, A, 0, 2),
    BPF_ALU32_REG(BPF_XOR, A, A),
    BPF_EXIT_INSN(),
  ]
}
