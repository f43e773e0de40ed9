/** A few fixed instances of each row, for the golden files. */
import type { Insn, InstructionRow } from '../src/index.ts'

// biome-ignore format: table
const VALUES = [
  { dst: 1,  src: 2, off: -8,     imm: -5,          next: 7 },
  { dst: 10, src: 9, off: 32767,  imm: 2147483647,  next: -1 },
  { dst: 0,  src: 0, off: -32768, imm: -2147483648, next: 0 },
  { dst: 3,  src: 4, off: 1,      imm: 5000,        next: 1 },
]

const pick = (role: unknown, value: number): number => (typeof role === 'number' ? role : value)

/** Instances of a row, each all its slots. */
export function samplesOf(row: InstructionRow): Insn[][] {
  const seen = new Set<string>()
  return VALUES.map((values) => {
    const [dst, src] = [pick(row.dst, values.dst), pick(row.src, values.src)]
    // A helper id below 1000 is one whose name the kernel prints.
    const imm = row.imm === 'helper' ? Math.max(values.imm, 5000) : pick(row.imm, values.imm)
    const first: Insn = { opcode: row.opcode, dst, src, off: pick(row.off, values.off), imm }
    const second: Insn = { opcode: 0, dst: 0, src: 0, off: 0, imm: pick(row.nextImm, values.next) }
    return row.slots === 1 ? [first] : [first, second]
  }).filter((insns) => !seen.has(JSON.stringify(insns)) && seen.add(JSON.stringify(insns)))
}
