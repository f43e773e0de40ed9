import type { Insn } from './insn.ts'
import { isLdImm64, isZext } from './insn-fields.ts'
import { type InstructionRow, lookupInsn } from './instruction-table.ts'
import { IsaError } from './isa-error.ts'
import { BPF_REG_AX, BPF_REG_FP } from './opcodes.ts'

export interface CheckOptions {
  /** Allow what fix-ups make: internal rows, explicit zero extensions and the hidden register r11. Default: false. */
  readonly internal?: boolean
}

/** What is wrong with an instruction. `field` is the offending one, `next` the second slot. */
export interface InsnProblem {
  readonly code: 'ISA_OPCODE' | 'ISA_RESERVED' | 'ISA_REGISTER' | 'ISA_LD_IMM64' | 'ISA_INTERNAL'
  readonly message: string
  readonly pc: number
  readonly field: keyof Insn | 'next'
  readonly got: number | string
  readonly expected: string
  /** The row it was held against, where there is one. */
  readonly row?: InstructionRow
}

type Finding = Omit<InsnProblem, 'pc'>

/**
 * The first thing wrong with the encoding of `insn`, or undefined: an opcode or form that no row has, a field that must
 * be zero and is not, a register above r10, a bad second slot. Where jumps lead and what registers hold is not looked
 * at: that is the verifier's.
 *
 * @param next the following slot, which a 64-bit immediate load needs
 * @see RFC 9669, section 3: "Unused fields SHALL be cleared to zero"
 */
export function checkInsn(
  insn: Insn,
  next: Insn | undefined,
  pc: number,
  options: CheckOptions = {},
): InsnProblem | undefined {
  const finding = findProblem(insn, next, options.internal === true)
  return finding === undefined ? undefined : { ...finding, pc }
}

function findProblem(insn: Insn, next: Insn | undefined, internal: boolean): Finding | undefined {
  const row = lookupInsn(insn)
  if (row === undefined) return unknownProblem(insn)
  if (row.internal && !internal) {
    const [message, expected] = ['the instruction is internal to the kernel', 'an instruction of the public set']
    return { code: 'ISA_INTERNAL', message, field: 'opcode', got: row.name, expected, row }
  }
  return fieldProblem(row, insn, internal) ?? (row.slots === 2 ? secondSlotProblem(row, next) : undefined)
}

function unknownProblem(insn: Insn): Finding {
  const opcode = `0x${insn.opcode.toString(16).padStart(2, '0')}`
  const form = `src ${insn.src}, off ${insn.off}, imm ${insn.imm}`
  const [code, expected] = ['ISA_OPCODE', 'an instruction of the table'] as const
  return { code, message: 'unknown instruction', field: 'opcode', got: `${opcode} with ${form}`, expected }
}

function fieldProblem(row: InstructionRow, insn: Insn, internal: boolean): Finding | undefined {
  const highest = internal ? BPF_REG_AX : BPF_REG_FP
  for (const field of ['dst', 'src', 'off', 'imm'] as const) {
    const role = row[field]
    const got = insn[field]
    if (typeof role === 'number') {
      if (got === role || (internal && field === 'imm' && isZext(insn))) continue
      const message = `${row.name} uses a reserved field: ${field}`
      return { code: 'ISA_RESERVED', message, field, got, expected: String(role), row }
    }
    if ((field === 'dst' || field === 'src') && got > highest) {
      const message = `R${got} is invalid`
      return { code: 'ISA_REGISTER', message, field, got: `r${got}`, expected: `r0 to r${highest}`, row }
    }
  }
  return undefined
}

function secondSlotProblem(row: InstructionRow, next: Insn | undefined): Finding | undefined {
  const bad = (message: string, got: number | string, expected: string): Finding => ({
    code: 'ISA_LD_IMM64',
    message,
    field: 'next',
    got,
    expected,
    row,
  })
  if (next === undefined) return bad('the second slot of a 64-bit immediate is missing', 'end of program', 'a slot')
  for (const field of ['opcode', 'dst', 'src', 'off'] as const) {
    if (next[field] !== 0) return bad(`the second slot of ${row.name} has a non-zero ${field}`, next[field], '0')
  }
  const must = row.nextImm
  if (typeof must === 'number' && next.imm !== must) {
    return bad(`the second slot of ${row.name} uses a reserved field: imm`, next.imm, String(must))
  }
  return undefined
}

/** The first problem of a program's encoding in slot order, or undefined. See {@link checkInsn}. */
export function checkInsns(insns: readonly Insn[], options: CheckOptions = {}): InsnProblem | undefined {
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    const problem = checkInsn(insn, insns[pc + 1], pc, options)
    if (problem !== undefined) return problem
    if (isLdImm64(insn)) pc++
  }
  return undefined
}

/**
 * {@link checkInsns} for callers that can't go on with a bad program.
 *
 * @throws {IsaError} with the problem's code, `where.pc` being the slot
 */
export function requireInsns(insns: readonly Insn[], options: CheckOptions = {}): void {
  const problem = checkInsns(insns, options)
  if (problem === undefined) return
  const { code, message, pc, got, expected } = problem
  throw new IsaError({ code, message, where: { pc }, got, expected })
}
