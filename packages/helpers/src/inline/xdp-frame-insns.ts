/** The helpers that move the edges of an XDP frame (xdp-frame.ts): r1 is the xdp_buff, r2 the delta, an int. */
import {
  BPF_ADD,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_B,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MOVSX64_REG,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { ERRNO, helperByName, XDP_BUFF, XDP_BUFF_HAS_FRAGS } from '@bpfoundry/kernel-abi'
import { jump, label, type Steps, sequence } from '@bpfoundry/maps'
import { LONGEST_META_BYTES, SHARED_INFO_BYTES, SHORTEST_BYTES, XDP_FRAME_BYTES } from '../xdp-frame.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]
const CTX = R1
const DELTA = R2

/** register = a pointer in the xdp_buff; only the low half is ever set. */
const load = (register: number, offsetBytes: number): Insn => BPF_LDX_MEM(BPF_W, register, CTX, offsetBytes)
const store = (offsetBytes: number, register: number): Insn => BPF_STX_MEM(BPF_W, CTX, register, offsetBytes)
const result = (value: number): Insn[] => [BPF_MOV64_IMM(R0, value), BPF_EXIT_INSN()]

/** Metadata (its bytes in r5, a multiple of 4) from r4 to r0, which may overlap; r3 is used up. */
const moveMetadata: Steps = [
  jump(BPF_JMP_IMM(BPF_JEQ, R5, 0, 0), 'moved'),
  jump(BPF_JMP_IMM(BPF_JSGT, DELTA, 0, 0), 'backwards'),
  label('forwards'),
  BPF_LDX_MEM(BPF_W, R3, R4, 0),
  BPF_STX_MEM(BPF_W, R0, R3, 0),
  BPF_ALU64_IMM(BPF_ADD, R4, 4),
  BPF_ALU64_IMM(BPF_ADD, R0, 4),
  BPF_ALU64_IMM(BPF_SUB, R5, 4),
  jump(BPF_JMP_IMM(BPF_JNE, R5, 0, 0), 'forwards'),
  jump(BPF_JMP_A(0), 'moved'),
  label('backwards'),
  BPF_ALU64_REG(BPF_ADD, R4, R5),
  BPF_ALU64_REG(BPF_ADD, R0, R5),
  label('word'),
  BPF_LDX_MEM(BPF_W, R3, R4, -4),
  BPF_STX_MEM(BPF_W, R0, R3, -4),
  BPF_ALU64_IMM(BPF_SUB, R4, 4),
  BPF_ALU64_IMM(BPF_SUB, R0, 4),
  BPF_ALU64_IMM(BPF_SUB, R5, 4),
  jump(BPF_JMP_IMM(BPF_JNE, R5, 0, 0), 'word'),
  label('moved'),
]

/** bpf_xdp_adjust_head(ctx, delta) */
export const adjustHeadInsns: Insn[] = sequence([
  BPF_MOVSX64_REG(DELTA, DELTA, 32),
  load(R3, XDP_BUFF.data),
  load(R4, XDP_BUFF.dataMeta),
  // Bytes of metadata: none where data_meta, one past data, says that the driver has none.
  BPF_MOV64_REG(R5, R3),
  BPF_ALU64_REG(BPF_SUB, R5, R4),
  jump(BPF_JMP_REG(BPF_JLE, R4, R3, 0), 'metadata'),
  BPF_MOV64_IMM(R5, 0),
  label('metadata'),
  BPF_ALU64_REG(BPF_ADD, R3, DELTA),
  load(R0, XDP_BUFF.dataHardStart),
  BPF_ALU64_IMM(BPF_ADD, R0, XDP_FRAME_BYTES),
  BPF_ALU64_REG(BPF_ADD, R0, R5),
  jump(BPF_JMP_REG(BPF_JSLT, R3, R0, 0), 'invalid'),
  load(R0, XDP_BUFF.dataEnd),
  BPF_ALU64_IMM(BPF_SUB, R0, SHORTEST_BYTES),
  jump(BPF_JMP_REG(BPF_JSGT, R3, R0, 0), 'invalid'),
  BPF_MOV64_REG(R0, R4),
  BPF_ALU64_REG(BPF_ADD, R0, DELTA),
  store(XDP_BUFF.data, R3),
  store(XDP_BUFF.dataMeta, R0),
  moveMetadata,
  result(0),
  label('invalid'),
  result(-ERRNO.EINVAL),
])

/** Zeroes the bytes from r3 to r4; r5 is used up. */
const clear: Steps = [
  label('eight'),
  BPF_MOV64_REG(R5, R3),
  BPF_ALU64_IMM(BPF_ADD, R5, 8),
  jump(BPF_JMP_REG(BPF_JGT, R5, R4, 0), 'one'),
  BPF_ST_MEM(BPF_DW, R3, 0, 0),
  BPF_MOV64_REG(R3, R5),
  jump(BPF_JMP_A(0), 'eight'),
  label('one'),
  jump(BPF_JMP_REG(BPF_JGE, R3, R4, 0), 'cleared'),
  BPF_ST_MEM(BPF_B, R3, 0, 0),
  BPF_ALU64_IMM(BPF_ADD, R3, 1),
  jump(BPF_JMP_A(0), 'one'),
  label('cleared'),
]

/** What packets with frags need is left to the helper itself. */
const withFrags = (name: string): Steps => [label('frags'), BPF_EMIT_CALL(helperByName(name)?.id ?? 0), BPF_EXIT_INSN()]

/** bpf_xdp_adjust_tail(ctx, delta) */
export const adjustTailInsns: Insn[] = sequence([
  load(R3, XDP_BUFF.flags),
  jump(BPF_JMP_IMM(BPF_JSET, R3, XDP_BUFF_HAS_FRAGS, 0), 'frags'),
  BPF_MOVSX64_REG(DELTA, DELTA, 32),
  load(R3, XDP_BUFF.dataEnd),
  BPF_MOV64_REG(R4, R3),
  BPF_ALU64_REG(BPF_ADD, R4, DELTA),
  load(R0, XDP_BUFF.dataHardStart),
  load(R5, XDP_BUFF.frameSize),
  BPF_ALU64_REG(BPF_ADD, R0, R5),
  BPF_ALU64_IMM(BPF_SUB, R0, SHARED_INFO_BYTES),
  jump(BPF_JMP_REG(BPF_JSGT, R4, R0, 0), 'invalid'),
  load(R0, XDP_BUFF.data),
  BPF_ALU64_IMM(BPF_ADD, R0, SHORTEST_BYTES),
  jump(BPF_JMP_REG(BPF_JSLT, R4, R0, 0), 'invalid'),
  store(XDP_BUFF.dataEnd, R4),
  jump(BPF_JMP_IMM(BPF_JSLE, DELTA, 0, 0), 'cleared'),
  clear,
  result(0),
  label('invalid'),
  result(-ERRNO.EINVAL),
  withFrags('xdp_adjust_tail'),
])

/** bpf_xdp_adjust_meta(ctx, delta) */
export const adjustMetaInsns: Insn[] = sequence([
  BPF_MOVSX64_REG(DELTA, DELTA, 32),
  load(R3, XDP_BUFF.data),
  load(R4, XDP_BUFF.dataMeta),
  jump(BPF_JMP_REG(BPF_JGT, R4, R3, 0), 'unsupported'),
  BPF_ALU64_REG(BPF_ADD, R4, DELTA),
  load(R0, XDP_BUFF.dataHardStart),
  BPF_ALU64_IMM(BPF_ADD, R0, XDP_FRAME_BYTES),
  jump(BPF_JMP_REG(BPF_JSLT, R4, R0, 0), 'invalid'),
  jump(BPF_JMP_REG(BPF_JSGT, R4, R3, 0), 'invalid'),
  BPF_ALU64_REG(BPF_SUB, R3, R4),
  jump(BPF_JMP_IMM(BPF_JSET, R3, 3, 0), 'length'),
  jump(BPF_JMP_IMM(BPF_JGT, R3, LONGEST_META_BYTES, 0), 'length'),
  store(XDP_BUFF.dataMeta, R4),
  result(0),
  label('unsupported'),
  result(-ERRNO.ENOTSUPP),
  label('invalid'),
  result(-ERRNO.EINVAL),
  label('length'),
  result(-ERRNO.EACCES),
])

/** bpf_xdp_get_buff_len(ctx) */
export const buffLenInsns: Insn[] = sequence([
  load(R3, XDP_BUFF.flags),
  jump(BPF_JMP_IMM(BPF_JSET, R3, XDP_BUFF_HAS_FRAGS, 0), 'frags'),
  load(R0, XDP_BUFF.dataEnd),
  load(R3, XDP_BUFF.data),
  BPF_ALU32_REG(BPF_SUB, R0, R3),
  BPF_EXIT_INSN(),
  withFrags('xdp_get_buff_len'),
])
