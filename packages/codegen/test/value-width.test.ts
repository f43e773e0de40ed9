import { allocateCpu, compileProgram } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import { BPF_EXIT_INSN, BPF_LD_IMM64, BPF_RAW_INSN, INSTRUCTIONS, type Insn, type InstructionRow } from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOTHING_KNOWN, stepWidths } from '../src/value-width.ts'
import { imageOf } from './support/judge.ts'

/** Values of every width, small ones often. */
const value = fc.nat({ max: 64 }).chain((bits) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }))
const widthOf = (number: bigint): number => number.toString(2).replace(/^0+/, '').length

const KINDS: readonly string[] = ['alu', 'neg', 'movsx', 'swap']
const rows = INSTRUCTIONS.filter(({ kind }) => KINDS.includes(kind))

function instance(row: InstructionRow, imm: number): Insn {
  const field = (role: unknown, otherwise: number): number => (typeof role === 'number' ? role : otherwise)
  const shift = ['lsh', 'rsh', 'arsh'].includes(row.operation)
  const number = shift && row.imm === 'imm' ? imm & (row.bits - 1) : field(row.imm, imm)
  return BPF_RAW_INSN(row.opcode, 1, row.src === 'r' ? 2 : field(row.src, 0), field(row.off, 0), number)
}

describe('widths bound the values', () => {
  const memory = GuestMemory.create({ maximumBytes: 1 << 20 })
  const cpu = allocateCpu(memory, 0)
  const environment = { memory, helpers: [], tailCallTarget: () => undefined }
  const engine = createInterpreter({ fuel: 100 })

  /** r1 after the instruction, which begins with r1 and r2. */
  function resultOf(insn: Insn, left: bigint, right: bigint): bigint {
    const insns = [
      ...BPF_LD_IMM64(1, left),
      ...BPF_LD_IMM64(2, right),
      insn,
      BPF_RAW_INSN(0xbf, 0, 1, 0, 0),
      BPF_EXIT_INSN(),
    ]
    compileProgram(engine, imageOf({ insns }), environment).run(cpu, 0)
    return (BigInt(cpu.regs[1]! >>> 0) << 32n) | BigInt(cpu.regs[0]! >>> 0)
  }

  it.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const number = fc.oneof(
      fc.constantFrom(0, 1, -1, 8, 0xff, 0xffff),
      fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    )
    fc.assert(
      fc.property(value, value, number, (left, right, imm) => {
        const insn = instance(row, imm)
        const widths = NOTHING_KNOWN.slice()
        widths[1] = widthOf(left)
        widths[2] = widthOf(right)
        stepWidths(widths, row, insn, undefined)
        expect(widthOf(resultOf(insn, left, right))).toBeLessThanOrEqual(widths[1]!)
      }),
      { numRuns: 40 },
    )
  })
})
