/** Helpers that read, or write, nothing but the CPU block: clocks, random numbers, the CPU's number, bpf_redirect. */
import { CPU_BLOCK } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_AND,
  BPF_DIV,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP32_IMM,
  BPF_JNE,
  BPF_JSET,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_PERCPU_REG,
  BPF_MUL,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { jump, label, type Steps, sequence, type TargetGeometry } from '@bpfoundry/maps'
import { COMPONENTS } from '../random.ts'
import { ACTION_MASK, BPF_F_BROADCAST } from '../redirect.ts'
import { TICK_NS } from '../time-helpers.ts'

const [R0, R1, R2, R3, R4, R5] = [BPF_REG_0, BPF_REG_1, BPF_REG_2, BPF_REG_3, BPF_REG_4, BPF_REG_5]
const offsetOf = (field: keyof typeof CPU_BLOCK.fields): number => CPU_BLOCK.fields[field].offsetBytes

/** register = address of the CPU block. */
function cpuBlock(register: number): Insn[] {
  return [BPF_MOV64_IMM(register, 0), BPF_MOV64_PERCPU_REG(register, register)]
}

/** bpf_ktime_get_ns and its like; `onTime` makes of r0 what the helper answers. */
function clock(...onTime: readonly Insn[]): Insn[] {
  return [...cpuBlock(R0), BPF_LDX_MEM(BPF_DW, R0, R0, offsetOf('nowNs')), ...onTime, BPF_EXIT_INSN()]
}

export const ktimeInsns: Insn[] = clock()
export const jiffiesInsns: Insn[] = clock(BPF_ALU64_IMM(BPF_DIV, R0, TICK_NS))
export const coarseKtimeInsns: Insn[] = clock(BPF_ALU64_IMM(BPF_DIV, R0, TICK_NS), BPF_ALU64_IMM(BPF_MUL, R0, TICK_NS))

export const processorIdInsns: Insn[] = [
  ...cpuBlock(R0),
  BPF_LDX_MEM(BPF_W, R0, R0, offsetOf('cpuId')),
  BPF_EXIT_INSN(),
]

/** One machine has one NUMA node. */
export const numaNodeInsns: Insn[] = [BPF_MOV64_IMM(R0, 0), BPF_EXIT_INSN()]

/** r0 ^= the next state of one component of the generator; r1 is the CPU block. */
const component = ([shift, feedback, mask, up]: (typeof COMPONENTS)[number], n: number): Insn[] => [
  BPF_LDX_MEM(BPF_W, R2, R1, offsetOf('random0') + 4 * n),
  BPF_MOV32_REG(R3, R2),
  BPF_ALU32_IMM(BPF_LSH, R3, shift),
  BPF_ALU32_REG(BPF_XOR, R3, R2),
  BPF_ALU32_IMM(BPF_RSH, R3, feedback),
  BPF_ALU32_IMM(BPF_AND, R2, mask),
  BPF_ALU32_IMM(BPF_LSH, R2, up),
  BPF_ALU32_REG(BPF_XOR, R2, R3),
  BPF_STX_MEM(BPF_W, R1, R2, offsetOf('random0') + 4 * n),
  BPF_ALU32_REG(BPF_XOR, R0, R2),
]

export const randomInsns: Insn[] = [
  ...cpuBlock(R1),
  BPF_MOV32_IMM(R0, 0),
  ...COMPONENTS.flatMap(component),
  BPF_EXIT_INSN(),
]

/** bpf_redirect(ifindex, flags) */
export const redirectInsns: Insn[] = sequence([
  jump(BPF_JMP_IMM(BPF_JNE, R2, 0, 0), 'aborted'),
  cpuBlock(R3),
  BPF_ST_MEM(BPF_W, R3, offsetOf('redirectMap'), 0),
  BPF_STX_MEM(BPF_W, R3, R1, offsetOf('redirectIndex')),
  BPF_STX_MEM(BPF_W, R3, R1, offsetOf('redirectIfindex')),
  BPF_ST_MEM(BPF_W, R3, offsetOf('redirectFlags'), 0),
  BPF_MOV64_IMM(R0, XDP_ACTION.REDIRECT),
  BPF_EXIT_INSN(),
  label('aborted'),
  BPF_MOV64_IMM(R0, XDP_ACTION.ABORTED),
  BPF_EXIT_INSN(),
])

/** The target (r1 map, r2 index, r4 ifindex, r3 flags) into the CPU block. */
const setTarget: Steps = [
  cpuBlock(R5),
  BPF_STX_MEM(BPF_W, R5, R1, offsetOf('redirectMap')),
  BPF_STX_MEM(BPF_W, R5, R2, offsetOf('redirectIndex')),
  BPF_STX_MEM(BPF_W, R5, R4, offsetOf('redirectIfindex')),
  BPF_STX_MEM(BPF_W, R5, R3, offsetOf('redirectFlags')),
  BPF_EXIT_INSN(),
]

/** bpf_redirect_map(map, key, flags) on the redirect map at `map`, which knows these flags. */
export function redirectMapInsns({ slots, maxEntries }: TargetGeometry, map: number, flags: number): Insn[] {
  return sequence([
    jump(BPF_JMP_IMM(BPF_JGT, R3, flags, 0), 'aborted'),
    jump(BPF_JMP_IMM(BPF_JSET, R3, ~flags & 0x1f, 0), 'aborted'),
    BPF_MOV32_REG(R2, R2),
    BPF_MOV32_IMM(R4, 0),
    jump(BPF_JMP32_IMM(BPF_JGE, R2, maxEntries, 0), 'target'),
    BPF_MOV32_REG(R4, R2),
    BPF_ALU32_IMM(BPF_LSH, R4, 3),
    BPF_ALU32_IMM(BPF_ADD, R4, slots),
    BPF_LDX_MEM(BPF_W, R4, R4, 0),
    label('target'),
    BPF_MOV32_IMM(R1, map),
    BPF_MOV64_IMM(R0, XDP_ACTION.REDIRECT),
    jump(BPF_JMP_IMM(BPF_JSET, R3, BPF_F_BROADCAST, 0), 'set'),
    jump(BPF_JMP_IMM(BPF_JEQ, R4, 0, 0), 'no target'),
    BPF_MOV32_IMM(R3, 0),
    label('set'),
    setTarget,
    label('no target'),
    BPF_MOV32_REG(R0, R3),
    BPF_ALU32_IMM(BPF_AND, R0, ACTION_MASK),
    BPF_MOV32_IMM(R1, 0),
    BPF_MOV32_IMM(R2, 0),
    BPF_MOV32_IMM(R3, 0),
    jump(BPF_JMP_A(0), 'set'),
    label('aborted'),
    BPF_MOV64_IMM(R0, XDP_ACTION.ABORTED),
    BPF_EXIT_INSN(),
  ])
}
