import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_AND,
  BPF_ARSH,
  BPF_B,
  BPF_BSWAP,
  BPF_DIV,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_ENDIAN,
  BPF_EXIT_INSN,
  BPF_H,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP32_A,
  BPF_JMP32_IMM,
  BPF_JNE,
  BPF_JSET,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_LDX_MEMSX,
  BPF_LSH,
  BPF_MOD,
  BPF_MOV,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MOVSX32_REG,
  BPF_MOVSX64_REG,
  BPF_MUL,
  BPF_OR,
  BPF_RSH,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_TO_BE,
  BPF_TO_LE,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import fc from 'fast-check'

/** Few registers, so that what one instruction writes the next ones read. r7 is the packet, r8 now and then, too. */
const register = fc.nat({ max: 5 })
const base = fc.constantFrom(7, 7, 7, 8, 10)
const off = (from: number): fc.Arbitrary<number> => fc.nat({ max: 12 }).map((n) => (from === 10 ? n - 32 : n))
// biome-ignore format: table
const NUMBERS = [0, 0, 1, 2, 7, 8, 16, 24, 32, 48, 56, 63, 0xff, 0xffff, 0x7fffffff, -1, -256, -0x80000000, 0xff00, 0x1234]
const imm = fc.oneof(fc.constantFrom(...NUMBERS), fc.integer({ min: -0x80000000, max: 0x7fffffff }))
const count = fc.constantFrom(0, 1, 7, 8, 16, 24, 31)
const count64 = fc.constantFrom(0, 8, 16, 24, 32, 40, 48, 56, 63)
const size = fc.constantFrom(BPF_B, BPF_B, BPF_H, BPF_W, BPF_DW)
const alu = fc.constantFrom(BPF_ADD, BPF_SUB, BPF_AND, BPF_OR, BPF_XOR, BPF_MUL, BPF_DIV, BPF_MOD, BPF_MOV)
const shift = fc.constantFrom(BPF_LSH, BPF_RSH, BPF_ARSH)
const swapBits = fc.constantFrom(16, 32, 64)

const memory = base.chain((b) => fc.record({ base: fc.constant(b), off: off(b) }))

/** Single instructions. */
const plain: fc.Arbitrary<readonly Insn[]> = fc.oneof(
  fc.tuple(alu, register, register).map(([o, a, b]) => [BPF_ALU64_REG(o, a, b)]),
  fc.tuple(alu, register, register).map(([o, a, b]) => [BPF_ALU32_REG(o, a, b)]),
  fc.tuple(alu, register, imm).map(([o, a, k]) => [BPF_ALU64_IMM(o, a, k)]),
  fc.tuple(alu, register, imm).map(([o, a, k]) => [BPF_ALU32_IMM(o, a, k)]),
  fc.tuple(shift, register, count).map(([o, a, k]) => [BPF_ALU32_IMM(o, a, k)]),
  fc.tuple(shift, register, count64).map(([o, a, k]) => [BPF_ALU64_IMM(o, a, k)]),
  fc.tuple(register, register).map(([a, b]) => [BPF_MOV64_REG(a, b)]),
  register.map((a) => [BPF_MOV32_REG(a, a)]),
  fc.tuple(register, register, fc.constantFrom(8, 16, 32)).map(([a, b, n]) => [BPF_MOVSX64_REG(a, b, n)]),
  fc.tuple(register, register, fc.constantFrom(8, 16)).map(([a, b, n]) => [BPF_MOVSX32_REG(a, b, n)]),
  fc.tuple(register, swapBits, fc.constantFrom(BPF_TO_BE, BPF_TO_LE)).map(([a, n, to]) => [BPF_ENDIAN(to, a, n)]),
  fc.tuple(register, swapBits).map(([a, n]) => [BPF_BSWAP(a, n)]),
  fc.tuple(size, register, memory).map(([s, a, m]) => [BPF_LDX_MEM(s, a, m.base, m.off)]),
  fc
    .tuple(fc.constantFrom(BPF_B, BPF_H, BPF_W), register, memory)
    .map(([s, a, m]) => [BPF_LDX_MEMSX(s, a, m.base, m.off)]),
  fc.tuple(register, imm, imm).map(([a, lo, hi]) => [...BPF_LD_IMM64(a, (BigInt(hi) << 32n) | BigInt(lo >>> 0))]),
)

/** What passes must not look through. */
const barriers: fc.Arbitrary<readonly Insn[]> = fc.oneof(
  fc.tuple(size, register, memory).map(([s, a, m]) => [BPF_STX_MEM(s, m.base, a, m.off)]),
  fc.tuple(size, imm, memory).map(([s, k, m]) => [BPF_ST_MEM(s, m.base, m.off, k)]),
  // Nobody reads r1 to r5 behind a call before writing them.
  fc.integer({ min: 1, max: 8 }).map((id) => [BPF_EMIT_CALL(id), ...[1, 2, 3, 4, 5].map((n) => BPF_MOV64_IMM(n, n))]),
  fc.nat({ max: 4 }).map((k) => [BPF_MOV64_REG(8, 7), BPF_ALU64_IMM(BPF_ADD, 8, k)]),
)

const SIZES: Readonly<Record<number, number>> = { 1: BPF_B, 2: BPF_H, 4: BPF_W }

/** A field of 2, 4 or 8 bytes that is put together of parts, of any order and in either byte order. */
const fields: fc.Arbitrary<readonly Insn[]> = fc
  .record({
    parts: fc.constantFrom<number[]>([1, 1], [1, 1, 1, 1], [2, 2], [2, 1, 1], [4, 4], [4, 2, 2]),
    big: fc.boolean(),
    wide: fc.boolean(),
    memory,
    registers: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 4, maxLength: 4 }),
    noise: fc.oneof(plain, plain, barriers),
    at: fc.nat({ max: 12 }),
    order: fc.boolean(),
    descending: fc.boolean(),
  })
  .map(({ parts, big, wide, memory, registers, noise, at, order, descending }) => {
    const total = parts.reduce((a, b) => a + b)
    const aluImm = wide || total === 8 ? BPF_ALU64_IMM : BPF_ALU32_IMM
    const aluReg = wide || total === 8 ? BPF_ALU64_REG : BPF_ALU32_REG
    const loads = parts.map((bytes, n) => {
      const [dst, before] = [registers[n] as number, parts.slice(0, n).reduce((a, b) => a + b, 0)]
      const up = 8 * (big ? total - before - bytes : before)
      return [
        BPF_LDX_MEM(SIZES[bytes] as number, dst, memory.base, memory.off + before),
        ...(big && bytes > 1 ? [BPF_ENDIAN(BPF_TO_BE, dst, 8 * bytes)] : []),
        ...(up > 0 ? [aluImm(BPF_LSH, dst, up)] : []),
      ]
    })
    const insns: Insn[] = (descending ? loads.reverse() : loads).flat()
    for (let n = 1; n < parts.length; n++) {
      insns.push(
        order ? aluReg(BPF_OR, registers[0]!, registers[n]!) : aluReg(BPF_OR, registers[n]!, registers[n - 1]!),
      )
    }
    // Somewhere in between.
    insns.splice(Math.min(at, insns.length), 0, ...noise)
    return insns
  })

const pairs: fc.Arbitrary<readonly Insn[]> = fc
  .tuple(
    register,
    register,
    fc.constantFrom(8, 16, 24, 32, 48, 56),
    fc.constantFrom(BPF_RSH, BPF_ARSH),
    fc.boolean(),
    plain,
  )
  .map(([a, b, k, right, wide, noise]) => {
    const make = wide || k > 31 ? BPF_ALU64_IMM : BPF_ALU32_IMM
    return [BPF_MOV64_REG(a, b), make(BPF_LSH, a, k), ...noise, make(right, a, k)]
  })

const lateSwaps: fc.Arbitrary<readonly Insn[]> = fc
  .tuple(register, fc.constantFrom([BPF_H, 16], [BPF_W, 32], [BPF_DW, 64]), memory, plain)
  .map(([a, [s, bits], m, noise]) => [BPF_LDX_MEM(s!, a, m.base, m.off), ...noise, BPF_ENDIAN(BPF_TO_BE, a, bits!)])

/** A jump over some of the pieces that follow. */
interface Skip {
  readonly skip: number
  readonly make: (off: number) => Insn
}

const skips: fc.Arbitrary<Skip> = fc.record({
  skip: fc.nat({ max: 3 }),
  make: fc.oneof(
    fc.tuple(fc.constantFrom(BPF_JEQ, BPF_JGT, BPF_JNE, BPF_JSET), register, imm, fc.boolean()).map(
      ([o, a, k, wide]) =>
        (o_: number): Insn =>
          wide ? BPF_JMP_IMM(o, a, k, o_) : BPF_JMP32_IMM(o, a, k, o_),
    ),
    fc.constantFrom(BPF_JMP_A, BPF_JMP32_A),
  ),
})

type Piece = readonly Insn[] | Skip

/** Reads packet bytes into every register; at the end all of them go into r0. */
const PROLOGUE: readonly Insn[] = [
  BPF_LDX_MEM(BPF_W, 7, 1, 0),
  BPF_MOV64_REG(8, 7),
  BPF_MOV64_IMM(9, 2),
  ...[0, 1, 2, 3, 4, 5].map((n) => BPF_LDX_MEM(BPF_DW, n, 7, 8 * n)),
]
const EPILOGUE: readonly Insn[] = [
  BPF_ALU64_IMM(BPF_SUB, 9, 1),
  ...[1, 2, 3, 4, 5].flatMap((n) => [BPF_ALU64_IMM(BPF_MUL, 0, 31), BPF_ALU64_REG(BPF_XOR, 0, n)]),
]

function lower(pieces: readonly Piece[]): readonly Insn[] {
  const lengths = pieces.map((piece) => ('skip' in piece ? 1 : piece.length))
  const body = pieces.flatMap((piece, n) => {
    if (!('skip' in piece)) return [...piece]
    return [piece.make(lengths.slice(n + 1, n + 1 + piece.skip).reduce((a, b) => a + b, 0))]
  })
  const loop = [...body, ...EPILOGUE]
  return [...PROLOGUE, ...loop, BPF_JMP_IMM(BPF_JNE, 9, 0, -loop.length - 1), BPF_EXIT_INSN()]
}

/** Programs full of what the passes look for, near misses included. They loop twice and read 64 bytes of packet. */
export function idiomPrograms(): fc.Arbitrary<readonly Insn[]> {
  const kinds: { weight: number; arbitrary: fc.Arbitrary<Piece> }[] = [
    { weight: 6, arbitrary: plain },
    { weight: 1, arbitrary: barriers },
    { weight: 3, arbitrary: fields },
    { weight: 2, arbitrary: pairs },
    { weight: 2, arbitrary: lateSwaps },
    { weight: 2, arbitrary: skips },
  ]
  return fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 24 }).map(lower)
}
