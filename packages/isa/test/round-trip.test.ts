import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assembleKernel,
  assembleLlvm,
  disassembleKernel,
  disassembleLlvm,
  formatKernelInsn,
  type Insn,
} from '../src/index.ts'
import { insnsOfRow, PUBLIC_ROWS, programs } from './arbitrary-insns.ts'

const anySlot: fc.Arbitrary<Insn> = fc.record({
  opcode: fc.integer({ min: 0, max: 0xff }),
  dst: fc.integer({ min: 0, max: 15 }),
  src: fc.integer({ min: 0, max: 15 }),
  off: fc.integer({ min: -0x8000, max: 0x7fff }),
  imm: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
})

// The kernel's text has no place for the index of a module's BTF.
const printable = (insns: readonly Insn[]): Insn[] =>
  insns.map((insn) => (insn.opcode === 0x85 && insn.src === 2 ? { ...insn, off: 0 } : insn))

describe.each(PUBLIC_ROWS.map((row) => [row.name, row] as const))('%s', (_, row) => {
  it('comes back from both syntaxes', () => {
    fc.assert(
      fc.property(insnsOfRow(row), (drawn) => {
        const insns = printable(drawn)
        expect(assembleKernel(disassembleKernel(insns)).insns).toEqual(insns)
        expect(assembleLlvm(disassembleLlvm(drawn)).insns).toEqual(drawn)
      }),
      { numRuns: 40 },
    )
  })
})

describe('programs', () => {
  it('come back from the kernel syntax', () => {
    fc.assert(
      fc.property(programs.map(printable), (insns) => {
        expect(assembleKernel(disassembleKernel(insns)).insns).toEqual(insns)
      }),
    )
  })

  it('come back from the LLVM syntax, in hex and decimal, with rN and wN', () => {
    fc.assert(
      fc.property(programs, fc.boolean(), fc.boolean(), (insns, decimal, wRegisters) => {
        const text = disassembleLlvm(insns, {
          radix: decimal ? 'decimal' : 'hex',
          wRegisters,
          annotate: (pc) => `f+${pc}`,
        })
        expect(assembleLlvm(text).insns).toEqual(insns)
      }),
    )
  })

  it('come back from the LLVM syntax even when their slots are no instructions', () => {
    fc.assert(
      fc.property(fc.array(anySlot, { maxLength: 6 }), (insns) => {
        expect(assembleLlvm(disassembleLlvm(insns)).insns).toEqual(insns)
      }),
      { numRuns: 300 },
    )
  })

  it('come back from the kernel syntax without slot numbers and opcodes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PUBLIC_ROWS).chain(insnsOfRow), (drawn) => {
        const insns = printable(drawn)
        const text = disassembleKernel(insns, { opcode: false }).replace(/^ *\d+: /gm, '')
        expect(assembleKernel(text).insns).toEqual(insns)
      }),
      { numRuns: 500 },
    )
  })

  it('give a line of text for any slot', () => {
    fc.assert(
      fc.property(anySlot, (insn) => {
        expect(formatKernelInsn(insn)).toMatch(/^\S.*\S$/)
      }),
    )
  })
})
