/** Every row of the instruction table with edge operands, against the interpreter. */
import type { ProgramImage } from '@bpfoundry/engine'
import {
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_STX_MEM,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
  lookupInsn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { Arm64Error } from '../src/index.ts'
import { REFUSED } from '../src/lower/refused.ts'
import { ARM64, type Bench, CANNOT_RUN, createBenches, imageOf } from './harness.ts'

/** `ROWS=all` for more numbers to calculate with. */
const ALL = process.env['ROWS'] === 'all'

// biome-ignore format: table
const VALUES: readonly bigint[] = [
  0n, 7n, 0x7fffffffn, 0xffffffffn, 0x1122334455667788n, 0x8000000000000000n, 0xffffffff_80000000n, 0xffffffffffffffffn,
  ...(ALL ? [1n, 63n, 0x80n, 0xffffn, 0x80000000n, 0x1_0000_0000n, 0x7fffffffffffffffn, 0xfffffffffffffff9n] : []),
]
/** Around the forms of immediates: 12 bits, shifted, 24 bits, halves, logical, powers of two, their negatives. */
// biome-ignore format: table
const IMMEDIATES: readonly number[] = [
  0, 1, 5, 8, 63, 4095, 4096, 4097, 0xffffff, 0x12345678, 0x55555555, 0x7fffffff, -1, -5, -4096, -0x10000, -0x12345678,
  -0x80000000,
  ...(ALL ? [
    2, 31, 33, 255, 0xfff000, 0x1000000, 0xffff, 0x10001, -2, -8, -4095, -4097, -0xffff, -0x7fffffff, 0x8000, -0x8000,
  ] : []),
]
/** Scratch, argument, callee-saved registers, and AX. r10 is read only. */
const WRITABLE = ALL ? [0, 1, 5, 6, 9, 11] : [0, 2, 6, 11]
const READABLE = [...WRITABLE, 10] as const
/** Of memory operands: scaled, unscaled, and beyond both, of all alignments. */
const OFFSETS = ALL
  ? [0, 1, 8, -8, 255, 256, -256, -257, 4095, 4096, 32760, 32767, -32768]
  : [0, 8, -8, 257, -264, 32767]

/** Where cases leave what they computed, behind what memory operands reach. */
const RESULTS_OFFSET = 0x20000
const CASE_BYTES = 32
const TARGET_OFFSET = 0x8000

interface Case {
  readonly insn: Insn
  /** Registers that are set before, in this order. */
  readonly operands: readonly (readonly [register: number, value: bigint])[]
}

const isMemory = (row: InstructionRow): boolean => row.dst === 'addr' || row.src === 'addr'

function* casesOf(row: InstructionRow, buffer: number): Generator<Case> {
  const make = (dst: number, src: number, a: bigint, b: bigint, imm: number, off: number): Case => {
    const address = BigInt(buffer + TARGET_OFFSET - off)
    const field = (role: unknown, value: number): number => (typeof role === 'number' ? role : value)
    const insn = {
      opcode: row.opcode,
      dst: field(row.dst, dst),
      src: field(row.src, src),
      off: row.off === 'jump' ? 1 : row.off === 'mem' ? off : (row.off as number),
      imm: field(row.imm, imm),
    }
    const set: (readonly [number, bigint])[] = [[0, b ^ 1n]]
    if (typeof row.src === 'string') set.push([src, row.src === 'addr' ? address : b])
    if (typeof row.dst === 'string') set.push([dst, row.dst === 'addr' ? address : a])
    // An address must survive where both are one register.
    if (row.src === 'addr') set.push([src, address])
    return { insn, operands: set.filter(([register]) => register !== 10) }
  }
  const ordered = row.kind === 'atomic' || row.kind === 'load_acq' || row.kind === 'store_rel'
  let turn = 0
  for (const dst of row.dst === 'r' || row.dst === 'addr' ? READABLE : WRITABLE) {
    for (const src of row.src === 'r' || row.src === 'addr' ? READABLE : WRITABLE) {
      for (const off of isMemory(row) ? OFFSETS : [0]) {
        const isStack = isMemory(row) && ((row.dst === 'addr' && dst === 10) || (row.src === 'addr' && src === 10))
        if (isStack && (off > -8 || off < -512)) continue
        // The frame is aligned, and so are other targets by themselves.
        if (isStack && ordered && off % 8 !== 0) continue
        turn++
        const pick = <T>(list: readonly T[], step: number): T => list[(turn * step) % list.length] as T
        yield make(dst, src, pick(VALUES, 1), pick(VALUES, 3), pick(IMMEDIATES, 5), off)
      }
    }
  }
  if (isMemory(row)) return
  for (const a of VALUES) {
    const others = typeof row.src === 'string' ? VALUES : [0n]
    const immediates = row.imm === 'imm' ? IMMEDIATES : [0]
    for (const b of others) for (const imm of immediates) yield make(1, 2, a, b, imm, 0)
  }
}

/** Each case sets its operands, runs its instruction, and stores dst, src, r0, and whether a jump was taken. */
function program(row: InstructionRow, cases: readonly Case[], results: number): readonly Insn[] {
  const blocks = cases.flatMap(({ insn, operands }, index) => {
    // A register that holds no operand holds the results' address meanwhile.
    const base = [7, 8].find((n) => n !== insn.dst && n !== insn.src) as number
    const observed = [...new Set([insn.dst, insn.src, 0])].filter((n) => n < 10 || n === 11)
    const jumped = row.kind === 'jump'
    return [
      ...operands.flatMap(([register, value]) => BPF_LD_IMM64(register, value)),
      ...(jumped ? [BPF_MOV64_IMM(3, 1)] : []),
      insn,
      ...(jumped ? [BPF_MOV64_IMM(3, 2)] : []),
      ...BPF_LD_IMM64(base, BigInt(results + index * CASE_BYTES)),
      ...observed.slice(0, 3).map((n, at) => BPF_STX_MEM(BPF_DW, base, n, 8 * at)),
      ...(jumped ? [BPF_STX_MEM(BPF_DW, base, 3, 24)] : []),
    ]
  })
  return [...blocks, BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()]
}

function runOn(bench: Bench, image: ProgramImage): unknown {
  const { memory, buffer } = bench
  memory.u8.fill(0x9c, buffer, buffer + 0x11000)
  memory.u8.fill(0, buffer + RESULTS_OFFSET, buffer + 0x40000)
  const outcome = bench.outcome(bench.install(image), buffer)
  return { outcome, results: Buffer.from(memory.read(buffer + RESULTS_OFFSET, 0x4000)).toString('hex') }
}

const plain = INSTRUCTIONS.filter(
  ({ name, kind }) => !(name in REFUSED) && !['call', 'exit', 'goto', 'ld_imm64', 'may_goto'].includes(kind),
)

describe('every instruction does what the interpreter does', () => {
  const benches = CANNOT_RUN === undefined ? createBenches() : undefined

  it.each(plain.map((row) => [row.name, row] as const))('%s', (_, row) => {
    if (benches === undefined) return console.log(`${row.name} not run: ${CANNOT_RUN}`)
    const { interpreter, arm64 } = benches
    const cases = [...casesOf(row, interpreter.buffer)]
    const batch = 0x4000 / CASE_BYTES
    for (let from = 0; from < cases.length; from += batch) {
      const insns = program(row, cases.slice(from, from + batch), interpreter.buffer + RESULTS_OFFSET)
      expect(cases.every(({ insn }) => lookupInsn(insn) === row)).toBe(true)
      const expected = runOn(interpreter, imageOf(insns))
      const isAtomic = row.group === 'atomic32' || row.group === 'atomic64'
      for (const [name, bench] of isAtomic ? arm64 : arm64.slice(0, 1)) {
        expect({ name, result: runOn(bench, imageOf(insns)) }).toEqual({ name, result: expected })
      }
    }
  })

  const refused = INSTRUCTIONS.filter(({ name }) => name in REFUSED)
  it.each(refused.map((row) => [row.name, row] as const))('%s is refused, with its place', (_, row) => {
    const field = (role: unknown): number => (typeof role === 'number' ? role : 0)
    const insn = { opcode: row.opcode, dst: 0, src: field(row.src), off: field(row.off), imm: field(row.imm) }
    const second = row.slots === 2 ? [{ opcode: 0, dst: 0, src: 0, off: 0, imm: 0 }] : []
    const image = imageOf([BPF_MOV64_IMM(0, 0), insn, ...second, BPF_EXIT_INSN()])
    const refusal = expect.objectContaining({ code: 'ARM64_REFUSED', where: { pc: 1 } })
    expect(() => ARM64.translate(image)).toThrow(Arm64Error)
    expect(() => ARM64.translate(image)).toThrow(refusal)
  })

  it('refuses what no row has, and registers there are not', () => {
    const unknown = { opcode: 0xff, dst: 0, src: 0, off: 0, imm: 0 }
    const register = { opcode: 0xb7, dst: 12, src: 0, off: 0, imm: 0 }
    const codeOf = (insn: Insn): unknown => {
      try {
        return ARM64.translate(imageOf([insn, BPF_EXIT_INSN()]))
      } catch (error) {
        return (error as Arm64Error).code
      }
    }
    expect([codeOf(unknown), codeOf(register)]).toEqual(['ARM64_OPCODE', 'ARM64_REGISTER'])
  })
})
