import { describe, expect, it } from 'vitest'
import * as isa from '../src/index.ts'
import {
  findInstructionRow,
  INSTRUCTIONS,
  type InstructionRow,
  instructionRow,
  lookupInsn,
  rowsOfOpcode,
  selectorOf,
} from '../src/index.ts'

const fixed = (role: unknown): number => (typeof role === 'number' ? role : 0)

describe('instruction table', () => {
  it('has a unique name and a dense id for each row', () => {
    expect(new Set(INSTRUCTIONS.map((row) => row.name)).size).toBe(INSTRUCTIONS.length)
    expect(INSTRUCTIONS.map((row) => row.id)).toEqual(INSTRUCTIONS.map((_, index) => index))
  })

  it('is found by lookupInsn, each row by its own encoding', () => {
    for (const row of INSTRUCTIONS) {
      const insn = {
        opcode: row.opcode,
        dst: fixed(row.dst),
        src: fixed(row.src),
        off: fixed(row.off),
        imm: fixed(row.imm),
      }
      expect(lookupInsn(insn)?.name).toBe(row.name)
      expect(instructionRow(row.name)).toBe(row)
    }
  })

  it('refuses values of the selecting field that no row has', () => {
    const none = [
      { opcode: 0x85, dst: 0, src: 3, off: 0, imm: 0 },
      { opcode: 0x18, dst: 0, src: 7, off: 0, imm: 0 },
      { opcode: 0x37, dst: 0, src: 0, off: 2, imm: 0 },
      { opcode: 0x37, dst: 0, src: 0, off: 513, imm: 0 },
      { opcode: 0xbc, dst: 0, src: 0, off: 32, imm: 0 },
      { opcode: 0xdc, dst: 0, src: 0, off: 0, imm: 8 },
      { opcode: 0xdb, dst: 0, src: 0, off: 0, imm: 0x10 },
      { opcode: 0xdb, dst: 0, src: 0, off: 0, imm: 0x200 },
      { opcode: 0xd3, dst: 0, src: 0, off: 0, imm: 0 },
      { opcode: 0x00, dst: 0, src: 0, off: 0, imm: 0 },
    ]
    for (const insn of none) expect(lookupInsn(insn)).toBeUndefined()
    expect(findInstructionRow('NONE')).toBeUndefined()
  })

  it('tells the rows of one opcode apart by one field', () => {
    for (let opcode = 0; opcode < 256; opcode++) {
      const rows = rowsOfOpcode(opcode)
      const field = selectorOf(opcode)
      expect(field === undefined).toBe(rows.length < 2)
      if (field !== undefined) expect(new Set(rows.map((row) => row[field])).size).toBe(rows.length)
    }
  })

  it('composes each arithmetic and jump opcode from the code in its name', () => {
    const classes = { ALU32: isa.BPF_ALU, ALU64: isa.BPF_ALU64, JMP: isa.BPF_JMP, JMP32: isa.BPF_JMP32 }
    const constants = isa as unknown as Record<string, number>
    for (const row of INSTRUCTIONS.filter((each) => each.kind === 'alu' || each.kind === 'jump')) {
      const [group, code, source] = row.name.split('_') as [keyof typeof classes, string, string]
      const plain = code === 'SDIV' || code === 'SMOD' ? code.slice(1) : code
      const opcode = classes[group] | (constants[`BPF_${plain}`] ?? -1) | (constants[`BPF_${source}`] ?? -1)
      expect([row.name, row.opcode]).toEqual([row.name, opcode])
    }
  })

  it('assigns the conformance groups that RFC 9669 states', () => {
    const groupOf = (row: InstructionRow): string => {
      if (row.kind === 'atomic') return `atomic${row.bits}`
      if (['mul', 'div', 'sdiv', 'mod', 'smod'].includes(row.operation)) return `divmul${row.bits}`
      if (row.kind === 'ld_packet') return 'packet'
      if (row.operation === 'callx') return 'callx'
      if (['goto', 'call', 'exit'].includes(row.kind)) return 'base32'
      return row.bits === 64 ? 'base64' : 'base32'
    }
    for (const row of INSTRUCTIONS) if (row.rfc !== '') expect([row.name, row.group]).toEqual([row.name, groupOf(row)])
  })
})
