/**
 * How each instruction with a program's number in it is written without: a rule a row.
 *
 * Every number is covered by a key of its own, but for those that start from one base, which share it. Left to be seen is
 * how many bits a mask of the lowest ones has, as it is of shift counts.
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ENDIAN,
  BPF_LD_IMM64_RAW_FULL,
  BPF_LSH,
  BPF_MEM,
  BPF_OP,
  BPF_REG_AX,
  BPF_RSH,
  BPF_SIZE,
  BPF_STX,
  BPF_SUB,
  BPF_TO_LE,
  BPF_XOR,
  INSTRUCTIONS,
  type Insn,
  type InstructionName,
  type InstructionRow,
  type Operation,
} from '@bpfoundry/isa'
import { type Bits, type Blind, type BlindingRule, fromAx, keptOr } from './blinding-rule.ts'
import { compareEqual, compareRange } from './comparisons.ts'

/**
 * `r3 += imm   ->   r3 += imm - key; r3 += key`, and the same with `-=`. The halves are sign-extended, so that they must add up
 * to the number itself: where the difference has more than 32 bits, a key of the other sign does.
 */
const addInTwo: Blind = ({ hidden, writer, insn, weight }) => {
  const key = hidden.key()
  const fits = insn.imm - key === ((insn.imm - key) | 0)
  const second = fits ? key : key ^ (1 << 31)
  writer.make({ ...insn, imm: insn.imm - second }, weight)
  writer.make({ ...insn, imm: second }, 0)
}

/**
 * `r3 += imm   ->   r3 += r11; r3 += imm - base`, which machines with an addition of three do in one step; `-=` becomes such an
 * addition. Where the difference has more than 32 bits the base is of no use.
 */
const addFromBaseOr =
  (bits: Bits, otherwise: Blind): Blind =>
  (place) => {
    const { hidden, writer, insn, weight } = place
    if (hidden.base === undefined && !place.baseServesAhead()) return otherwise(place)
    const [aluImm, aluReg] = bits === 32 ? [BPF_ALU32_IMM, BPF_ALU32_REG] : [BPF_ALU64_IMM, BPF_ALU64_REG]
    const addend = BPF_OP(insn.opcode) === BPF_SUB ? -insn.imm : insn.imm
    const rest = addend - hidden.needBase()
    if (bits === 64 && rest !== (rest | 0)) return otherwise(place)
    writer.make(aluReg(BPF_ADD, insn.dst, BPF_REG_AX), weight)
    writer.make(aluImm(BPF_ADD, insn.dst, rest | 0), 0)
  }

/** `r3 ^= imm   ->   r3 ^= imm ^ key; r3 ^= key` */
const xorInTwo: Blind = ({ hidden, writer, insn, weight }) => {
  const key = hidden.key()
  writer.make({ ...insn, imm: insn.imm ^ key }, weight)
  writer.make({ ...insn, imm: key }, 0)
}

/** Bits of a mask of the lowest ones; undefined for other numbers. */
const lowBits = (imm: number): number | undefined =>
  imm > 0 && (imm & (imm + 1)) === 0 ? 32 - Math.clz32(imm) : undefined

const U16 = 0xffff

/** `r3 &= 0xff   ->   w3 <<= 24; w3 >>= 24`, for upper halves are cleared by both. */
const maskOr =
  (otherwise: Blind): Blind =>
  (place) => {
    const { writer, insn, weight } = place
    const low = lowBits(insn.imm)
    if (low === undefined) return otherwise(place)
    writer.make(BPF_ALU32_IMM(BPF_LSH, insn.dst, 32 - low), weight)
    writer.make(BPF_ALU32_IMM(BPF_RSH, insn.dst, 32 - low), 0)
  }

/** `r3 &= 0xffff   ->   r3 = le16 r3` */
const u16Or =
  (otherwise: Blind): Blind =>
  (place) => {
    const { writer, insn, weight } = place
    if (insn.imm === U16) writer.make(BPF_ENDIAN(BPF_TO_LE, insn.dst, 16), weight)
    else otherwise(place)
  }

/** What makes dst's next use, or a jump that dst decides, wait for one instruction more: not in loops. */
const outsideOfLoops =
  (bits: Bits, blind: Blind): Blind =>
  (place) =>
    place.isInLoop() ? fromAx(bits)(place) : blind(place)

const move =
  (bits: Bits): Blind =>
  (place) => {
    const { hidden, insn, weight } = place
    const fits = bits === 32 || insn.imm > 0
    if (fits && (hidden.base !== undefined || place.baseServesAhead())) hidden.moveFromBase(insn.dst, insn.imm, weight)
    else hidden.makeConstant(insn.dst, insn.imm, bits, weight)
  }

/** `*(u8 *)(r3 + 4) = 7   ->   r11 = 7 ^ key; r11 ^= key; *(u8 *)(r3 + 4) = r11` */
const store: Blind = (place) => {
  const { writer, insn, weight, hidden, kept } = place
  const register = kept.get(insn.imm)
  if (register === undefined) hidden.hold(insn.imm, 64)
  const opcode = BPF_SIZE(insn.opcode) | BPF_STX | BPF_MEM
  writer.make({ ...insn, opcode, src: register ?? BPF_REG_AX, imm: 0 }, weight)
}

/** Most 64-bit immediates are numbers of 32 bits, addresses of maps above all. */
const immediate64: Blind = (place) => {
  const { writer, insn, next, weight, hidden, pc } = place
  const high = next?.imm ?? 0
  writer.begin(pc + 1)
  if (high === 0) return move(32)(place)
  if (high === insn.imm >> 31) return hidden.makeConstant(insn.dst, insn.imm, 64, weight)
  const [lowKey, highKey] = [hidden.key(), hidden.key()]
  const [first, second] = BPF_LD_IMM64_RAW_FULL(insn.dst, 0, 0, 0, insn.imm ^ lowKey, high ^ highKey)
  const [firstKey, secondKey] = BPF_LD_IMM64_RAW_FULL(BPF_REG_AX, 0, 0, 0, lowKey, highKey)
  writer.make(first, weight)
  writer.second(second)
  writer.make(firstKey, 0)
  writer.second(secondKey)
  writer.make(BPF_ALU64_REG(BPF_XOR, insn.dst, BPF_REG_AX), 0)
  hidden.content = undefined
}

const isNotMask = ({ imm }: Insn): boolean => lowBits(imm) === undefined
const always = (): boolean => true
const never = (): boolean => false
const IN_AX = { keeps: always, needsAx: always, fromBase: never } as const
const IN_PLACE = { keeps: always, needsAx: never, fromBase: never } as const

const addition = (bits: Bits): BlindingRule => ({
  ...IN_PLACE,
  fromBase: always,
  blind: keptOr(outsideOfLoops(bits, addFromBaseOr(bits, addInTwo))),
})
const equal = (bits: Bits): BlindingRule => ({ ...IN_PLACE, blind: keptOr(outsideOfLoops(bits, compareEqual(bits))) })
const order = (bits: Bits): BlindingRule => ({ ...IN_PLACE, blind: keptOr(outsideOfLoops(bits, compareRange(bits))) })

/** Operations that have a way of their own; the others take their number from AX. */
const ALU_RULES: Readonly<Partial<Record<Operation, (bits: Bits) => BlindingRule>>> = {
  mov: (bits) => ({ ...IN_PLACE, blind: keptOr(move(bits)), fromBase: ({ imm }) => bits === 32 || imm > 0 }),
  add: addition,
  sub: addition,
  xor: (bits) => ({ ...IN_PLACE, blind: keptOr(outsideOfLoops(bits, xorInTwo)) }),
  and: (bits) => ({
    blind: u16Or(keptOr(outsideOfLoops(bits, maskOr(fromAx(bits))))),
    keeps: ({ imm }) => imm !== U16,
    needsAx: isNotMask,
    fromBase: never,
  }),
  jeq: equal,
  jne: equal,
  jgt: order,
  jge: order,
  jlt: order,
  jle: order,
  jsgt: order,
  jsge: order,
  jslt: order,
  jsle: order,
}

const SHIFTS: readonly string[] = ['lsh', 'rsh', 'arsh']

/** The rule for a row, undefined where nothing is to be blinded. */
function ruleFor(row: InstructionRow): BlindingRule | undefined {
  const bits = row.bits === 32 ? 32 : 64
  if (row.name === 'LD_IMM64')
    return { blind: immediate64, keeps: never, needsAx: always, fromBase: (_, next) => next?.imm === 0 }
  if (row.imm !== 'imm' || SHIFTS.includes(row.operation)) return undefined
  if (row.kind === 'store') return { ...IN_AX, blind: store }
  if (row.kind !== 'alu' && row.kind !== 'jump') return undefined
  return ALU_RULES[row.operation]?.(bits) ?? { ...IN_AX, blind: keptOr(fromAx(bits)) }
}

export const BLINDING_RULES: Readonly<Partial<Record<InstructionName, BlindingRule>>> = Object.fromEntries(
  INSTRUCTIONS.map((row) => [row.name, ruleFor(row)] as const).filter(([, rule]) => rule !== undefined),
)
