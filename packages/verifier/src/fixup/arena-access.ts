/**
 * Programs with an arena, for machines without one: what a JIT of Linux does by faults is done by comparisons. Casts take
 * the lower half of an address, or give it its upper half; an access finds its page by the address, and where none is
 * there a load gives 0 and a store does nothing.
 *
 * @see do_misc_fixups, convert_ctx_accesses in kernel/bpf/verifier.c; BPF_PROBE_MEM32 in arch/x86/net/bpf_jit_comp.c
 */
import {
  accessBytes,
  BPF_ADD,
  BPF_ADDR_SPACE_CAST,
  BPF_ALU,
  BPF_ALU32_IMM,
  BPF_ALU64,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ATOMIC,
  BPF_B,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_LDX,
  BPF_LDX_MEM,
  BPF_LOAD_ACQ,
  BPF_LSH,
  BPF_MOV,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_OR,
  BPF_REG_AX,
  BPF_RSH,
  BPF_STX,
  BPF_X,
  type Insn,
} from '@bpfoundry/isa'
import { MAP_FLAG } from '@bpfoundry/kernel-abi'
import type { ArenaPlacement, VerifierMap } from '../verifier-api.ts'

const U32 = 2 ** 32
const S32_MIN = -(2 ** 31)
const PAGE_SHIFT = 12
const TO_KERNEL = 1

function isCast({ opcode, off }: Insn): boolean {
  return opcode === (BPF_ALU64 | BPF_MOV | BPF_X) && off === BPF_ADDR_SPACE_CAST
}

/** `w1 = w2`, and to user space: `if w1 != 0: r1 |= upper half`. */
function cast({ dst, src, imm }: Insn, { userAddress }: ArenaPlacement, map: VerifierMap): readonly Insn[] {
  const lower = BPF_MOV32_REG(dst, src)
  if (imm === TO_KERNEL || (map.flags & MAP_FLAG.NO_USER_CONV) !== 0) return [lower]
  return [
    lower,
    BPF_JMP_IMM(BPF_JEQ, dst, 0, 3),
    BPF_MOV64_IMM(BPF_REG_AX, Math.floor(userAddress / U32)),
    BPF_ALU64_IMM(BPF_LSH, BPF_REG_AX, 32),
    BPF_ALU64_REG(BPF_OR, dst, BPF_REG_AX),
  ]
}

/** r11 += a number below 2^33, either way. */
function addTo64(amount: number): readonly Insn[] {
  if (amount >= S32_MIN) return [BPF_ALU64_IMM(BPF_ADD, BPF_REG_AX, amount)]
  return [BPF_ALU64_IMM(BPF_ADD, BPF_REG_AX, S32_MIN), ...addTo64(amount - S32_MIN)]
}

/** A plain load, or one that orders others. */
function isLoading({ opcode, imm }: Insn): boolean {
  const isAtomic = (opcode & 0x07) === BPF_STX && (opcode & 0xe0) === BPF_ATOMIC
  return (opcode & 0x07) === BPF_LDX || (isAtomic && imm === BPF_LOAD_ACQ)
}

/** Where control goes for want of a page: behind the access, or to the 0 that a load gives. */
function skipping(insns: readonly Insn[], conditions: readonly number[]): readonly Insn[] {
  return insns.map((insn, at) => (conditions.includes(at) ? { ...insn, off: insns.length - at - 1 } : insn))
}

/**
 * ```
 *  w11 = w1; r11 += off - start       r11: offset into the arena
 *  if r11 > size - bytes goto none
 *  w11 >>= 12; w11 += present
 *  r11 = *(u8 *)(r11 + 0)             r11: whether the page is there
 *  if r11 == 0 goto none
 *  w11 = w1; w11 += off - start + pages
 *  access through r11
 * ```
 */
function access(insn: Insn, placement: ArenaPlacement): readonly Insn[] {
  const isLoad = isLoading(insn)
  const pointer = isLoad ? insn.src : insn.dst
  const offset = insn.off - (placement.userAddress % U32)
  const find = [BPF_MOV32_REG(BPF_REG_AX, pointer), ...addTo64(offset)]
  const through = isLoad ? { src: BPF_REG_AX } : { dst: BPF_REG_AX }
  const insns = [
    ...find,
    BPF_JMP_IMM(BPF_JGT, BPF_REG_AX, placement.sizeBytes - accessBytes(insn.opcode), 0),
    BPF_ALU32_IMM(BPF_RSH, BPF_REG_AX, PAGE_SHIFT),
    BPF_ALU32_IMM(BPF_ADD, BPF_REG_AX, placement.presentAddress | 0),
    BPF_LDX_MEM(BPF_B, BPF_REG_AX, BPF_REG_AX, 0),
    BPF_JMP_IMM(BPF_JEQ, BPF_REG_AX, 0, 0),
    BPF_MOV32_REG(BPF_REG_AX, pointer),
    BPF_ALU32_IMM(BPF_ADD, BPF_REG_AX, (offset + placement.pagesAddress) | 0),
    { ...insn, ...through, off: 0 },
    ...(isLoad ? [BPF_JMP_A(1)] : []),
  ]
  const found = skipping(insns, [find.length, find.length + 4])
  return isLoad ? [...found, BPF_MOV32_IMM(insn.dst, 0)] : found
}

/** What stands for one instruction of a program with an arena; undefined where it stays. */
export function convertInArena(
  insn: Insn,
  isAccess: boolean,
  placement: ArenaPlacement,
  map: VerifierMap,
): readonly Insn[] | undefined {
  if (isCast(insn)) return cast(insn, placement, map)
  return isAccess ? access(insn, placement) : undefined
}

/** The same operation on lower halves, whose result has no upper half. */
export function inLowerHalves(insn: Insn): Insn {
  return { ...insn, opcode: (insn.opcode & ~0x07) | BPF_ALU }
}
