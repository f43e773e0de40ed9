import {
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_B,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JA,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_JMP32_IMM,
  BPF_JNE,
  BPF_LD_ABS,
  BPF_LD_IMM64,
  BPF_LD_IMM64_RAW_FULL,
  BPF_MOV,
  BPF_MOV32_IMM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_PSEUDO_FUNC,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_6,
  BPF_REG_10,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { SemiRandom } from './semi-random.ts'

/** What a fill function makes of its test. */
export interface FilledProgram {
  readonly insns: readonly Insn[]
  /** Where it tells another result than the table does. */
  readonly retval?: number
  /** Instruction where the second function of func_info begins. */
  readonly secondFunction?: number
}

/** @param retval what the table says; several functions take it for a choice */
export type Fill = (retval: number) => FilledProgram | undefined

const FUNC = { get_prandom_u32: 7, skb_vlan_push: 18, skb_vlan_pop: 19, loop: 181 } as const

const jump = (off: number): Insn => BPF_JMP_IMM(BPF_JA, 0, 0, off)
const saveCtx = BPF_MOV64_REG(BPF_REG_6, BPF_REG_1)
const loadCtx = BPF_MOV64_REG(BPF_REG_1, BPF_REG_6)

/** So far jumps reach. */
const JUMP_REACH = 1 << 15

/**
 * A byte of the packet is read and a VLAN tag pushed, 51 times, then popped as often; five times over. Whatever goes wrong
 * jumps to the end, which must be in reach when each read has become 6 instructions.
 */
function pushesAndPops(): FilledProgram {
  const times = 51
  const length = JUMP_REACH - times * 2 * 5 * 6
  const insns: Insn[] = [saveCtx]
  const toError = (): number => length - insns.length - 3
  const readByte = (): void => {
    insns.push(BPF_LD_ABS(BPF_B, 0))
    insns.push(BPF_JMP32_IMM(BPF_JNE, BPF_REG_0, 0x34, toError()))
    insns.push(loadCtx)
  }
  const call = (helper: number): void => {
    insns.push(BPF_EMIT_CALL(helper))
    insns.push(BPF_JMP_IMM(BPF_JNE, BPF_REG_0, 0, toError()))
  }
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < times; count++) {
      readByte()
      insns.push(BPF_MOV64_IMM(BPF_REG_2, 1), BPF_MOV64_IMM(BPF_REG_3, 2))
      call(FUNC.skb_vlan_push)
    }
    for (let count = 0; count < times; count++) {
      readByte()
      call(FUNC.skb_vlan_pop)
    }
  }
  while (insns.length < length - 3) insns.push(BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0xbef))
  return { insns: [...insns, jump(1), BPF_MOV32_IMM(BPF_REG_0, 0), BPF_EXIT_INSN()] }
}

/** A jump over reads of the packet, as many as it reaches over when each has become 7 instructions. */
function jumpAroundReads(): FilledProgram {
  const length = Math.floor(JUMP_REACH / 7)
  const insns: Insn[] = [saveCtx, BPF_LD_ABS(BPF_B, 0), BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, 10, length - 4)]
  while (insns.length < length - 1) insns.push(BPF_LD_ABS(BPF_B, 1))
  return { insns: [...insns, BPF_EXIT_INSN()] }
}

/** 64-bit immediates, xored together; the result is that, its halves xored. @param slots how many to fill at least */
function xoredImmediates(slots: number): FilledProgram {
  const random = new SemiRandom()
  const insns: Insn[] = [BPF_MOV32_IMM(BPF_REG_0, 0)]
  let sum = 0n
  while (insns.length < slots) {
    const value = random.next()
    sum ^= value
    insns.push(...BPF_LD_IMM64(BPF_REG_1, value), BPF_ALU64_REG(BPF_XOR, BPF_REG_0, BPF_REG_1))
  }
  insns.push(BPF_MOV64_REG(BPF_REG_1, BPF_REG_0), BPF_ALU64_IMM(BPF_RSH, BPF_REG_1, 32))
  insns.push(BPF_ALU64_REG(BPF_XOR, BPF_REG_0, BPF_REG_1), BPF_EXIT_INSN())
  return { insns, retval: Number(BigInt.asUintN(32, sum ^ (sum >> 32n))) }
}

const LARGEST_PROGRAM = 1_000_000
const JUMPS = 8192
/** Calls within each other, in the second form. */
const NESTED = 7

/** 8192 jumps that depend on random numbers, a store to one of `cells` of the stack between; in all a million slots. */
function manyJumps(head: readonly Insn[], cells: number): FilledProgram {
  const random = new SemiRandom()
  const insns: Insn[] = [...head, saveCtx]
  for (let count = 1; count <= JUMPS; count++) {
    insns.push(BPF_EMIT_CALL(FUNC.get_prandom_u32))
    insns.push(BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, Number(BigInt.asIntN(32, random.next())), 2))
    insns.push(BPF_MOV64_REG(BPF_REG_1, BPF_REG_10))
    insns.push(BPF_STX_MEM(BPF_DW, BPF_REG_1, BPF_REG_6, -8 * ((count % cells) + 1)))
  }
  const filler = BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 42)
  while (insns.length < LARGEST_PROGRAM - JUMPS * 4) insns.push(filler)
  insns.push(BPF_EXIT_INSN())
  return { insns, retval: 42 }
}

const CELLS = 64

function scale(form: number): FilledProgram | undefined {
  if (form === 1) return manyJumps([], CELLS)
  const calls = Array.from({ length: NESTED }, () => [BPF_CALL_REL(1), BPF_EXIT_INSN()]).flat()
  return form === 2 ? manyJumps(calls, CELLS - 4 * NESTED) : undefined
}

/** Each of 128 comparisons jumps to a jump of its own, and all of those to the end. */
function jumpPairs(): readonly Insn[] {
  const pairs = 128
  const numbers = Array.from({ length: pairs }, (_, index) => index + 1)
  return [
    BPF_EMIT_CALL(FUNC.get_prandom_u32),
    ...numbers.map((number) => BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, number, pairs)),
    ...numbers.map((number) => jump(pairs - number)),
    BPF_MOV64_IMM(BPF_REG_0, 1),
    BPF_EXIT_INSN(),
  ]
}

/** The same with 2048 comparisons, and chains of 16 jumps. */
function jumpChains(): readonly Insn[] {
  const comparisons = 2048
  const insns: Insn[] = [BPF_EMIT_CALL(FUNC.get_prandom_u32)]
  for (let number = 1; number <= comparisons; number++) {
    insns.push(BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, number, comparisons))
  }
  insns.push(jump(comparisons))
  while (insns.length <= comparisons * 2 + 1) {
    for (let left = 15; left >= 0; left--) insns.push(jump(left))
  }
  // The last two slots of the program; a chain may end past where they stand.
  const length = 4100
  return [...insns.slice(0, length - 2), BPF_MOV64_IMM(BPF_REG_0, 2), BPF_EXIT_INSN()]
}

function torturousJumps(form: number): FilledProgram | undefined {
  if (form === 1) return { insns: jumpPairs() }
  if (form === 2) return { insns: jumpChains() }
  if (form !== 3) return undefined
  const main = [
    BPF_CALL_REL(4),
    BPF_CALL_REL(262),
    BPF_ST_MEM(BPF_B, BPF_REG_10, -32, 0),
    BPF_MOV64_IMM(BPF_REG_0, 3),
    BPF_EXIT_INSN(),
  ]
  return { insns: [...main, ...jumpPairs(), ...jumpChains()] }
}

const PAGE_BYTES = 4096

/** A program that only just fits a page of memory, with a loop whose inlining makes it outgrow the page. */
function longProgramWithLoop(): FilledProgram {
  const length = PAGE_BYTES - 25
  const callback = length - 2
  const nothing = BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0)
  // The callback's address is relative to the load, which is the second instruction.
  const callbackAddress = BPF_LD_IMM64_RAW_FULL(BPF_REG_2, BPF_PSEUDO_FUNC, 0, 0, callback - 2, 0)
  const head: Insn[] = [
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_1, 1),
    ...callbackAddress,
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_3, 0),
    BPF_ALU64_IMM(BPF_MOV, 4, 0),
    BPF_EMIT_CALL(FUNC.loop),
  ]
  while (head.length < length - 3) head.push(nothing)
  return { insns: [...head, BPF_EXIT_INSN(), nothing, BPF_EXIT_INSN()], secondFunction: callback }
}

/** By the name that the table has in `fill_helper`. */
// biome-ignore format: table
export const FILLS: Readonly<Record<string, Fill>> = {
  bpf_fill_ld_abs_vlan_push_pop:  pushesAndPops,
  bpf_fill_jump_around_ld_abs:    jumpAroundReads,
  bpf_fill_rand_ld_dw:            xoredImmediates,
  bpf_fill_scale:                 scale,
  bpf_fill_torturous_jumps:       torturousJumps,
  bpf_fill_big_prog_with_loop_1:  longProgramWithLoop,
}
