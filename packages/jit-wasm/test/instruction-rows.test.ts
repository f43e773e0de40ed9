import {
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JMP_A,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_STX_MEM,
  INSTRUCTIONS,
  type Insn,
  type InstructionKind,
  type InstructionRow,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOWERINGS } from '../src/lower/lowerings.ts'
import { refusalOf } from '../src/refused.ts'
import { imageOf, observe, Twins } from './twins.ts'

const twins = new Twins()

/** Scratch area as the programs here use it: r0, r2..r9 first, then two cells that memory instructions work on. */
const LOADED = [2, 3, 4, 5, 6, 7, 8, 9, 0] as const
const CELL = 128
const CONTENT_BYTES = 160

const setUp: readonly Insn[] = LOADED.map((register) => BPF_LDX_MEM(BPF_DW, register, 1, 8 * register))
/** Every register but r10 to the scratch area, whose address r1 still holds. */
const tearDown: readonly Insn[] = LOADED.map((register) => BPF_STX_MEM(BPF_DW, 1, register, 8 * register))

// Words around the places where carries, signs and the divisions' cases change.
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff) },
  { weight: 2, arbitrary: fc.nat({ max: 0xffffffff }) },
  { weight: 1, arbitrary: fc.nat({ max: 31 }).map((n) => (1 << n) >>> 0) },
)
const content = fc.array(word, { minLength: CONTENT_BYTES / 4, maxLength: CONTENT_BYTES / 4 }).map((words) => {
  // Equal operands, and memory that a compare-exchange finds as expected, are worth more than chance gives them.
  const equal = words[0]! % 3 === 0
  const all = equal ? words.map((w, at) => (at % 2 === 0 ? words[6]! : at < 32 ? words[7]! : w)) : words
  return new Uint8Array(Uint32Array.from(all).buffer)
})
const imm = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 7, 8, 16, 31, 32, 33, 63, 64, 255, 0x7fffffff, -0x80000000),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
)

/** The row with r2 and r3 for operands; memory is reached through r1. */
function insnOf(row: InstructionRow, immediate: number): Insn {
  const dst = row.dst === 'addr' ? 1 : row.dst === 0 ? 0 : 2
  const src = row.src === 'addr' ? 1 : row.src === 'r' || row.src === 'rw' ? 3 : (row.src as number)
  const off = row.off === 'mem' ? CELL : row.off === 'jump' ? 1 : row.off === 'any' ? 0 : (row.off as number)
  return BPF_RAW_INSN(row.opcode, dst, src, off, typeof row.imm === 'number' ? row.imm : immediate)
}

/** Both engines' outcomes are the same for `runs` contents of the scratch area. */
function same(insns: readonly Insn[], runs: number): void {
  const programs = twins.both.map((machine) => machine.install(imageOf(insns)))
  fc.assert(
    fc.property(content, (bytes) => {
      const [expected, got] = twins.both.map((machine, at) => observe(machine, programs[at]!, machine.scratch, bytes))
      expect(got).toEqual(expected)
    }),
    { numRuns: runs },
  )
}

const compiled = INSTRUCTIONS.filter((row) => refusalOf(row) === undefined)
const rows = (...kinds: readonly InstructionKind[]): (readonly [string, InstructionRow])[] =>
  compiled.filter((row) => kinds.includes(row.kind)).map((row) => [row.name, row] as const)

describe('the instruction table', () => {
  it('has a lowering for every row that is not refused', () => {
    const missing = compiled.filter((row) => typeof LOWERINGS[row.id] !== 'function')
    expect(missing.map((row) => row.name)).toEqual([])
  })

  it('has none for the refused ones, which are those that the interpreter faults on, and probing loads', () => {
    const refused = INSTRUCTIONS.filter((row) => LOWERINGS[row.id] === undefined).map((row) => row.name)
    const probing = INSTRUCTIONS.filter((row) => row.name.startsWith('LDX_PROBE')).map((row) => row.name)
    const unresolved = refused.filter((name) => !probing.includes(name))
    expect(unresolved.every((name) => /^(LD_IMM64_|LD_ABS|LD_IND|CALL_KFUNC|ADDR_SPACE_CAST)/.test(name))).toBe(true)
    expect(refused.length).toBe(probing.length + unresolved.length)
  })
})

describe('computes as the interpreter', () => {
  it.each(rows('alu', 'neg', 'movsx', 'swap'))('%s', (_, row) => {
    const immediates = row.imm === 'imm' ? fc.sample(imm, { numRuns: 3, seed: 1 }).concat(0, -1, 2) : [0]
    for (const immediate of immediates) same([...setUp, insnOf(row, immediate), ...tearDown, BPF_EXIT_INSN()], 15)
  })

  it.each(rows('alu'))('%s with the same register twice', (_, row) => {
    const insn = { ...insnOf(row, 5), src: row.src === 'r' ? 2 : 0 }
    same([...setUp, insn, ...tearDown, BPF_EXIT_INSN()], 15)
  })

  it.each(rows('jump'))('%s', (_, row) => {
    const ends = [BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
    const immediates = row.imm === 'imm' ? fc.sample(imm, { numRuns: 2, seed: 2 }).concat(0, 1) : [0]
    for (const k of immediates) same([...setUp, { ...insnOf(row, k), off: 2 }, ...ends], 15)
  })

  it.each(rows('load', 'store', 'atomic', 'load_acq', 'store_rel'))('%s', (_, row) => {
    for (const k of row.imm === 'imm' ? [0, -1, 0x12345678] : [0]) {
      same([...setUp, insnOf(row, k), ...tearDown, BPF_EXIT_INSN()], 20)
    }
  })

  it.each(rows('load', 'store', 'atomic', 'load_acq', 'store_rel'))('%s by r10 and at a negative offset', (_, row) => {
    const insn = insnOf(row, -2)
    const [onStack, below] = [
      { ...insn, off: -16 },
      { ...insn, off: -24 },
    ]
    const base = row.src === 'addr' ? ({ src: 10 } as const) : ({ dst: 10 } as const)
    const address = row.src === 'addr' ? ({ src: 4 } as const) : ({ dst: 4 } as const)
    const cells = [BPF_STX_MEM(BPF_DW, 10, 5, -16), BPF_MOV64_REG(4, 1), BPF_RAW_INSN(0x07, 4, 0, 0, CELL + 24)]
    const back = [BPF_LDX_MEM(BPF_DW, 5, 10, -16), BPF_STX_MEM(BPF_DW, 1, 5, CELL + 16), BPF_MOV64_IMM(4, 0)]
    const body = [...cells, { ...onStack, ...base }, { ...below, ...address }, ...back]
    same([...setUp, ...body, ...tearDown, BPF_EXIT_INSN()], 15)
  })

  it('LD_IMM64 and LD_IMM64_FUNC', () => {
    const halves = fc.sample(fc.tuple(imm, imm), { numRuns: 60, seed: 3 })
    for (const [lo, hi] of halves) {
      same([...setUp, BPF_RAW_INSN(0x18, 2, 0, 0, lo), BPF_RAW_INSN(0, 0, 0, 0, hi), ...tearDown, BPF_EXIT_INSN()], 1)
    }
    const func = [BPF_RAW_INSN(0x18, 0, 4, 0, 2), BPF_RAW_INSN(0, 0, 0, 0, 0), BPF_EXIT_INSN()]
    same([...func, BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()], 1)
  })

  it('MOV64_PERCPU, NOSPEC, goto and gotol', () => {
    same([...setUp, BPF_RAW_INSN(0xbf, 2, 3, -1, 0), BPF_RAW_INSN(0xc2, 0, 0, 0, 0), ...tearDown, BPF_EXIT_INSN()], 15)
    same([BPF_JMP_A(1), BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()], 1)
    same([BPF_JMP_A(2), BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN(), BPF_RAW_INSN(0x06, 0, 0, 0, -3)], 1)
  })

  it('a move of r10, and a program that writes it', () => {
    const program = [BPF_MOV64_REG(0, 10), BPF_RAW_INSN(0x07, 10, 0, 0, -64), BPF_STX_MEM(BPF_DW, 10, 0, -8)]
    const rest = [BPF_MOV64_REG(2, 10), BPF_RAW_INSN(0x1f, 0, 2, 0, 0), BPF_LDX_MEM(BPF_DW, 3, 10, -8)]
    same([...program, ...rest, BPF_STX_MEM(BPF_DW, 1, 3, 0), BPF_EXIT_INSN()], 1)
  })
})
