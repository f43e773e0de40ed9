import type { Token } from './asm-lexer.ts'
import type { AsmReader } from './asm-reader.ts'
import type { AsmStatement, Operand } from './asm-statement.ts'
import type { Insn } from './insn.ts'

/** Gives the slot that a label names. */
export type LabelResolver = (name: string, token: Token) => number

export interface EmitOptions {
  readonly resolve: LabelResolver
  /** Keep the low 32 bits of an immediate that does not fit, as LLVM does. */
  readonly wrap: boolean
}

/** A number that fits as signed or as unsigned, or is a 32-bit value sign-extended to 64 bits. */
function fitImm(reader: AsmReader, { value, token }: Operand, wrap: boolean): number {
  const low = BigInt.asIntN(32, value)
  const fits = low === value || BigInt.asUintN(32, value) === value || low === BigInt.asIntN(64, value)
  if (fits || wrap) return Number(low)
  throw reader.error('ISA_IMMEDIATE', token, `${value} does not fit 32 bits`, '-2147483648 to 4294967295')
}

function fitSigned(reader: AsmReader, { value, token }: Operand, bits: 16 | 32, what: string): number {
  if (BigInt.asIntN(bits, value) === value) return Number(value)
  throw reader.error('ISA_IMMEDIATE', token, `${what} ${value} does not fit ${bits} signed bits`)
}

/** Slots between the next instruction and the target. */
function distanceOf(reader: AsmReader, statement: AsmStatement, pc: number, options: EmitOptions): number {
  const { row, target } = statement
  if (target === undefined) return 0
  const label = target.kind === 'label' ? BigInt(options.resolve(target.name, target.token) - pc - 1) : target.value
  return fitSigned(reader, { value: label, token: target.token }, row.imm === 'jump' ? 32 : 16, 'the distance')
}

/** The slots of one statement at `pc`. */
export function emitStatement(reader: AsmReader, statement: AsmStatement, pc: number, options: EmitOptions): Insn[] {
  const { row } = statement
  const only = (role: unknown): number => (typeof role === 'number' ? role : 0)
  const distance = distanceOf(reader, statement, pc, options)
  const off = statement.off === undefined ? only(row.off) : fitSigned(reader, statement.off, 16, 'the offset')
  const imm = statement.imm === undefined ? only(row.imm) : immediate(reader, statement, statement.imm, options)
  const first: Insn = {
    opcode: row.opcode,
    dst: typeof row.dst === 'number' ? row.dst : (statement.dst?.index ?? 0),
    src: typeof row.src === 'number' ? row.src : (statement.src?.index ?? 0),
    off: row.off === 'jump' ? distance : off,
    imm: row.imm === 'jump' && statement.target !== undefined ? distance : imm,
  }
  return row.slots === 1 ? [first] : [first, secondSlot(reader, statement, options)]
}

function immediate(reader: AsmReader, statement: AsmStatement, imm: Operand, options: EmitOptions): number {
  if (statement.row.nextImm !== 'imm') return fitImm(reader, imm, options.wrap)
  const fits = BigInt.asIntN(64, imm.value) === imm.value || BigInt.asUintN(64, imm.value) === imm.value
  if (!fits) throw reader.error('ISA_IMMEDIATE', imm.token, `${imm.value} does not fit 64 bits`)
  return Number(BigInt.asIntN(32, imm.value))
}

function secondSlot(reader: AsmReader, { row, imm, nextImm }: AsmStatement, options: EmitOptions): Insn {
  const high = row.nextImm === 'imm' && imm !== undefined ? Number(BigInt.asIntN(32, imm.value >> 32n)) : 0
  const given = nextImm === undefined ? high : fitImm(reader, nextImm, options.wrap)
  return { opcode: 0, dst: 0, src: 0, off: 0, imm: given }
}
