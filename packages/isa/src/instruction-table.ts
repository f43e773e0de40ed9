import type { Insn } from './insn.ts'
import { INSTRUCTION_DATA } from './instruction-data.ts'

type Data = (typeof INSTRUCTION_DATA)[number]

/** The unique name of a row, `ALU64_ADD_X`: the key for tables of handlers (`Record<InstructionName, Handler>`). */
export type InstructionName = Data[0]

/** What sort of instruction, one for each shape of text and of handler. */
export type InstructionKind = Data[2]

/** The operation within the kind: `add`, `jsgt`, `fetch_or`, `map_fd`. */
export type Operation = Data[3]

/**
 * What a register field is for: `r` read, `w` written, `rw` both, `addr` read as the base of a memory operand; or the
 * only value it may have.
 */
export type RegisterRole = 'r' | 'w' | 'rw' | 'addr' | number

/** `mem` displacement of the memory operand, `jump` slots to skip, `btf_fd` index of a module's BTF, or the only value. */
export type OffRole = 'mem' | 'jump' | 'btf_fd' | 'any' | number

/**
 * `imm` a sign-extended number (the low half in LD_IMM64), `jump` slots to skip, `helper` its id, `btf_id`, `map_fd`,
 * `map_idx`, `offset` into a map's value, `cast` the two address spaces, or the only value.
 */
export type ImmRole =
  | 'imm'
  | 'jump'
  | 'helper'
  | 'btf_id'
  | 'btf_fd'
  | 'map_fd'
  | 'map_idx'
  | 'offset'
  | 'cast'
  | 'any'
  | number

/** RFC 9669 section 2.4; `linux` and `internal` are ours for what the RFC leaves out. */
export type ConformanceGroup =
  | 'base32'
  | 'base64'
  | 'atomic32'
  | 'atomic64'
  | 'divmul32'
  | 'divmul64'
  | 'packet'
  | 'callx'
  | 'linux'
  | 'internal'

/** LLVM's `-mcpu=v1` .. `v4`. */
export type CpuVersion = 1 | 2 | 3 | 4

/** One encoding of the instruction set. */
export interface InstructionRow {
  /** Index in {@link INSTRUCTIONS}: dense from 0, for dispatch arrays. Not stable between versions: store the name. */
  readonly id: number
  readonly name: InstructionName
  readonly opcode: number
  readonly kind: InstructionKind
  readonly operation: Operation
  /** Bits computed with, compared, or moved from or to memory; of gotos the bits of the offset. */
  readonly bits: 8 | 16 | 32 | 64
  readonly dst: RegisterRole
  readonly src: RegisterRole
  readonly off: OffRole
  readonly imm: ImmRole
  /** Role of the second slot's imm; present exactly for two-slot instructions. */
  readonly nextImm?: ImmRole
  readonly group: ConformanceGroup
  /** First LLVM `-mcpu` that emits it. */
  readonly cpu: CpuVersion
  /** First kernel that runs it, `major.minor`; empty when none does (callx). */
  readonly linux: string
  /** Section of RFC 9669; empty when the RFC lacks it. */
  readonly rfc: string
  /** Made by fix-ups only: no program may hold it. */
  readonly internal: boolean
  /** 8-byte slots: 2 for LD_IMM64, else 1. */
  readonly slots: 1 | 2
}

function toRow(data: Data, id: number): InstructionRow {
  const [name, opcode, kind, operation, bits, dst, src, off, imm, group, cpu, linux, rfc, nextImm] = data
  const row = { id, name, opcode, kind, operation, bits, dst, src, off, imm, group, cpu, linux, rfc }
  const shape = { internal: group === 'internal', slots: nextImm === undefined ? 1 : 2 } as const
  return Object.freeze(nextImm === undefined ? { ...row, ...shape } : { ...row, ...shape, nextImm })
}

/** Every row, at the index of its id. */
export const INSTRUCTIONS: readonly InstructionRow[] = Object.freeze(INSTRUCTION_DATA.map(toRow))

const byName = new Map<string, InstructionRow>(INSTRUCTIONS.map((row) => [row.name, row]))

/** The row of that name. Names come from the type, so there always is one. */
export function instructionRow(name: InstructionName): InstructionRow {
  return byName.get(name) as InstructionRow
}

/** The row of a name that may be none. */
export function findInstructionRow(name: string): InstructionRow | undefined {
  return byName.get(name)
}

// Where several rows share an opcode, exactly one field tells them apart: the one whose only value differs. Its value
// masked to 9 bits (the largest is BPF_STORE_REL = 0x110, the smallest -1) indexes a small array.
const SELECT_MASK = 0x1ff
const [BY_NONE, BY_SRC, BY_OFF, BY_IMM] = [0, 1, 2, 3]
const selector = new Uint8Array(256)
const single: (InstructionRow | undefined)[] = new Array(256).fill(undefined)
const several: (InstructionRow | undefined)[][] = Array.from({ length: 256 }, () => [])

function selectorField(rows: readonly InstructionRow[]): number {
  if (rows.length < 2) return BY_NONE
  const differs = (field: 'src' | 'off' | 'imm'): boolean =>
    rows.every((row) => typeof row[field] === 'number') && new Set(rows.map((row) => row[field])).size === rows.length
  if (differs('src')) return BY_SRC
  return differs('off') ? BY_OFF : BY_IMM
}

for (let opcode = 0; opcode < 256; opcode++) {
  const rows = INSTRUCTIONS.filter((row) => row.opcode === opcode)
  const by = selectorField(rows)
  selector[opcode] = by
  single[opcode] = by === BY_NONE ? rows[0] : undefined
  const field = by === BY_SRC ? 'src' : by === BY_OFF ? 'off' : 'imm'
  if (by !== BY_NONE) {
    const slots: (InstructionRow | undefined)[] = new Array(SELECT_MASK + 1).fill(undefined)
    for (const row of rows) slots[(row[field] as number) & SELECT_MASK] = row
    several[opcode] = slots
  }
}

/** The field whose value tells the rows of this opcode apart; undefined when it has one row or none. */
export function selectorOf(opcode: number): 'src' | 'off' | 'imm' | undefined {
  const by = selector[opcode & 0xff]
  return by === BY_SRC ? 'src' : by === BY_OFF ? 'off' : by === BY_IMM ? 'imm' : undefined
}

/** All rows of an opcode byte, in the table's order. */
export function rowsOfOpcode(opcode: number): readonly InstructionRow[] {
  return INSTRUCTIONS.filter((row) => row.opcode === opcode)
}

/**
 * The row that encodes `insn`, undefined when none does. Only the opcode and the field that selects among its rows are
 * looked at: unused fields that should be 0 and register numbers are `checkInsn`'s business. The second slot of an
 * LD_IMM64 has no row. Constant time, no allocation.
 */
export function lookupInsn(insn: Insn): InstructionRow | undefined {
  const opcode = insn.opcode & 0xff
  const by = selector[opcode]
  if (by === BY_NONE) return single[opcode]
  const value = by === BY_SRC ? insn.src : by === BY_OFF ? insn.off : insn.imm
  const row = several[opcode]?.[value & SELECT_MASK]
  if (row === undefined) return undefined
  const only = by === BY_SRC ? row.src : by === BY_OFF ? row.off : row.imm
  return only === value ? row : undefined
}
