/** Pieces of programs for the card: instructions and what the driver would note of them. */
import {
  accessBytes,
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_ATOMIC,
  BPF_B,
  BPF_CALL,
  BPF_DIV,
  BPF_DW,
  BPF_END,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LSH,
  BPF_MEM,
  BPF_MOV,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_PSEUDO_MAP_FD,
  BPF_RSH,
  BPF_ST,
  BPF_STX,
  BPF_SUB,
  BPF_W,
  BPF_X,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import type { NfpInsnFact, NfpPointer } from '@bpfoundry/jit-nfp'
import fc from 'fast-check'

/** One slot with its fact. */
export interface Slot {
  readonly insn: Insn
  readonly fact: NfpInsnFact
}

/** Slots that stand together. A jump's distance and a call's callee are numbers to be reduced when all is in place. */
export interface Piece {
  readonly slots: readonly Slot[]
  readonly leads?: 'jump' | 'call'
  readonly to?: number
}

const slot = (insn: Partial<Insn> & { readonly opcode: number }, fact: NfpInsnFact = {}): Slot => ({
  insn: { dst: 0, src: 0, off: 0, imm: 0, ...insn },
  fact,
})
const alone = (insn: Partial<Insn> & { readonly opcode: number }, fact?: NfpInsnFact): Piece => ({
  slots: [slot(insn, fact)],
})

const register = fc.nat({ max: 9 })
const anySource = fc.nat({ max: 10 })
const zeroExtend = fc.boolean()
const widths = fc.constantFrom(BPF_ALU, BPF_ALU64)
const operand = fc.constantFrom(BPF_K, BPF_X)
const sizes = fc.constantFrom(BPF_B, BPF_H, BPF_W, BPF_DW)

/** Immediates around the places where the driver chooses between forms. */
export const constant: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, -2, 127, 128, 255, 256, -255, -256, 0xffff, 0x10000, 0xff00, 0x7fffffff, -0x80000000),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
)
/** Offsets of accesses, likewise. */
const accessOffset = fc.oneof(
  fc.constantFrom(0, 4, 126, 127, 128, 255, 256, -4, -1),
  fc.integer({ min: -300, max: 300 }),
)

const PLAIN_OPS = [BPF_MOV, BPF_XOR, BPF_AND, BPF_OR, BPF_ADD, BPF_SUB]

const arithmetic = fc
  .tuple(widths, operand, fc.constantFrom(...PLAIN_OPS), register, anySource, constant, zeroExtend)
  .map(([cls, from, op, dst, src, imm, zext]) =>
    alone({ opcode: cls | from | op, dst, src: from === BPF_X ? src : 0, imm }, { zeroExtend: zext }),
  )

const negation = fc
  .tuple(widths, register, zeroExtend)
  .map(([cls, dst, zext]) => alone({ opcode: cls | BPF_NEG, dst }, { zeroExtend: zext }))

const amounts = fc
  .tuple(fc.nat({ max: 63 }), fc.nat({ max: 63 }))
  .map(([a, b]) => ({ sourceMin: BigInt(Math.min(a, b)), sourceMax: BigInt(Math.max(a, b)) }))
const sameAmount = fc.nat({ max: 31 }).map((a) => ({ sourceMin: BigInt(a), sourceMax: BigInt(a) }))

const shift = fc
  .tuple(widths, operand, fc.constantFrom(BPF_LSH, BPF_RSH, BPF_ARSH), register, register)
  .chain(([cls, from, op, dst, src]) =>
    fc
      .tuple(fc.oneof(amounts, sameAmount), fc.nat({ max: cls === BPF_ALU64 ? 63 : 31 }), zeroExtend)
      .map(([range, imm, zext]) =>
        alone(
          { opcode: cls | from | op, dst, src: from === BPF_X ? src : 0, imm },
          { zeroExtend: zext, ranges: { ...range, targetMin: 0n, targetMax: 0xffffffffffffffffn } },
        ),
      ),
  )

const factor = fc.constantFrom(0xffffn, 0x10000n, 0xffffffffn, 7n)
const multiplication = fc
  .tuple(widths, operand, register, register, fc.nat({ max: 0x7fffffff }), factor, factor)
  .map(([cls, from, dst, src, imm, sourceMax, targetMax]) =>
    alone(
      { opcode: cls | from | BPF_MUL, dst, src, imm },
      { ranges: { sourceMin: 0n, sourceMax, targetMin: 0n, targetMax } },
    ),
  )

const divisor = fc.oneof(
  fc.constantFrom(1, 2, 3, 5, 6, 7, 10, 12, 14, 28, 100, 641, 1000, 1 << 30, 0x7fffffff),
  fc.integer({ min: 1, max: 0x7fffffff }),
)
const bigDivisor = fc.constantFrom(0x80000000n, 0x80000001n, 0xffffffffn, 0xfffffffen, 3n, 7n)
const division = fc
  .tuple(widths, operand, register, register, divisor, bigDivisor)
  .map(([cls, from, dst, src, imm, by]) =>
    alone(
      { opcode: cls | from | BPF_DIV, dst, src, imm },
      { ranges: { sourceMin: by, sourceMax: by, targetMin: 0n, targetMax: 0xffffffffn } },
    ),
  )

const byteOrder = fc
  .tuple(register, fc.constantFrom(16, 32, 64))
  .map(([dst, imm]) => alone({ opcode: BPF_ALU | BPF_END | BPF_X, dst, imm }))

const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW
const wideConstant = fc.tuple(register, constant, fc.oneof(constant, fc.constant(undefined))).map(
  ([dst, imm, upper]): Piece => ({
    slots: [slot({ opcode: LD_IMM64, dst, imm }), slot({ opcode: 0, imm: upper ?? imm })],
  }),
)
const mapLoad = fc.tuple(register, fc.integer({ min: 1, max: 300 })).map(
  ([dst, mapNumber]): Piece => ({
    slots: [slot({ opcode: LD_IMM64, dst, src: BPF_PSEUDO_MAP_FD, imm: 5 }, { mapNumber }), slot({ opcode: 0 })],
  }),
)

const WHOLE = new Map([
  [BPF_B, 0xff],
  [BPF_H, 0xffff],
  [BPF_W, -1],
])
const SHIFTS = [BPF_LSH, BPF_RSH].map((op) => slot({ opcode: BPF_ALU64 | BPF_K | op, imm: 32 }))
const classicLoad = fc
  .tuple(
    fc.constantFrom(BPF_ABS, BPF_IND),
    fc.constantFrom(BPF_B, BPF_H, BPF_W),
    register,
    fc.oneof(fc.nat({ max: 400 }), constant),
    fc.constantFrom('plain', 'masked', 'shifted', 'shifted back'),
    zeroExtend,
  )
  .map(([mode, size, src, imm, then, zext]): Piece => {
    const load = slot({ opcode: BPF_LD | mode | size, src: mode === BPF_IND ? src : 0, imm }, { zeroExtend: zext })
    const mask = slot({ opcode: BPF_ALU64 | BPF_AND | BPF_K, imm: WHOLE.get(size) ?? 0 })
    const rest = { plain: [], masked: [mask], shifted: SHIFTS, 'shifted back': [...SHIFTS].reverse() }[then]
    return { slots: [load, ...rest] }
  })

const packetPointer = fc.record({
  kind: fc.constant('pkt' as const),
  offset: fc.constantFrom(0, 0, 0, 14, 34),
  id: fc.constantFrom(0, 0, 0, 1, 2),
})
const mapPointer = fc.record({ kind: fc.constant('map_value' as const), offset: fc.constantFrom(0, 8) })

const memoryLoad = fc
  .tuple(sizes, register, register, accessOffset, fc.oneof(packetPointer, mapPointer), zeroExtend)
  .map(([size, dst, src, off, pointer, zext]) =>
    alone({ opcode: BPF_LDX | BPF_MEM | size, dst, src, off }, { pointer, zeroExtend: zext }),
  )

/** Loads that follow each other: they may share one read. */
const packetLoads = fc
  .tuple(
    packetPointer,
    register,
    fc.array(fc.tuple(sizes, register, fc.nat({ max: 90 }), zeroExtend), { maxLength: 8 }),
  )
  .map(
    ([pointer, src, loads]): Piece => ({
      slots: loads.map(([size, dst, off, zext]) =>
        slot({ opcode: BPF_LDX | BPF_MEM | size, dst, src, off }, { pointer, zeroExtend: zext }),
      ),
    }),
  )

const packetStore = fc
  .tuple(sizes, register, register, accessOffset, packetPointer)
  .map(([size, dst, src, off, pointer]) => alone({ opcode: BPF_STX | BPF_MEM | size, dst, src, off }, { pointer }))

const constantStore = fc
  .tuple(sizes, register, accessOffset, constant, packetPointer)
  .map(([size, dst, off, imm, pointer]) => alone({ opcode: BPF_ST | BPF_MEM | size, dst, off, imm }, { pointer }))

/** Copies as compilers unroll them. */
const copy = fc
  .record({
    size: sizes,
    count: fc.integer({ min: 1, max: 40 }),
    from: fc.oneof(packetPointer, mapPointer),
    to: packetPointer,
    fromRegister: register,
    toRegister: register,
    value: register,
    fromOff: fc.integer({ min: 0, max: 200 }),
    toOff: fc.integer({ min: 0, max: 200 }),
    descending: fc.boolean(),
  })
  .map((copied): Piece => ({ slots: copySlots(copied) }))

interface Copy {
  readonly size: number
  readonly count: number
  readonly from: NfpPointer
  readonly to: NfpPointer
  readonly fromRegister: number
  readonly toRegister: number
  readonly value: number
  readonly fromOff: number
  readonly toOff: number
  readonly descending: boolean
}

function copySlots(copied: Copy): Slot[] {
  const { size, value, fromRegister, toRegister } = copied
  const step = (copied.descending ? -1 : 1) * accessBytes(size)
  return Array.from({ length: copied.count }, (_, n) => n * step).flatMap((at) => [
    slot(
      { opcode: BPF_LDX | BPF_MEM | size, dst: value, src: fromRegister, off: copied.fromOff + at },
      { pointer: copied.from, zeroExtend: true },
    ),
    slot(
      { opcode: BPF_STX | BPF_MEM | size, dst: toRegister, src: value, off: copied.toOff + at },
      { pointer: copied.to },
    ),
  ])
}

const stackAccess = fc
  .tuple(
    fc.constantFrom(BPF_LDX, BPF_STX),
    sizes,
    register,
    register,
    fc.integer({ min: -200, max: -8 }),
    fc.constantFrom('plain', 'plain', 'plain', 'varies', 'caller'),
    zeroExtend,
  )
  .map(([cls, size, value, pointer, at, how, zext]) => {
    // Some of the distance is in the pointer, some in the instruction.
    const off = at % 8
    const fact = {
      pointer: { kind: 'fp' as const, offset: at - off },
      zeroExtend: zext,
      ...(how === 'varies' ? { pointerVaries: true } : {}),
      ...(how === 'caller' ? { callerFrame: true } : {}),
    }
    const [dst, src] = cls === BPF_LDX ? [value, pointer] : [pointer, value]
    return alone({ opcode: cls | BPF_MEM | size, dst, src, off }, fact)
  })

const count = fc
  .tuple(fc.constantFrom(BPF_W, BPF_DW), register, register, fc.constantFrom(0, 4, 8, 60, 255, 256), mapPointer)
  .chain(([size, dst, src, off, pointer]) =>
    fc
      .tuple(fc.boolean(), fc.boolean())
      .map(([maybe16Bit, over16Bit]) =>
        alone(
          { opcode: BPF_STX | BPF_ATOMIC | size, dst, src, off, imm: BPF_ADD },
          { pointer, addend: { maybe16Bit, over16Bit: over16Bit || !maybe16Bit } },
        ),
      ),
  )

/** Offsets of readable fields: of struct xdp_md, of struct __sk_buff. */
const READABLE = { xdp: [0, 4], classifier: [0, 76, 80] }
const contextLoad = (type: 'xdp' | 'classifier'): fc.Arbitrary<Piece> =>
  fc
    .tuple(register, register, fc.constantFrom(...READABLE[type]))
    .map(([dst, src, off]) =>
      alone({ opcode: BPF_LDX | BPF_MEM | BPF_W, dst, src, off }, { pointer: { kind: 'ctx', offset: 0 } }),
    )

const queueSelect = register.map((src) =>
  alone({ opcode: BPF_STX | BPF_MEM | BPF_W, dst: 1, src, off: 16 }, { pointer: { kind: 'ctx', offset: 0 } }),
)

const CALL = BPF_JMP | BPF_CALL
const HELPERS = { lookup: 1, update: 2, remove: 3, prandom: 7, event: 25, adjustHead: 44, adjustTail: 65 }

const mapCall = fc
  .tuple(
    fc.constantFrom(HELPERS.lookup, HELPERS.update, HELPERS.remove),
    fc.integer({ min: -20, max: 0 }),
    fc.boolean(),
  )
  .map(([imm, words, keyVaries]) => alone({ opcode: CALL, imm }, { call: { keyOffset: 4 * words, keyVaries } }))
const event = fc
  .constantFrom('scalar' as const, 'fp' as const, 'map_value' as const, 'pkt' as const)
  .map((eventData) => alone({ opcode: CALL, imm: HELPERS.event }, { call: { eventData } }))
const plainHelper = fc
  .constantFrom(HELPERS.prandom, HELPERS.adjustHead, HELPERS.adjustTail)
  .map((imm) => alone({ opcode: CALL, imm }))

const JUMP_OPS = [
  BPF_JEQ,
  BPF_JGT,
  BPF_JGE,
  BPF_JSET,
  BPF_JNE,
  BPF_JSGT,
  BPF_JSGE,
  BPF_JLT,
  BPF_JLE,
  BPF_JSLT,
  BPF_JSLE,
]
const conditional = fc
  .tuple(
    fc.constantFrom(BPF_JMP, BPF_JMP32),
    operand,
    fc.constantFrom(...JUMP_OPS),
    register,
    register,
    constant,
    fc.nat(),
  )
  .map(
    ([cls, from, op, dst, src, imm, to]): Piece => ({
      ...alone({ opcode: cls | from | op, dst, src: from === BPF_X ? src : 0, imm }),
      leads: 'jump',
      to,
    }),
  )
const unconditional = fc.nat().map((to): Piece => ({ ...alone({ opcode: BPF_JMP }), leads: 'jump', to }))
const functionCall = fc.nat().map((to): Piece => ({ ...alone({ opcode: CALL, src: 1 }), leads: 'call', to }))

/** What no card translates. */
const unsupported = fc.constantFrom(
  alone({ opcode: BPF_ALU64 | 0x90 | BPF_K, imm: 3 }),
  alone({ opcode: CALL, imm: 5 }),
  alone({ opcode: BPF_LDX | BPF_MEM | BPF_H }, { pointer: { kind: 'ctx', offset: 0 } }),
  alone({ opcode: BPF_ST | BPF_MEM | BPF_W }, { pointer: { kind: 'fp', offset: -8 } }),
  alone({ opcode: BPF_STX | BPF_MEM | BPF_W }, { pointer: { kind: 'map_value', offset: 0 } }),
  alone({ opcode: BPF_STX | BPF_ATOMIC | BPF_W, imm: BPF_OR }, { pointer: { kind: 'map_value', offset: 0 } }),
  alone({ opcode: BPF_LDX | BPF_MEM | BPF_W }),
  alone(
    { opcode: BPF_ALU64 | BPF_LSH | BPF_X },
    { ranges: { sourceMin: 70n, sourceMax: 70n, targetMin: 0n, targetMax: 1n } },
  ),
)

/** Pieces of a program of that type. */
export function pieces(type: 'xdp' | 'classifier'): fc.Arbitrary<Piece> {
  const weighted = (weight: number, arbitrary: fc.Arbitrary<Piece>): fc.WeightedArbitrary<Piece> => ({
    weight,
    arbitrary,
  })
  return fc.oneof(
    weighted(8, arithmetic),
    weighted(1, negation),
    weighted(4, shift),
    weighted(2, multiplication),
    weighted(2, division),
    weighted(1, byteOrder),
    weighted(2, wideConstant),
    weighted(1, mapLoad),
    weighted(3, classicLoad),
    weighted(3, memoryLoad),
    weighted(3, packetLoads),
    weighted(2, packetStore),
    weighted(1, constantStore),
    weighted(3, copy),
    weighted(5, stackAccess),
    weighted(2, count),
    weighted(2, contextLoad(type)),
    weighted(type === 'xdp' ? 1 : 0, queueSelect),
    weighted(2, mapCall),
    weighted(1, event),
    weighted(1, plainHelper),
    weighted(6, conditional),
    weighted(1, unconditional),
    weighted(2, functionCall),
  )
}

/** One of the refused pieces, rarely. */
export const refusedPieces: fc.Arbitrary<Piece> = unsupported
