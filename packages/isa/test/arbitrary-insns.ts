/** Random instructions, drawn from the table. */
import * as fc from 'fast-check'
import { INSTRUCTIONS, type Insn, type InstructionRow } from '../src/index.ts'

const REGISTERS = fc.integer({ min: 0, max: 10 })
// biome-ignore format: table
const IMMEDIATES: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.constantFrom(0, 1, -1, 8, -8, 0x7fffffff, -0x80000000),
)

const OFFSETS: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -0x8000, max: 0x7fff }),
  fc.constantFrom(0, 1, -1, 0x7fff, -0x8000),
)

const fieldOf = (role: unknown, any: fc.Arbitrary<number>): fc.Arbitrary<number> =>
  typeof role === 'number' ? fc.constant(role) : any

/** An instruction of that row, all its slots, every field within its role. */
export function insnsOfRow(row: InstructionRow): fc.Arbitrary<Insn[]> {
  const first = fc.record({
    opcode: fc.constant(row.opcode),
    dst: fieldOf(row.dst, REGISTERS),
    src: fieldOf(row.src, REGISTERS),
    off: fieldOf(row.off, OFFSETS),
    imm: fieldOf(row.imm, IMMEDIATES),
  })
  if (row.slots === 1) return first.map((insn) => [insn])
  const next = fieldOf(row.nextImm, IMMEDIATES).map((imm) => ({ opcode: 0, dst: 0, src: 0, off: 0, imm }))
  return fc.tuple(first, next)
}

export const PUBLIC_ROWS: readonly InstructionRow[] = INSTRUCTIONS.filter((row) => !row.internal)

/** A sequence of instructions of any public rows; jumps lead anywhere. */
export const programs: fc.Arbitrary<Insn[]> = fc
  .array(fc.constantFrom(...PUBLIC_ROWS).chain(insnsOfRow), { maxLength: 12 })
  .map((parts) => parts.flat())
