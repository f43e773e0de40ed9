/** Sequences that become one instruction, against the interpreter, with and without what they leave in other registers. */
import type { Subprogram } from '@bpfoundry/engine'
import {
  assembleLlvm,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_ARSH,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_LSH,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_OR,
  BPF_RSH,
  BPF_STX_MEM,
  INSTRUCTIONS,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { translateArm64 } from '../src/index.ts'
import { CANNOT_RUN, createBenches, imageOf, PROG_ARRAY } from './harness.ts'

const benches = CANNOT_RUN === undefined ? createBenches() : undefined
const asm = (source: string): readonly Insn[] => assembleLlvm(source).insns

/** Runs cases one after the other, r1 to r3 stored behind each; the same on every engine. */
function expectSame(cases: readonly (readonly Insn[])[]): void {
  const { interpreter, arm64 } = benches as NonNullable<typeof benches>
  const stores = (at: number): Insn[] => [1, 2, 3].map((n) => BPF_STX_MEM(BPF_DW, 7, n, 24 * at + 8 * (n - 1)))
  for (let from = 0; from < cases.length; from += 1000) {
    const blocks = cases
      .slice(from, from + 1000)
      .flatMap((insns, at) => [
        ...BPF_LD_IMM64(1, 0x8123456789abcdefn),
        ...BPF_LD_IMM64(2, 0xfedcba9800000013n),
        ...BPF_LD_IMM64(3, 0x0f0f0f0f12345678n),
        ...insns,
        ...stores(at),
      ])
    const image = imageOf([BPF_MOV64_REG(7, 1), ...blocks, BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()])
    const expected = interpreter.outcome(interpreter.install(image), interpreter.buffer)
    for (const [name, bench] of arm64.slice(0, 1)) {
      expect({ name, ...bench.outcome(bench.install(image), bench.buffer) }).toEqual({ name, ...expected })
    }
  }
}

const bytesOf = (insns: readonly Insn[]): number => {
  const options = { progArray: PROG_ARRAY, count: false }
  const { insnOffsetsBytes } = translateArm64(imageOf([...insns, BPF_EXIT_INSN()]), options)
  return insnOffsetsBytes[insns.length]! - insnOffsetsBytes[0]!
}

describe('a copy that is operated on', () => {
  const rows = INSTRUCTIONS.filter(({ kind, dst }) => ['alu', 'neg', 'swap'].includes(kind) && dst === 'rw')
  const immediates = [0, 1, -1, 5, 8, 4096, 0x12345678, -0x80000000]

  it.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    if (benches === undefined) return console.log(`not run: ${CANNOT_RUN}`)
    const fixed = (role: unknown, value: number): number => (typeof role === 'number' ? role : value)
    const operations = (row.imm === 'imm' ? immediates : [0]).flatMap((imm) =>
      [1, 2, 3].map(
        (src): Insn => ({
          opcode: row.opcode,
          dst: 3,
          src: fixed(row.src, src),
          off: row.off as number,
          imm: fixed(row.imm, imm),
        }),
      ),
    )
    expectSame(
      operations.flatMap((insn) => [
        [BPF_MOV64_REG(3, 1), insn],
        [BPF_MOV32_REG(3, 1), insn],
      ]),
    )
  })

  it('is one instruction, but not where something jumps between', () => {
    expect(bytesOf(asm('r3 = r1\nr3 += 14'))).toBe(4)
    expect(bytesOf(asm('r3 = r1\nr3 &= r2'))).toBe(4)
    expect(bytesOf(asm('w3 = w1\nr3 &= r2'))).toBe(8)
    expect(bytesOf(asm('if r2 != 0 goto add\nr3 = r1\nadd: r3 += 14'))).toBe(12)
  })
})

describe('two shifts by constants', () => {
  it('are one of a bit field', (ctx) => {
    if (benches === undefined) return ctx.skip(CANNOT_RUN)
    const counts = [0, 1, 8, 24, 31, 32, 40, 63]
    expectSame(
      counts.flatMap((left) =>
        counts.flatMap((right) => [
          [BPF_ALU64_IMM(BPF_LSH, 1, left), BPF_ALU64_IMM(BPF_RSH, 1, right)],
          [BPF_ALU64_IMM(BPF_LSH, 1, left), BPF_ALU64_IMM(BPF_ARSH, 1, right)],
          [BPF_ALU32_IMM(BPF_LSH, 1, left & 31), BPF_ALU32_IMM(BPF_RSH, 1, right & 31)],
          [BPF_ALU32_IMM(BPF_LSH, 1, left & 31), BPF_ALU32_IMM(BPF_ARSH, 1, right & 31)],
        ]),
      ),
    )
    expect(bytesOf(asm('r1 <<= 32\nr1 >>= 32'))).toBe(4)
  })
})

describe('rotations', () => {
  const orders = (bits: 32 | 64, left: number, swapped: boolean): Insn[] => {
    const [move, shift, or] =
      bits === 64 ? [BPF_MOV64_REG, BPF_ALU64_IMM, BPF_ALU64_REG] : [BPF_MOV32_REG, BPF_ALU32_IMM, BPF_ALU32_REG]
    const shifts = [shift(BPF_LSH, 3, left), shift(BPF_RSH, 2, bits - left)]
    return [move(3, 2), ...(swapped ? shifts.reverse() : shifts), swapped ? or(BPF_OR, 3, 2) : or(BPF_OR, 2, 3)]
  }
  const all = [1, 7, 13, 31].flatMap((left) =>
    [32, 64].flatMap((bits) => [true, false].map((swapped) => orders(bits as 32 | 64, left, swapped))),
  )

  it('leave both registers as the instructions do', (ctx) => {
    if (benches === undefined) return ctx.skip(CANNOT_RUN)
    expectSame(all)
  })

  it('are one instruction where the other register is read no more', () => {
    const dead = (insns: readonly Insn[]): readonly Insn[] => [...insns, BPF_MOV64_REG(0, insns[3]!.dst)]
    expect(all.map((insns) => bytesOf(dead(insns)))).toEqual(all.map(() => 8))
  })
})

describe('loads in network byte order', () => {
  it('of 16 bits need no mask', (ctx) => {
    if (benches === undefined) return ctx.skip(CANNOT_RUN)
    expectSame([
      asm('r3 = *(u16 *)(r7 + 0)\nr3 = be16 r3'),
      asm('r3 = *(u16 *)(r7 + 3)\nr3 = bswap16 r3'),
      asm('r3 = *(u16 *)(r7 + 3)\nr2 = be16 r2'),
    ])
    expect(bytesOf(asm('r3 = *(u16 *)(r1 + 0)\nr3 = be16 r3'))).toBe(8)
  })
})

describe('loads that nobody reads', () => {
  const main = [BPF_CALL_REL(1), BPF_EXIT_INSN()]
  const touch = [...asm('r3 = *(u8 *)(r1 + 4)\nr0 = 0'), BPF_EXIT_INSN()]
  const image = (hidden: boolean): ReturnType<typeof imageOf> => {
    const subprograms: Subprogram[] = [
      { name: 'main', start: 0, end: 2, stackDepthBytes: 0 },
      { name: 'touch', start: 2, end: 5, stackDepthBytes: 0, hidden },
    ]
    return imageOf([...main, ...touch], { subprograms })
  }

  it('are prefetches in what fix-ups made, which do not fault', (ctx) => {
    if (benches === undefined) return ctx.skip(CANNOT_RUN)
    const [, bench] = benches.arm64[0]!
    expect(bench.install(image(true)).run(bench.cpu, 8)).toBe(0)
    expect(() => bench.install(image(false)).run(bench.cpu, 8)).toThrow('NULL page')
  })

  it('stay loads where they are read', (ctx) => {
    if (benches === undefined) return ctx.skip(CANNOT_RUN)
    const read = [...asm('r3 = *(u8 *)(r1 + 4)\nr0 = r3'), BPF_EXIT_INSN()]
    const [, bench] = benches.arm64[0]!
    const { subprograms } = image(true)
    expect(() => bench.install(imageOf([...main, ...read], { subprograms })).run(bench.cpu, 8)).toThrow('NULL page')
  })
})

describe('weights', () => {
  it('are what instructions count, where an inlined form has them', (ctx) => {
    if (benches === undefined) return ctx.skip(CANNOT_RUN)
    const insns = [
      BPF_MOV64_IMM(1, 3),
      BPF_MOV64_IMM(2, 4),
      BPF_JMP_IMM(BPF_JNE, 1, 9, 0),
      BPF_MOV64_IMM(0, 1),
      BPF_EXIT_INSN(),
    ]
    const subprograms: Subprogram[] = [{ name: 'main', start: 0, end: 5, stackDepthBytes: 0 }]
    const inlined = { insns, subprograms, lines: [], weights: Uint32Array.of(0, 7, 100, 0, 1) }
    const [, bench] = benches.arm64[0]!
    expect(bench.outcome(bench.install(imageOf(insns, { inlined })), 0).executedInsns).toBe(108)
  })
})
