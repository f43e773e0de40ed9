/** What blinding is for, for any machine-code back end: no number that a program's author chose stands in its code. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGT,
  BPF_JLT,
  BPF_JMP_IMM,
  BPF_JMP32_IMM,
  BPF_JNE,
  BPF_JSLE,
  BPF_LD_IMM64,
  BPF_MOV32_REG,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MUL,
  BPF_RSH,
  BPF_SUB,
  BPF_XOR,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prepareProgram } from '../src/index.ts'

/** Instructions whose immediate is a number of the author's choice, other than a shift count. */
const rows = INSTRUCTIONS.filter(
  ({ kind, imm, operation }) =>
    imm === 'imm' && ['alu', 'jump', 'store'].includes(kind) && !['lsh', 'rsh', 'arsh'].includes(operation),
)

/** Numbers of four different bytes, none of them small: they don't occur by chance. */
const chosen: fc.Arbitrary<number> = fc
  .uniqueArray(fc.integer({ min: 0x10, max: 0xef }), { minLength: 4, maxLength: 4 })
  .map(([a, b, c, d]) => a! | (b! << 8) | (c! << 16) | (d! << 24))

const insnOf = (row: InstructionRow, imm: number): Insn => ({
  opcode: row.opcode,
  dst: row.dst === 'addr' ? 10 : 1,
  src: 0,
  off: row.off === 'mem' ? -8 : typeof row.off === 'number' ? row.off : 1,
  imm,
})

const wideNumber = (imm: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(imm >>> 0)

function programOf(row: InstructionRow, imm: number, high: number): readonly Insn[] {
  const value = wideNumber(imm, high)
  return [BPF_MOV64_IMM(1, 1), insnOf(row, imm), BPF_MOV64_IMM(0, 0), ...BPF_LD_IMM64(2, value), BPF_EXIT_INSN()]
}

/** Moves and additions from one base, also on copies, and comparisons of numbers of any width, all behind each other. */
function sharingProgram(imm: number, high: number): readonly Insn[] {
  return [
    BPF_MOV64_IMM(1, imm),
    BPF_MOV64_IMM(2, high),
    BPF_ALU64_IMM(BPF_ADD, 1, high),
    BPF_ALU64_IMM(BPF_SUB, 2, imm),
    BPF_ALU64_IMM(BPF_MUL, 1, imm),
    BPF_JMP_IMM(BPF_JEQ, 1, imm, 3),
    BPF_JMP_IMM(BPF_JEQ, 1, high, 2),
    BPF_JMP_IMM(BPF_JNE, 2, imm, 1),
    BPF_ALU64_IMM(BPF_XOR, 2, high),
    BPF_MOV64_REG(3, 2),
    BPF_ALU64_IMM(BPF_ADD, 3, imm),
    BPF_MOV32_REG(4, 3),
    BPF_ALU32_IMM(BPF_SUB, 4, high),
    BPF_ALU64_IMM(BPF_ADD, 3, high),
    BPF_JMP_IMM(BPF_JGT, 4, imm, 4),
    BPF_JMP32_IMM(BPF_JEQ, 4, high, 3),
    BPF_ALU32_IMM(BPF_RSH, 4, 1),
    BPF_JMP_IMM(BPF_JSLE, 4, imm, 1),
    BPF_JMP32_IMM(BPF_JLT, 4, high, 0),
    BPF_MOV64_REG(0, 2),
    BPF_ALU64_REG(BPF_ADD, 0, 3),
    ...BPF_LD_IMM64(2, wideNumber(imm, high)),
    BPF_EXIT_INSN(),
  ]
}

/** Whether the number's four bytes stand anywhere in the code. */
function holdsBytes(code: Uint8Array, value: number): boolean {
  return Buffer.from(code).includes(Buffer.from(Int32Array.of(value).buffer))
}

/**
 * @param translate the machine code of a program
 * @param holds whether the code makes that number as it is; by default, whether its bytes stand anywhere in it
 */
export function testBlindedCode(
  translate: (insns: readonly Insn[]) => Uint8Array,
  holds: (code: Uint8Array, value: number) => boolean = holdsBytes,
): void {
  describe('a blinded program', () => {
    const programs = [
      ...rows.map((row) => [row.name, (imm: number, high: number) => programOf(row, imm, high)] as const),
      ['numbers that share a key', sharingProgram] as const,
    ]
    it.each(programs)('%s: holds no number of its author', (_, program) => {
      fc.assert(
        fc.property(chosen, chosen, fc.integer(), (imm, high, seed) => {
          let state = seed
          const blind = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
          const insns = program(imm, high)
          const plain = translate(insns)
          const made = [0, 1].map(() =>
            translate(prepareProgram({ insns, subprograms: [] }, { blind, optimise: false }).insns),
          )
          expect([imm, high].map((value) => holds(plain, value))).toContain(true)
          for (const code of made) {
            expect([imm, high].map((value) => holds(code, value) || holdsBytes(code, value))).toEqual([false, false])
          }
          expect(made[0]).not.toEqual(made[1])
        }),
        { numRuns: 25 },
      )
    })
  })
}
