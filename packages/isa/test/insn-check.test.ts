import { describe, expect, it } from 'vitest'
import {
  BPF_ALU64_REG,
  BPF_ATOMIC_OP,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_LD_MAP_FD,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_ST_NOSPEC,
  BPF_ZEXT_REG,
  checkInsns,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
  IsaError,
  requireInsns,
} from '../src/index.ts'

const roleValue = (role: unknown): number => (typeof role === 'number' ? role : 1)

function plain(row: InstructionRow): Insn[] {
  const first = {
    opcode: row.opcode,
    dst: roleValue(row.dst),
    src: roleValue(row.src),
    off: roleValue(row.off),
    imm: roleValue(row.imm),
  }
  return row.slots === 2 ? [first, { opcode: 0, dst: 0, src: 0, off: 0, imm: roleValue(row.nextImm) }] : [first]
}

describe('checkInsns', () => {
  it('accepts every row, internal ones only where asked', () => {
    for (const row of INSTRUCTIONS) {
      expect(checkInsns(plain(row))?.code).toBe(row.internal ? 'ISA_INTERNAL' : undefined)
      expect(checkInsns(plain(row), { internal: true })).toBeUndefined()
    }
  })

  it('accepts an explicit zero extension only where asked', () => {
    expect(checkInsns([BPF_ZEXT_REG(1)])).toMatchObject({ code: 'ISA_RESERVED', field: 'imm' })
    expect(checkInsns([BPF_ZEXT_REG(1)], { internal: true })).toBeUndefined()
  })

  it('refuses every row with another value in a field that must have one', () => {
    let cases = 0
    for (const row of INSTRUCTIONS) {
      for (const field of ['dst', 'src', 'off', 'imm'] as const) {
        if (typeof row[field] !== 'number') continue
        const [first, ...rest] = plain(row) as [Insn, ...Insn[]]
        const problem = checkInsns([{ ...first, [field]: 9 }, ...rest], { internal: true })
        expect([row.name, field, problem?.code]).toEqual([
          row.name,
          field,
          expect.stringMatching(/ISA_(RESERVED|OPCODE)/),
        ])
        cases++
      }
    }
    expect(cases).toBeGreaterThan(300)
  })

  it.each<[string, Insn[], string, number]>([
    ['r11', [BPF_MOV64_REG(11, 1)], 'ISA_REGISTER', 0],
    ['r12 as base', [BPF_EXIT_INSN(), BPF_LDX_MEM(0, 1, 12, 0)], 'ISA_REGISTER', 1],
    ['a half immediate', [BPF_LD_IMM64(1, 5)[0]], 'ISA_LD_IMM64', 0],
    ['an exit as second slot', [BPF_LD_IMM64(1, 5)[0], BPF_EXIT_INSN()], 'ISA_LD_IMM64', 0],
    ['next_imm of a map', [BPF_LD_MAP_FD(1, 5)[0], BPF_RAW_INSN(0, 0, 0, 0, 1)], 'ISA_LD_IMM64', 0],
    ['a second slot on its own', [BPF_RAW_INSN(0, 0, 0, 0, 0)], 'ISA_OPCODE', 0],
    ['an unknown atomic', [BPF_MOV64_IMM(0, 0), BPF_ATOMIC_OP(0x18, 0x20, 1, 2, 0)], 'ISA_OPCODE', 1],
    ['a barrier', [BPF_ST_NOSPEC()], 'ISA_INTERNAL', 0],
    ['explicit zero extension', [BPF_ZEXT_REG(1)], 'ISA_RESERVED', 0],
  ])('refuses %s', (_, insns, code, pc) => {
    const problem = checkInsns(insns)
    expect([problem?.code, problem?.pc]).toEqual([code, pc])
    expect(() => requireInsns(insns)).toThrow(IsaError)
  })

  it('does not take the second slot of an immediate for an instruction', () => {
    expect(checkInsns([...BPF_LD_IMM64(1, -1), BPF_ALU64_REG(0, 1, 2), BPF_EXIT_INSN()])).toBeUndefined()
    expect(() => requireInsns([BPF_EXIT_INSN()])).not.toThrow()
  })
})
