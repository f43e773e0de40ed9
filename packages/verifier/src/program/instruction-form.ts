/** The form of instructions: opcodes of the table, unused fields zero. Wrong fields are refused when they are reached. */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_B,
  BPF_CALL,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_H,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_MOV,
  BPF_NEG,
  BPF_ST,
  BPF_STX,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
  lookupInsn,
} from '@bpfoundry/isa'
import { isReleasedBy } from '@bpfoundry/kernel-abi'

/** Rows that a kernel knows, by release: made once, for a program is looked at slot by slot. */
const ROWS_BY_RELEASE = new Map<string, ReadonlySet<InstructionRow>>()
const OPCODES_BY_RELEASE = new Map<string, ReadonlySet<number>>()

function knownRows(release: string): ReadonlySet<InstructionRow> {
  const made = ROWS_BY_RELEASE.get(release)
  if (made !== undefined) return made
  const rows = INSTRUCTIONS.filter((row) => !row.internal && row.linux !== '' && isReleasedBy(row.linux, release))
  const known = new Set(rows)
  ROWS_BY_RELEASE.set(release, known)
  return known
}

/** Opcodes that a kernel knows at all. */
export function knownOpcodes(release: string): ReadonlySet<number> {
  const made = OPCODES_BY_RELEASE.get(release)
  if (made !== undefined) return made
  const known = new Set([...knownRows(release)].map((row) => row.opcode))
  OPCODES_BY_RELEASE.set(release, known)
  return known
}

const FIELDS = ['dst', 'src', 'off', 'imm'] as const

/** The kernel looks at three of the unused fields of `exit`, not at its offset. */
const UNREAD: ReadonlyMap<number, (typeof FIELDS)[number]> = new Map([[BPF_JMP | BPF_EXIT, 'off']])

/** The fields that must hold one value hold it. Register numbers are checked when the register is used. */
function fitsRow(row: InstructionRow, insn: Insn): boolean {
  return FIELDS.every(
    (field) => typeof row[field] !== 'number' || insn[field] === row[field] || UNREAD.get(row.opcode) === field,
  )
}

// biome-ignore format: table
const ALU_NAMES: ReadonlyMap<number, string> = new Map([
  [BPF_NEG, 'BPF_NEG'], [BPF_END, 'BPF_END'], [BPF_MOV, 'BPF_MOV'],
])

// biome-ignore format: table
const JUMP_NAMES: ReadonlyMap<number, string> = new Map([
  [BPF_CALL, 'BPF_CALL'], [BPF_JA, 'BPF_JA'], [BPF_EXIT, 'BPF_EXIT'],
])

const ATOMIC_64 = BPF_STX | BPF_ATOMIC | BPF_DW

type Words = (insn: Insn) => string

const aluWords: Words = ({ opcode }) => `${ALU_NAMES.get(opcode & 0xf0) ?? 'BPF_ALU'} uses reserved fields`
const jumpWords: Words = ({ opcode }) => `${JUMP_NAMES.get(opcode & 0xf0) ?? 'BPF_JMP/JMP32'} uses reserved fields`
const storeWords: Words = ({ opcode, imm }) => {
  if ((opcode & 0xe0) !== BPF_ATOMIC) return 'BPF_STX uses reserved fields'
  const isNarrow = (opcode & 0x18) === BPF_B || (opcode & 0x18) === BPF_H
  if (isNarrow && lookupInsn({ opcode: ATOMIC_64, dst: 0, src: 0, off: 0, imm })?.kind === 'atomic') {
    return 'invalid atomic operand size'
  }
  return `BPF_ATOMIC uses invalid atomic opcode ${(imm >>> 0).toString(16).padStart(2, '0')}`
}
const loadWords: Words = ({ opcode, src }) => {
  if ((opcode & 0xe0) !== 0) return 'BPF_LD_[ABS|IND] uses reserved fields'
  return src > 6 ? 'unrecognized bpf_ld_imm64 insn' : 'BPF_LD_IMM64 uses reserved fields'
}

const WORDS: ReadonlyMap<number, Words> = new Map([
  [BPF_ALU, aluWords],
  [BPF_ALU64, aluWords],
  [BPF_JMP, jumpWords],
  [BPF_JMP32, jumpWords],
  [BPF_STX, storeWords],
  [BPF_ST, () => 'BPF_ST uses reserved fields'],
  [BPF_LD, loadWords],
])

/** The row of an instruction in this release, or the words with which it is refused when it is reached. */
export function instructionForm(insn: Insn, release: string): InstructionRow | string {
  const row = lookupInsn(insn)
  if (row !== undefined && knownRows(release).has(row) && fitsRow(row, insn)) return row
  return WORDS.get(insn.opcode & 0x07)?.(insn) ?? 'BPF_LDX uses reserved fields'
}

/** Words for an opcode that no instruction has. */
export function unknownOpcodeWords({ opcode }: Insn): string {
  return `unknown opcode ${opcode.toString(16).padStart(2, '0')}`
}

/** What a kernel of this release says of an instruction that later ones know; undefined for one that it knows, too. */
export function lackingWords(insn: Insn, release: string): string | undefined {
  const form = instructionForm(insn, release)
  if (typeof form !== 'string') return undefined
  return knownOpcodes(release).has(insn.opcode) ? form : unknownOpcodeWords(insn)
}
