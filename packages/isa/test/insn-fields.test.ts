import { describe, expect, it } from 'vitest'
import * as isa from '../src/index.ts'

const { BPF_RAW_INSN } = isa

describe('opcode fields', () => {
  it('split as RFC 9669 draws them', () => {
    const opcode = isa.BPF_STX | isa.BPF_ATOMIC | isa.BPF_DW
    expect([isa.BPF_CLASS(opcode), isa.BPF_MODE(opcode), isa.BPF_SIZE(opcode)]).toEqual([3, 0xc0, 0x18])
    const jump = isa.BPF_JMP32 | isa.BPF_JSLE | isa.BPF_X
    expect([isa.BPF_CLASS(jump), isa.BPF_OP(jump), isa.BPF_SRC(jump)]).toEqual([6, 0xd0, 8])
  })

  it('agree with the width that the table gives', () => {
    for (const row of isa.INSTRUCTIONS) {
      if (row.kind === 'alu' || row.kind === 'jump') expect(isa.aluSize(row.opcode)).toBe(row.bits)
      const memory = ['load', 'store', 'atomic', 'load_acq', 'store_rel', 'ld_packet', 'ld_imm64']
      if (memory.includes(row.kind)) expect(isa.accessBytes(row.opcode) * 8).toBe(row.bits)
    }
  })
})

describe('control flow', () => {
  const at = (insn: isa.Insn): unknown[] => [
    isa.jumpTarget(insn, 10),
    isa.subprogTarget(insn, 10),
    isa.fallsThrough(insn),
  ]

  it.each<[string, isa.Insn, unknown[]]>([
    ['goto', isa.BPF_JMP_A(-3), [8, undefined, false]],
    ['gotol', isa.BPF_JMP32_A(100_000), [100_011, undefined, false]],
    ['a comparison', isa.BPF_JMP_IMM(isa.BPF_JEQ, 1, 5, 2), [13, undefined, true]],
    ['a 32-bit comparison', isa.BPF_JMP32_REG(isa.BPF_JSLE, 1, 2, -11), [0, undefined, true]],
    ['may_goto', BPF_RAW_INSN(isa.BPF_JMP | isa.BPF_JCOND, 0, 0, 4, 0), [15, undefined, true]],
    ['exit', isa.BPF_EXIT_INSN(), [undefined, undefined, false]],
    ['a helper call', isa.BPF_EMIT_CALL(5), [undefined, undefined, true]],
    ['a subprogram call', isa.BPF_CALL_REL(-4), [undefined, 7, true]],
    ['a function address', isa.BPF_LD_IMM64_RAW(1, isa.BPF_PSEUDO_FUNC, 6)[0], [undefined, 17, true]],
    ['a map address', isa.BPF_LD_MAP_FD(1, 6)[0], [undefined, undefined, true]],
    ['arithmetic', isa.BPF_MOV64_IMM(1, 6), [undefined, undefined, true]],
    [
      'JMP32 with the code of a call',
      BPF_RAW_INSN(isa.BPF_JMP32 | isa.BPF_CALL, 0, 0, 4, 0),
      [undefined, undefined, true],
    ],
    [
      'JMP32 with the code of may_goto',
      BPF_RAW_INSN(isa.BPF_JMP32 | isa.BPF_JCOND, 0, 0, 4, 0),
      [undefined, undefined, true],
    ],
    ['a tail call', BPF_RAW_INSN(isa.BPF_JMP | isa.BPF_TAIL_CALL, 0, 0, 4, 0), [undefined, undefined, true]],
  ])('of %s', (_, insn, expected) => {
    expect(at(insn)).toEqual(expected)
  })

  it('counts slots, and joins the halves of an immediate', () => {
    const [first, second] = isa.BPF_LD_IMM64(3, 0xfedcba9876543210n)
    expect([isa.insnSlots(first), isa.insnSlots(second), isa.isLdImm64(second)]).toEqual([2, 1, false])
    expect(isa.ldImm64Value(first, second)).toBe(0xfedcba9876543210n)
  })
})

describe('registers', () => {
  const names = (mask: number): string => [...Array(16).keys()].filter((n) => (mask >> n) & 1).join(' ')

  // Written registers by the semantics of RFC 9669; read ones are checked against the verifier in kernel-syntax.
  it.each<[string, isa.Insn, string]>([
    ['a move', isa.BPF_MOV64_REG(1, 2), '1'],
    ['a load', isa.BPF_LDX_MEM(isa.BPF_W, 3, 4, 0), '3'],
    ['a store', isa.BPF_STX_MEM(isa.BPF_W, 3, 4, 0), ''],
    ['an atomic add', isa.BPF_ATOMIC_OP(isa.BPF_DW, isa.BPF_ADD, 3, 4, 0), ''],
    ['a fetching add', isa.BPF_ATOMIC_OP(isa.BPF_DW, isa.BPF_ADD | isa.BPF_FETCH, 3, 4, 0), '4'],
    ['a compare and exchange', isa.BPF_ATOMIC_OP(isa.BPF_DW, isa.BPF_CMPXCHG, 3, 4, 0), '0'],
    ['a load-acquire', isa.BPF_ATOMIC_OP(isa.BPF_W, isa.BPF_LOAD_ACQ, 3, 4, 0), '3'],
    ['a store-release', isa.BPF_ATOMIC_OP(isa.BPF_W, isa.BPF_STORE_REL, 3, 4, 0), ''],
    ['a comparison', isa.BPF_JMP_REG(isa.BPF_JEQ, 1, 2, 0), ''],
    ['a call', isa.BPF_EMIT_CALL(1), '0 1 2 3 4 5'],
    ['a packet load', isa.BPF_LD_ABS(isa.BPF_B, 0), '0 1 2 3 4 5'],
    ['a two-slot load', isa.BPF_LD_IMM64(9, 0)[0], '9'],
    ['exit', isa.BPF_EXIT_INSN(), ''],
  ])('written by %s', (_, insn, expected) => {
    expect(names(isa.registersWritten(isa.lookupInsn(insn) as isa.InstructionRow, insn))).toBe(expected)
  })
})

it('tells explicit zero extension from a plain move', () => {
  expect([isa.isZext(isa.BPF_ZEXT_REG(3)), isa.isZext(isa.BPF_MOV32_REG(3, 3))]).toEqual([true, false])
})
