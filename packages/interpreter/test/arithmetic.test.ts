import {
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_LD_IMM64_RAW,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  INSTRUCTIONS,
  type Insn,
  type InstructionName,
  type InstructionRow,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHarness } from './harness.ts'

const M64 = (1n << 64n) - 1n
const M32 = (1n << 32n) - 1n
const u = (bits: number, x: bigint): bigint => BigInt.asUintN(bits, x)
const s = (bits: number, x: bigint): bigint => BigInt.asIntN(bits, x)
const reversed = (bits: number, x: bigint): bigint => {
  let out = 0n
  for (let at = 0; at < bits; at += 8) out = (out << 8n) | ((x >> BigInt(at)) & 0xffn)
  return out
}

/** RFC 9669 in BigInt, `a` and `b` unsigned at the instruction's width: sections 4.1 (arithmetic) and 4.2 (byte order). */
const MEANING: Readonly<Record<string, (a: bigint, b: bigint, bits: number) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b, bits) => (b === 0n ? 0n : s(bits, a) / s(bits, b)),
  mod: (a, b) => (b === 0n ? a : a % b),
  smod: (a, b, bits) => (b === 0n ? a : s(bits, a) % s(bits, b)),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  mov: (_, b) => b,
  lsh: (a, b, bits) => a << (b & BigInt(bits - 1)),
  rsh: (a, b, bits) => a >> (b & BigInt(bits - 1)),
  arsh: (a, b, bits) => s(bits, a) >> (b & BigInt(bits - 1)),
  neg: (a) => -a,
  movsx8: (_, b) => s(8, b),
  movsx16: (_, b) => s(16, b),
  movsx32: (_, b) => s(32, b),
  le: (a) => a,
  be: (a, _, bits) => reversed(bits, a),
  bswap: (a, _, bits) => reversed(bits, a),
}

/** The comparisons of section 4.3. */
const TAKEN: Readonly<Record<string, (a: bigint, b: bigint, bits: number) => boolean>> = {
  jeq: (a, b) => a === b,
  jne: (a, b) => a !== b,
  jset: (a, b) => (a & b) !== 0n,
  jgt: (a, b) => a > b,
  jge: (a, b) => a >= b,
  jlt: (a, b) => a < b,
  jle: (a, b) => a <= b,
  jsgt: (a, b, bits) => s(bits, a) > s(bits, b),
  jsge: (a, b, bits) => s(bits, a) >= s(bits, b),
  jslt: (a, b, bits) => s(bits, a) < s(bits, b),
  jsle: (a, b, bits) => s(bits, a) <= s(bits, b),
}

// Words around the places where carries, signs and the divisions' cases change.
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff) },
  { weight: 2, arbitrary: fc.nat({ max: 0xffffffff }) },
  { weight: 1, arbitrary: fc.nat({ max: 31 }).map((n) => (1 << n) >>> 0) },
)
const u64 = fc.tuple(word, word).map(([lo, hi]) => (BigInt(hi) << 32n) | BigInt(lo))
const pair = fc.oneof(
  fc.tuple(u64, u64),
  // Near-equal operands, and dividends next to a multiple of the divisor.
  fc.tuple(u64, fc.bigInt(-2n, 2n)).map(([a, d]): [bigint, bigint] => [a, u(64, a + d)]),
  fc.tuple(u64, word, fc.bigInt(-1n, 1n)).map(([b, q, d]): [bigint, bigint] => [u(64, b * BigInt(q) + d), b]),
)

const harness = createHarness()

function insnOf(row: InstructionRow, k: number): Insn {
  const off = typeof row.off === 'number' ? row.off : 1
  const imm = typeof row.imm === 'number' ? row.imm : k
  return { opcode: row.opcode, dst: 1, src: row.src === 'r' ? 2 : 0, off, imm }
}

/** r1 after `row` with r1 = a, r2 = b (for an X form) or imm = k. */
function compute(row: InstructionRow, a: bigint, b: bigint, k: number): bigint {
  const program = [...BPF_LD_IMM64(1, a), ...BPF_LD_IMM64(2, b), insnOf(row, k), BPF_MOV64_REG(0, 1), BPF_EXIT_INSN()]
  return harness.run(program)
}

/** Whether the jump `row` is taken. */
function jumps(row: InstructionRow, a: bigint, b: bigint, k: number): boolean {
  const ends = [BPF_MOV64_IMM(0, 0), BPF_MOV64_IMM(0, 1)] as const
  const program = [...BPF_LD_IMM64(1, a), ...BPF_LD_IMM64(2, b), ends[1], insnOf(row, k), ends[0], BPF_EXIT_INSN()]
  return harness.run(program) === 1n
}

const signExtended = (k: number): bigint => u(64, BigInt(k | 0))
const rows = (kinds: readonly string[]): readonly (readonly [InstructionName, InstructionRow])[] =>
  INSTRUCTIONS.filter((row) => kinds.includes(row.kind)).map((row) => [row.name, row])

describe('arithmetic is that of RFC 9669', () => {
  it.each(rows(['alu', 'neg', 'movsx', 'swap']))('%s', (_, row) => {
    const meaning = MEANING[row.operation]
    expect(meaning, row.operation).toBeDefined()
    const width = row.name.startsWith('ALU64') || row.bits === 64 ? 64 : row.kind === 'swap' ? row.bits : 32
    fc.assert(
      fc.property(pair, word, ([a, b], k) => {
        const operand = row.src === 'r' ? b : signExtended(k)
        const expected = u(width, meaning!(u(width, a), u(width, operand), row.kind === 'swap' ? row.bits : width))
        expect(compute(row, a, b, k | 0)).toBe(expected)
      }),
      { numRuns: 200 },
    )
  })
})

describe('comparisons are those of RFC 9669', () => {
  it.each(rows(['jump']))('%s', (_, row) => {
    const taken = TAKEN[row.operation]
    expect(taken, row.operation).toBeDefined()
    fc.assert(
      fc.property(pair, word, ([a, b], k) => {
        const operand = row.src === 'r' ? b : signExtended(k)
        expect(jumps(row, a, b, k | 0)).toBe(taken!(u(row.bits, a), u(row.bits, operand), row.bits))
      }),
      { numRuns: 200 },
    )
  })
})

describe('division by the corner cases', () => {
  const min64 = 1n << 63n
  const cases: readonly [InstructionName, bigint, bigint, bigint][] = [
    ['ALU64_SDIV_X', min64, M64, min64],
    ['ALU64_SMOD_X', min64, M64, 0n],
    ['ALU32_SDIV_X', 0x80000000n, M32, 0x80000000n],
    ['ALU32_SMOD_X', 0x80000000n, M32, 0n],
    ['ALU64_DIV_X', M64, 0n, 0n],
    ['ALU64_MOD_X', M64, 0n, M64],
    ['ALU32_DIV_X', M64, 0n, 0n],
    ['ALU32_MOD_X', M64, 0n, M32],
    ['ALU64_DIV_X', M64, M64, 1n],
    ['ALU64_DIV_X', M64, M64 - 1n, 1n],
    ['ALU64_MOD_X', M64 - 1n, M64, M64 - 1n],
    ['ALU64_DIV_X', M64, 1n << 32n, M32],
    ['ALU64_DIV_X', M64, (1n << 32n) + 1n, M32],
    ['ALU64_DIV_X', M64, 3n, M64 / 3n],
  ]
  it.each(cases)('%s %s by %s is %s', (name, a, b, expected) => {
    const row = INSTRUCTIONS.find((candidate) => candidate.name === name)!
    expect(compute(row, a, b, 0)).toBe(expected)
  })
})

describe('64-bit division', () => {
  it('agrees with BigInt over long runs of random operands', () => {
    const names = ['ALU64_DIV_X', 'ALU64_MOD_X', 'ALU64_SDIV_X', 'ALU64_SMOD_X', 'ALU64_MUL_X']
    const chosen = INSTRUCTIONS.filter((row) => names.includes(row.name))
    const mixed = fc.oneof(fc.bigInt(0n, M64), u64)
    fc.assert(
      fc.property(mixed, mixed, fc.nat({ max: 63 }), (a, b, shift) => {
        for (const row of chosen) {
          const divisor = b >> BigInt(shift)
          expect(compute(row, a, divisor, 0)).toBe(u(64, MEANING[row.operation]!(a, divisor, 64)))
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('immediates', () => {
  it('LD_IMM64 takes its high word from the second slot', () => {
    fc.assert(
      fc.property(u64, (value) => {
        expect(harness.run([...BPF_LD_IMM64_RAW(0, 0, value), BPF_EXIT_INSN()])).toBe(value)
      }),
      { numRuns: 50 },
    )
  })
})
