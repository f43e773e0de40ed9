import type { ClassicInsn } from '@bpfoundry/cbpf'
import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_B,
  BPF_IMM,
  BPF_JA,
  BPF_JGT,
  BPF_JMP,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_SUB,
  BPF_W,
  BPF_X,
  BPF_XOR,
} from '@bpfoundry/isa'
import { MAXIMUM_INSNS } from './long-programs.ts'
import { pseudoRandomNumbers } from './prandom.ts'

// Opcode fields that only classic BPF has: uapi/linux/filter.h, uapi/linux/bpf_common.h.
const BPF_RET = 0x06
const BPF_MISC = 0x07
const BPF_A = 0x10
const BPF_MSH = 0xa0
const BPF_TAX = 0x00

/** Where loads stand for what the kernel knows of a packet. */
const SKF_AD_OFF = -0x1000
const SKF_AD_CPU = 36
const SKF_AD_VLAN_TAG_PRESENT = 48

const statement = (code: number, k: number): ClassicInsn => ({ code, jt: 0, jf: 0, k: k >>> 0 })
const repeat = (count: number, insn: ClassicInsn): readonly ClassicInsn[] => new Array<ClassicInsn>(count).fill(insn)

const returnK = (k: number): ClassicInsn => statement(BPF_RET | BPF_K, k)
const RETURN_A = statement(BPF_RET | BPF_A, 0)
const jump = (distance: number): ClassicInsn => statement(BPF_JMP | BPF_JA, distance)
const loadAncillary = (what: number): ClassicInsn => statement(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + what)
const LOAD_HEADER_LENGTH = statement(BPF_LDX | BPF_B | BPF_MSH, 0)

/** Returns of different constants, counted down from the highest. */
export function returnsCountingDown(): readonly ClassicInsn[] {
  return Array.from({ length: MAXIMUM_INSNS }, (_, index) => returnK(0xffff_ffff - index))
}

/** @param count one more than the kernel takes, in one test */
export function equalReturns(count: number): readonly ClassicInsn[] {
  return repeat(count, returnK(0xfefe_fefe))
}

/** Adds random numbers to A. */
export function randomAdditions(): readonly ClassicInsn[] {
  const random = pseudoRandomNumbers(3_141_592_653_589_793_238n)
  const add = (): ClassicInsn => statement(BPF_ALU | BPF_ADD | BPF_K, random.next().value)
  return [...Array.from({ length: MAXIMUM_INSNS - 1 }, add), RETURN_A]
}

/** From the first to the last instruction. */
export function jumpToTheEnd(skipped: 'returns' | 'header lengths'): readonly ClassicInsn[] {
  const between = skipped === 'returns' ? returnK(0xfefe_fefe) : LOAD_HEADER_LENGTH
  return [jump(MAXIMUM_INSNS - 2), ...repeat(MAXIMUM_INSNS - 2, between), returnK(0xabab_abab)]
}

/** Asks again and again whether there is a VLAN tag. */
export function vlanTagLoads(): readonly ClassicInsn[] {
  return [...repeat(MAXIMUM_INSNS - 1, loadAncillary(SKF_AD_VLAN_TAG_PRESENT)), RETURN_A]
}

/** Asks for the CPU's number again and again; the difference of two answers is 0. */
export function processorLoads(): readonly ClassicInsn[] {
  const load = loadAncillary(SKF_AD_CPU)
  const subtract = statement(BPF_ALU | BPF_SUB | BPF_X, 0)
  return [...repeat(MAXIMUM_INSNS - 4, load), statement(BPF_MISC | BPF_TAX, 0), load, subtract, RETURN_A]
}

/** Comparisons that never hold, whose distances would reach the end; a distance has 8 bits. */
export function jumpsNeverTaken(): readonly ClassicInsn[] {
  const compare = (_: unknown, index: number): ClassicInsn => ({
    code: BPF_JMP | BPF_JGT,
    jt: (MAXIMUM_INSNS - 3 - index) & 0xff,
    jf: 0,
    k: 0xffff_ffff,
  })
  const jumps = Array.from({ length: MAXIMUM_INSNS - 2 }, compare)
  return [statement(BPF_LD | BPF_IMM, 0xffff_ffff), ...jumps, RETURN_A]
}

/** Blocks of jumps, all to the start of the next block; the last one is cut off. */
export function jumpsInBlocks(count: number, block: number): readonly ClassicInsn[] {
  const last = count - 1
  const distance = (slot: number): number => {
    const end = Math.floor(slot / block) * block + block
    return Math.min(end, last) - 1 - slot
  }
  return [...Array.from({ length: last }, (_, slot) => jump(distance(slot))), returnK(0xabab_cbac)]
}

/** Loads the length of the IP header again and again; A comes out XORed with it. */
export function headerLengthLoads(): readonly ClassicInsn[] {
  const tail = [statement(BPF_LD | BPF_IMM, 0xabab_abab), statement(BPF_ALU | BPF_XOR | BPF_X, 0), RETURN_A]
  return [...repeat(MAXIMUM_INSNS - 3, LOAD_HEADER_LENGTH), ...tail]
}

/** Loads from the packet and of the CPU's number in turn: what the first one holds for the next ones, the second clobbers. */
export function packetAndProcessorLoads(): readonly ClassicInsn[] {
  const loads = [statement(BPF_LD | BPF_B | BPF_ABS, 0), loadAncillary(SKF_AD_CPU)]
  const rounds = Array.from({ length: MAXIMUM_INSNS }, (_, index) => loads[index % 2] as ClassicInsn)
  return [...rounds.slice(0, MAXIMUM_INSNS - 1), returnK(0xbee)]
}
