import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BPF_JUMP,
  BPF_STMT,
  CLASSIC_INSTRUCTIONS,
  type ClassicInsn,
  checkAttach,
  checkClassic,
  lookupClassic,
} from '../src/index.ts'
import { anyInsn, checkedPrograms } from './arbitrary-insns.ts'

const RET = BPF_STMT(0x06, 1)
const LD_IMM = BPF_STMT(0x00, 7)
const ST = (cell: number): ClassicInsn => BPF_STMT(0x02, cell)
const LD_MEM = (cell: number): ClassicInsn => BPF_STMT(0x60, cell)

const refused: readonly (readonly [what: string, insns: readonly ClassicInsn[], reason: string, pc: number])[] = [
  ['no instructions', [], 'length', 0],
  ['4097 instructions', Array.from({ length: 4097 }, () => RET), 'length', 4096],
  ['no opcode', [BPF_STMT(0xff, 0), RET], 'opcode', 0],
  ['an opcode of more than 8 bits', [BPF_STMT(0x106, 0), RET], 'opcode', 0],
  ['a return of X', [BPF_STMT(0x0e, 0)], 'opcode', 0],
  ['a 64-bit load', [BPF_STMT(0x38, 0), RET], 'opcode', 0],
  ['a field that does not fit', [{ ...RET, k: Number.NaN }], 'field', 0],
  ['division by 0', [BPF_STMT(0x34, 0), RET], 'division-by-zero', 0],
  ['a remainder by 0', [LD_IMM, BPF_STMT(0x94, 0), RET], 'division-by-zero', 1],
  ['a shift by 32', [BPF_STMT(0x64, 32), RET], 'shift', 0],
  ['a shift to the right by -1', [BPF_STMT(0x74, -1), RET], 'shift', 0],
  ['a store to M[16]', [ST(16), RET], 'cell', 0],
  ['a load of M[-1]', [LD_MEM(-1), RET], 'cell', 0],
  ['a load of a cell that was not written', [ST(3), LD_MEM(2), RET], 'cell-not-written', 1],
  ['one that one way writes only', [BPF_JUMP(0x15, 0, 1, 0), ST(3), LD_MEM(3), RET], 'cell-not-written', 2],
  ['a jump to the end', [BPF_STMT(0x05, 1), RET], 'jump', 0],
  ['a jump backwards', [LD_IMM, BPF_STMT(0x05, -2), RET], 'jump', 1],
  ['a branch past the end', [BPF_JUMP(0x15, 0, 0, 1), RET], 'jump', 0],
  ['unknown ancillary data', [BPF_STMT(0x20, -0x1000 + 64), RET], 'ancillary', 0],
  ['ancillary data at an odd offset', [BPF_STMT(0x30, -1), RET], 'ancillary', 0],
  ['a cell read where no way leads to, behind a return', [RET, LD_MEM(0), RET], 'cell-not-written', 1],
  ['no return', [LD_IMM], 'no-return', 0],
  ['a jump at the end', [RET, BPF_JUMP(0x15, 0, 0, 0)], 'jump', 1],
]

const accepted: readonly (readonly [what: string, insns: readonly ClassicInsn[]])[] = [
  ['4096 returns', Array.from({ length: 4096 }, () => RET)],
  ['a cell read where no way leads to, behind a jump', [BPF_STMT(0x05, 1), LD_MEM(0), RET]],
  ['a cell that both ways write', [BPF_JUMP(0x15, 0, 2, 0), ST(3), BPF_STMT(0x05, 1), ST(3), LD_MEM(3), RET]],
  ['negative offsets of headers', [BPF_STMT(0x20, -0x100000), BPF_STMT(0x20, -0x200000), RET]],
  ['ancillary data by X, which it is not', [BPF_STMT(0x40, -0x1000), RET]],
  ['a return of A', [BPF_STMT(0x16, 0)]],
  ['the longest jump', [BPF_STMT(0x05, 4094), ...Array.from({ length: 4095 }, () => RET)]],
]

describe('the checker', () => {
  test.each(refused)('refuses %s', (_, insns, reason, pc) => {
    expect(checkClassic(insns)).toMatchObject({ errno: 'EINVAL', reason, pc })
    expect(checkAttach(insns)).toMatchObject({ reason })
  })

  test.each(accepted)('accepts %s', (_, insns) => {
    expect(checkClassic(insns)).toBeUndefined()
  })

  test('accepts the structured programs', () => {
    fc.assert(fc.property(checkedPrograms(60), (insns) => checkClassic(insns) === undefined))
  })

  test('answers any instructions', () => {
    const anything = fc.array(
      fc.oneof(anyInsn, fc.record({ code: fc.double(), jt: fc.double(), jf: fc.integer(), k: fc.double() })),
    )
    fc.assert(
      fc.property(anything, (insns) => {
        const problem = checkClassic(insns)
        expect(problem === undefined || (problem.pc >= 0 && problem.pc <= insns.length)).toBe(true)
      }),
    )
  })

  test('refuses what only the translation shows: a jump over too much of it', () => {
    const loads = Array.from({ length: 2300 }, () => BPF_STMT(0xb1, 0))
    const insns = [BPF_STMT(0x05, loads.length), ...loads, RET]
    expect(checkClassic(insns)).toBeUndefined()
    expect(checkAttach(insns)).toMatchObject({ errno: 'EINVAL', reason: 'translated-jump', pc: 0 })
  })
})

test('the table has the 49 codes of the kernel, each once', () => {
  expect(CLASSIC_INSTRUCTIONS.length).toBe(49)
  for (const row of CLASSIC_INSTRUCTIONS) expect(lookupClassic(row.code)).toBe(row)
  expect(new Set(CLASSIC_INSTRUCTIONS.map(({ name }) => name)).size).toBe(49)
})
