/**
 * Comparisons with a program's number: both sides are moved by a key, dst at run time, the number here.
 *
 * ```
 * if r3 == imm goto   ->   r1 = r3; r1 += key; if r1 == imm + key goto        r1 being a register that nobody reads
 * ```
 *
 * Sound: sums are equal modulo 2^n where the numbers are. They are ordered alike where neither sum wraps, which the width of
 * dst (value-width.ts) has to say; other numbers are made in AX.
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_MOV,
  BPF_OP,
  BPF_REG_AX,
} from '@bpfoundry/isa'
import { type Bits, type Blind, fromAx, type Place, takeFrom } from './blinding-rule.ts'

/** How sums are compared: the operation, in so many bits, and which keys do. */
interface SumComparison {
  readonly operation: number
  readonly bits: Bits
  readonly suits: (key: number) => boolean
  /** A key of random bits; every one but as many as suit not. */
  readonly keyOf: (random: number) => number
}

/** `if dst operation imm` as a comparison of sums. */
function compareSums(place: Place, { operation, bits, suits, keyOf }: SumComparison): void {
  const { hidden, writer, insn, pc, weight } = place
  const [aluImm, aluReg] = bits === 32 ? [BPF_ALU32_IMM, BPF_ALU32_REG] : [BPF_ALU64_IMM, BPF_ALU64_REG]
  const scratch = place.scratch()
  if (scratch !== insn.dst) writer.make(aluReg(BPF_MOV, scratch, insn.dst), 0)
  const { base } = hidden
  const fromBase = base !== undefined && scratch !== BPF_REG_AX && suits(base)
  const key = fromBase ? base : keyOf(hidden.key())
  writer.make(fromBase ? aluReg(BPF_ADD, scratch, BPF_REG_AX) : aluImm(BPF_ADD, scratch, key), 0)
  if (scratch === BPF_REG_AX) hidden.content = undefined
  const opcode = (bits === 32 ? BPF_JMP32 : BPF_JMP) | operation
  writer.keep({ ...insn, opcode, dst: scratch, imm: (insn.imm + key) | 0 }, pc, weight)
}

const isInt32 = (number: number): boolean => number === (number | 0)
const any = (): boolean => true
const asItIs = (random: number): number => random

/** Sums of 32 bits, which wrap. */
const WRAPPING = { bits: 32, suits: any, keyOf: asItIs } as const

/** Sums of 64 bits, whose half here is sign-extended: where it has more than 32 bits, a key of the other sign does. */
const wide = (imm: number) =>
  ({
    bits: 64,
    suits: (key: number) => isInt32(imm + key),
    keyOf: (random: number) => (isInt32(imm + random) ? random : random ^ (1 << 31)),
  }) as const

/** Equality, in 32 bits where neither side has more. */
export const compareEqual =
  (bits: Bits): Blind =>
  (place) => {
    const { imm, opcode } = place.insn
    if (place.hidden.holds(imm, bits)) return takeFrom(BPF_REG_AX, place)
    const isNarrow = bits === 32 || (imm >= 0 && place.dstWidth() <= 32)
    compareSums(place, { operation: BPF_OP(opcode), ...(isNarrow ? WRAPPING : wide(imm)) })
  }

// biome-ignore format: table
const UNSIGNED: Readonly<Record<number, number>> = {
  [BPF_JGT]: BPF_JGT, [BPF_JGE]: BPF_JGE, [BPF_JLT]: BPF_JLT, [BPF_JLE]: BPF_JLE,
  [BPF_JSGT]: BPF_JGT, [BPF_JSGE]: BPF_JGE, [BPF_JSLT]: BPF_JLT, [BPF_JSLE]: BPF_JLE,
}

// biome-ignore format: table
const SIGNED: Readonly<Record<number, number>> = {
  [BPF_JGT]: BPF_JSGT, [BPF_JGE]: BPF_JSGE, [BPF_JLT]: BPF_JSLT, [BPF_JLE]: BPF_JSLE,
  [BPF_JSGT]: BPF_JSGT, [BPF_JSGE]: BPF_JSGE, [BPF_JSLT]: BPF_JSLT, [BPF_JSLE]: BPF_JSLE,
}

/** Two numbers of 31 bits and a key of as many: sums of 32 bits don't wrap. */
const NARROW = { bits: 32, suits: any, keyOf: (random: number) => random >>> 1 } as const

/** Order: that of numbers that are not negative, signed or not, where sums have a bit to spare. */
export const compareRange =
  (bits: Bits): Blind =>
  (place) => {
    const { imm, opcode } = place.insn
    const operation = BPF_OP(opcode)
    const width = place.dstWidth()
    const most = bits === 64 ? 62 : operation === UNSIGNED[operation] ? 32 : 31
    if (imm < 0 || width > most || place.hidden.holds(imm, bits)) fromAx(bits)(place)
    else if (width <= 31) compareSums(place, { operation: UNSIGNED[operation]!, ...NARROW })
    else compareSums(place, { operation: SIGNED[operation]!, ...wide(imm) })
  }
