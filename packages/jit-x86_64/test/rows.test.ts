/** Every row of the instruction table with edge operands, against the interpreter: all registers and memory after it. */
import { CALL_STACK_BYTES, type ProgramImage } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_STX_MEM,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { JitX86Error } from '../src/index.ts'
import { LOWERINGS } from '../src/lower/lowerings.ts'
import { REFUSED } from '../src/lower/refused.ts'
import { type Bench, CANNOT_RUN, createBenches, imageOf, type Outcome, runImage, x86Engine } from './harness.ts'

/** `ROWS=all` for more numbers to calculate with, half a minute. */
const ALL = process.env['ROWS'] === 'all'

// biome-ignore format: table
const VALUES: readonly bigint[] = [
  0n, 1n, 63n, 0xffn, 0x7fffffffn, 0x80000000n, 0x1122334455667788n, 0x8000000000000000n, 0xffffffff_80000000n,
  0xffffffffffffffffn,
  ...(ALL ? [
    2n, 7n, 31n, 32n, 64n, 0x7fn, 0x80n, 0x7fffn, 0x8000n, 0xffffn, 0x12345678n, 0xffffffffn, 0x1_0000_0000n,
    0x7fffffffffffffffn, 0x80000000_80000000n, 0xffffffff_7fffffffn,
  ] : []),
]
// biome-ignore format: table
const IMMEDIATES: readonly number[] = [
  0, 1, 5, 7, 8, 31, 128, 255, 0xffff, 1_000_003, 0x7fffffff, -1, -129, -0x80000000,
  ...(ALL ? [
    2, 3, 9, 10, 17, 32, 33, 63, 64, 100, 127, 256, 641, 0x7fff, 0x10000, 0x7ffffffe, -2, -3, -8, -127, -128, -0x7fffffff,
  ] : []),
]
/** Registers with a role of their own (rax, rdi, rdx, rcx, rbx, r15), one without (r8): all pairs. */
const REGISTERS = [0, 1, 3, 4, 5, 6, 9] as const
const OFFSETS = [0, 8, -8, 256] as const

const COUNTED = 10
const isMemory = (row: InstructionRow): boolean => row.off === 'mem'

/** Cases of one program: what each leaves goes to the stacks, which reach as far below r10. */
const BATCH = CALL_STACK_BYTES / (8 * COUNTED)

/** Each case sets its operands, runs its instruction, and stores r0 to r9; other registers are as the last one left them. */
function program(row: InstructionRow, cases: readonly Case[]): readonly Insn[] {
  const initial = Array.from({ length: COUNTED }, (_, n) => BPF_LD_IMM64(n, VALUES[n] as bigint)).flat()
  const skipped = row.kind === 'jump' ? [BPF_ALU64_IMM(BPF_ADD, 2, 77)] : []
  const blocks = cases.flatMap(({ insn, operands }, index) => [
    ...operands.flatMap(([register, value]) => BPF_LD_IMM64(register, value)),
    insn,
    ...skipped,
    ...Array.from({ length: COUNTED }, (_, n) => BPF_STX_MEM(BPF_DW, 10, n, -8 * (index * COUNTED + n + 1))),
  ])
  return [...initial, ...blocks, BPF_EXIT_INSN()]
}

interface Case {
  readonly insn: Insn
  readonly operands: readonly (readonly [register: number, value: bigint])[]
}

/** All pairs of registers, with operands that take turns; and all pairs of values, or of values and immediates. */
function* casesOf(row: InstructionRow, buffer: number): Generator<Case> {
  const make = (dst: number, src: number, a: bigint, b: bigint, imm: number, off: number): Case => {
    const address = BigInt(buffer + 512 - off)
    const field = (role: unknown, value: number): number => (typeof role === 'number' ? role : value)
    const fields = { dst: field(row.dst, dst), src: field(row.src, src), imm: field(row.imm, imm) }
    const insn = {
      opcode: row.opcode,
      ...fields,
      off: row.off === 'jump' ? 1 : isMemory(row) ? off : (row.off as number),
    }
    const used = row.src === 0 ? [] : [[src, row.src === 'addr' ? address : b] as const]
    const target = [dst, row.dst === 'addr' ? address : a] as const
    // The base of a memory operand is set last, for both may be the same register.
    return { insn, operands: [[0, b ^ 1n], ...(row.src === 'addr' ? [target, ...used] : [...used, target])] }
  }
  let turn = 0
  for (const dst of REGISTERS) {
    for (const src of REGISTERS) {
      const imm = IMMEDIATES[++turn % IMMEDIATES.length] as number
      const [a, b] = [VALUES[turn % VALUES.length], VALUES[(7 * turn) % VALUES.length]] as [bigint, bigint]
      yield make(dst, src, a, b, imm, OFFSETS[turn % OFFSETS.length] as number)
    }
  }
  for (const a of VALUES) {
    if (row.imm === 'imm') for (const imm of IMMEDIATES) yield make(1, 2, a, 5n, imm, 8)
    if (row.src !== 0) for (const b of VALUES) yield make(1, 2, a, b, 0, 8)
  }
}

const plain = INSTRUCTIONS.filter(
  ({ name, kind }) => !(name in REFUSED) && !['call', 'exit', 'goto', 'ld_imm64', 'may_goto'].includes(kind),
)
const refused = INSTRUCTIONS.filter(({ name }) => name in REFUSED)

const benches = createBenches()

function runOn(bench: Bench, image: ProgramImage): Outcome {
  bench.memory.u8.fill(0x5a, bench.buffer, bench.buffer + 1024)
  return runImage(bench, image)
}

describe('every instruction does what the interpreter does', () => {
  it('has a lowering for each row', () => {
    expect(Object.keys(LOWERINGS).sort()).toEqual(INSTRUCTIONS.map(({ name }) => name).sort())
  })

  it.each(refused.map((row) => [row.name, row] as const))('%s is refused', (_, row) => {
    const field = (role: unknown): number => (typeof role === 'number' ? role : 0)
    const insn = { opcode: row.opcode, dst: 0, src: field(row.src), off: field(row.off), imm: field(row.imm) }
    const second = row.slots === 2 ? [{ opcode: 0, dst: 0, src: 0, off: 0, imm: 0 }] : []
    const image = imageOf([insn, ...second, BPF_EXIT_INSN()])
    expect(() => x86Engine({}).translate(image)).toThrow(JitX86Error)
  })

  it.each(plain.map((row) => [row.name, row] as const))('%s', (_, row) => {
    if (CANNOT_RUN !== undefined) return console.log(`${row.name} not run: ${CANNOT_RUN}`)
    const { interpreter } = benches
    const natives = benches.natives.slice(0, ALL ? 3 : 2)
    const cases = [...casesOf(row, interpreter.buffer)]
    for (let from = 0; from < cases.length; from += BATCH) {
      const image = imageOf(program(row, cases.slice(from, from + BATCH)))
      const expected = runOn(interpreter, image)
      for (const [name, bench] of natives)
        expect({ name, outcome: runOn(bench, image) }).toEqual({ name, outcome: expected })
    }
  })
})
