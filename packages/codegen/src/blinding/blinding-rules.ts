/**
 * How each instruction with a program's number in it is written without: a rule a row.
 *
 * Every number is covered by a key of its own, but for moves from one base, which share it. Left to be seen is how many bits
 * a mask of the lowest ones has, as it is of shift counts.
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ENDIAN,
  BPF_LD_IMM64_RAW_FULL,
  BPF_LSH,
  BPF_MEM,
  BPF_REG_AX,
  BPF_REG_FP,
  BPF_RSH,
  BPF_SIZE,
  BPF_STX,
  BPF_SUB,
  BPF_TO_LE,
  BPF_X,
  BPF_XOR,
  INSTRUCTIONS,
  type Insn,
  type InstructionName,
  type InstructionRow,
  type Operation,
} from '@bpfoundry/isa'
import type { KeptConstants } from '../kept-constants.ts'
import type { ProgramWriter } from '../rewritten-program.ts'
import type { HiddenRegister } from './hidden-register.ts'

/** The instruction, where it stands, and what it is written with. */
export interface Place {
  readonly insn: Insn
  /** The second slot of a 64-bit immediate. */
  readonly next: Insn | undefined
  readonly pc: number
  readonly weight: number
  readonly writer: ProgramWriter
  readonly hidden: HiddenRegister
  readonly kept: KeptConstants
  /** Whether nobody reads dst behind the instruction, whichever way it goes on. */
  dstIsDead(): boolean
  /** Whether another move from a base follows before AX is needed for something else. */
  movesAhead(): boolean
  /** Whether dst is compared for equality with another number right behind this comparison. */
  comparesAhead(): boolean
  /** In a loop a longer way from one turn's value to the next one's is felt more than an instruction beside it. */
  isInLoop(): boolean
}

type Blind = (place: Place) => void
type Bits = 32 | 64

export interface BlindingRule {
  readonly blind: Blind
  /** Whether the number may come from a register that keeps it. */
  readonly keeps: (insn: Insn) => boolean
  /** Whether AX may be written. */
  readonly needsAx: (insn: Insn) => boolean
  /** Whether it moves a number that a base can hide, of which there are 32 bits. */
  readonly moves: (insn: Insn, next: Insn | undefined) => boolean
}

const always = (): boolean => true
const never = (): boolean => false

/** `dst op= imm` and `if dst op imm`: the form with a register. `off` is kept: it says signed, or how far. */
function takeFrom(register: number, { writer, insn, pc, weight }: Place): void {
  writer.keep({ ...insn, opcode: insn.opcode | BPF_X, src: register, imm: 0 }, pc, weight)
}

/** A number that a register keeps comes from there. */
const keptOr =
  (otherwise: Blind): Blind =>
  (place) => {
    const register = place.kept.get(place.insn.imm)
    if (register === undefined) otherwise(place)
    else takeFrom(register, place)
  }

/** Where there is no better way the number is made in AX: `r3 *= imm   ->   r11 = imm ^ key; r11 ^= key; r3 *= r11` */
const fromAx =
  (bits: Bits): Blind =>
  (place) => {
    place.hidden.hold(place.insn.imm, bits)
    takeFrom(BPF_REG_AX, place)
  }

/**
 * `r3 += imm   ->   r3 += imm - key; r3 += key`, and the same with `-=`. The halves are sign-extended, so that they must add up
 * to the number itself: where the difference has more than 32 bits, a key of the other sign does. Where AX holds a base, that
 * is the key: `r3 += r11; r3 += imm - base`, for a negative number `r3 -= r11; r3 += imm + base`.
 */
const addInTwo: Blind = ({ hidden, writer, insn, weight }) => {
  const { base } = hidden
  if (base === undefined) {
    const key = hidden.key()
    const fits = insn.imm - key === ((insn.imm - key) | 0)
    const second = fits ? key : key ^ (1 << 31)
    writer.make({ ...insn, imm: insn.imm - second }, weight)
    writer.make({ ...insn, imm: second }, 0)
    return
  }
  const other = insn.imm < 0 ? BPF_ADD ^ BPF_SUB : 0
  writer.make({ ...insn, opcode: (insn.opcode ^ other) | BPF_X, src: BPF_REG_AX, imm: 0 }, weight)
  writer.make({ ...insn, imm: insn.imm < 0 ? insn.imm + base : insn.imm - base }, 0)
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

/** What makes the value of dst's next use wait for one instruction more: not in loops. */
const outsideOfLoops =
  (bits: Bits, blind: Blind): Blind =>
  (place) =>
    place.isInLoop() ? fromAx(bits)(place) : blind(place)

/**
 * `if r3 == imm   ->   r3 ^= imm ^ key; if r3 == key`, where nobody reads r3 behind that. Where it is compared once more, a copy
 * does, which the next comparison goes on from: `r11 = r3; r11 ^= imm ^ key; if r11 == key`.
 */
const equalInTwoOr =
  (bits: Bits, otherwise: Blind): Blind =>
  (place) => {
    const { hidden, writer, insn, pc, weight } = place
    if (hidden.holdsCopyOf(insn.dst, bits) || place.comparesAhead()) {
      const key = hidden.holdCopy(insn.dst, insn.imm, bits)
      return writer.keep({ ...insn, dst: BPF_REG_AX, imm: key }, pc, weight)
    }
    if (insn.dst === BPF_REG_FP || !place.dstIsDead()) return otherwise(place)
    const key = hidden.key()
    const xor = bits === 32 ? BPF_ALU32_IMM : BPF_ALU64_IMM
    writer.make(xor(BPF_XOR, insn.dst, insn.imm ^ key), 0)
    writer.keep({ ...insn, imm: key }, pc, weight)
  }

const move =
  (bits: Bits): Blind =>
  (place) => {
    const { hidden, insn, weight } = place
    const fits = bits === 32 || insn.imm > 0
    if (fits && (hidden.base !== undefined || place.movesAhead())) hidden.moveFromBase(insn.dst, insn.imm, weight)
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
const IN_AX = { keeps: always, needsAx: always, moves: never } as const
const IN_PLACE = { keeps: always, needsAx: never, moves: never } as const

/** Operations that have a way of their own; the others take their number from AX. */
const ALU_RULES: Readonly<Partial<Record<Operation, (bits: Bits) => BlindingRule>>> = {
  mov: (bits) => ({ ...IN_PLACE, blind: keptOr(move(bits)), moves: ({ imm }) => bits === 32 || imm > 0 }),
  add: (bits) => ({ ...IN_PLACE, blind: keptOr(outsideOfLoops(bits, addInTwo)) }),
  sub: (bits) => ({ ...IN_PLACE, blind: keptOr(outsideOfLoops(bits, addInTwo)) }),
  xor: (bits) => ({ ...IN_PLACE, blind: keptOr(outsideOfLoops(bits, xorInTwo)) }),
  and: (bits) => ({
    blind: u16Or(keptOr(outsideOfLoops(bits, maskOr(fromAx(bits))))),
    keeps: ({ imm }) => imm !== U16,
    needsAx: isNotMask,
    moves: never,
  }),
  jeq: (bits) => ({ ...IN_AX, blind: keptOr(equalInTwoOr(bits, fromAx(bits))) }),
  jne: (bits) => ({ ...IN_AX, blind: keptOr(equalInTwoOr(bits, fromAx(bits))) }),
}

const SHIFTS: readonly string[] = ['lsh', 'rsh', 'arsh']

/** The rule for a row, undefined where nothing is to be blinded. */
function ruleFor(row: InstructionRow): BlindingRule | undefined {
  const bits = row.bits === 32 ? 32 : 64
  if (row.name === 'LD_IMM64')
    return { blind: immediate64, keeps: never, needsAx: always, moves: (_, next) => next?.imm === 0 }
  if (row.imm !== 'imm' || SHIFTS.includes(row.operation)) return undefined
  if (row.kind === 'store') return { ...IN_AX, blind: store }
  if (row.kind !== 'alu' && row.kind !== 'jump') return undefined
  return ALU_RULES[row.operation]?.(bits) ?? { ...IN_AX, blind: keptOr(fromAx(bits)) }
}

export const BLINDING_RULES: Readonly<Partial<Record<InstructionName, BlindingRule>>> = Object.fromEntries(
  INSTRUCTIONS.map((row) => [row.name, ruleFor(row)] as const).filter(([, rule]) => rule !== undefined),
)
