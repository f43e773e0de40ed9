import {
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_AND,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_MOV64_REG,
  BPF_NEG,
  BPF_OP,
  BPF_STX_MEM,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { ancillaryOf } from '../ancillary-data.ts'
import type { ClassicInsn } from '../classic-insn.ts'
import {
  type ClassicInstructionKind,
  type ClassicInstructionRow,
  type ClassicOperand,
  lookupClassic,
} from '../instruction-table.ts'
import { ancillaryLoad } from './ancillary-access.ts'
import type { ContextLayout } from './context-layout.ts'
import { type PacketLoad, packetLoad } from './packet-access.ts'
import { A, CTX, FP, TMP, X } from './registers.ts'

/** What one classic instruction becomes; a jump's distance is set when the target's place is known. */
export type Block = readonly { readonly insn: Insn; readonly target?: number }[]

/** One instruction to translate. */
interface Question {
  readonly layout: ContextLayout
  readonly row: ClassicInstructionRow
  readonly insn: ClassicInsn
  readonly pc: number
}

/** @throws CbpfError CBPF_ANCILLARY */
export function translateInsn(layout: ContextLayout, insn: ClassicInsn, pc: number): Block {
  const row = lookupClassic(insn.code) as ClassicInstructionRow
  return KINDS[row.kind]({ layout, row, insn, pc })
}

const straight = (...insns: readonly Insn[]): Block => insns.map((insn) => ({ insn }))
const registerOf = ({ register }: ClassicInstructionRow): number => (register === 'x' ? X : A)
/** M[k] lies below the frame pointer. */
const cellOff = (k: number): number => -(4 * k + 4)

const LOADS: Readonly<Partial<Record<ClassicOperand, (question: Question) => readonly Insn[]>>> = {
  packet: ({ layout, row, insn, pc }) => {
    const ancillary = ancillaryOf(insn.k)
    return ancillary === undefined ? packetLoad(layout.packet, loadOf(row, insn)) : ancillaryLoad(layout, ancillary, pc)
  },
  packet_x: ({ layout, row, insn }) => packetLoad(layout.packet, loadOf(row, insn)),
  header: headerLength,
  length: ({ layout, row }) => [BPF_LDX_MEM(layout.length.size, registerOf(row), CTX, layout.length.off)],
  bits: ({ row, insn }) => [BPF_MOV32_IMM(registerOf(row), insn.k)],
  cell: ({ row, insn }) => [BPF_LDX_MEM(BPF_W, registerOf(row), FP, cellOff(insn.k))],
}

function loadOf({ bytes, operand }: ClassicInstructionRow, { k }: ClassicInsn): PacketLoad {
  return { bytes: bytes as PacketLoad['bytes'], offset: k | 0, indirect: operand === 'packet_x' }
}

/** `X = 4 * (packet[k] & 0xf)`: the byte goes through A, which X keeps meanwhile. */
function headerLength({ layout, row, insn }: Question): Insn[] {
  return [
    BPF_MOV64_REG(X, A),
    ...packetLoad(layout.packet, loadOf(row, insn)),
    BPF_ALU32_IMM(BPF_AND, A, 0xf),
    BPF_ALU32_IMM(BPF_LSH, A, 2),
    BPF_MOV64_REG(TMP, X),
    BPF_MOV64_REG(X, A),
    BPF_MOV64_REG(A, TMP),
  ]
}

/** Codes of arithmetic are those of eBPF's 32-bit class. */
function alu({ row, insn }: Question): Insn {
  const operation = BPF_OP(insn.code)
  if (row.operand === 'x') return BPF_ALU32_REG(operation, A, X)
  return BPF_ALU32_IMM(operation, A, operation === BPF_NEG ? 0 : insn.k)
}

/** Division by 0 returns 0: eBPF's would go on. */
function divide(question: Question): Block {
  if (question.row.operand !== 'x') return straight(alu(question))
  return straight(
    BPF_MOV32_REG(X, X),
    BPF_JMP_IMM(BPF_JNE, X, 0, 2),
    BPF_ALU32_REG(BPF_XOR, A, A),
    BPF_EXIT_INSN(),
    alu(question),
  )
}

/** Comparisons whose opposite is one, too. */
const OPPOSITE: ReadonlyMap<number, number> = new Map([
  [BPF_JEQ, BPF_JNE],
  [BPF_JGT, BPF_JLE],
  [BPF_JGE, BPF_JLT],
])

/**
 * Jumps with one side that falls through are one instruction, others two. Immediates are sign-extended in eBPF's 64-bit
 * comparisons: one with the highest bit set goes through a register.
 */
function jump({ row, insn, pc }: Question): Block {
  const { code, jt, jf, k } = insn
  const wide = row.operand === 'bits' && (k | 0) < 0
  const compare = (operation: number): Insn => {
    if (row.operand === 'x') return BPF_JMP_REG(operation, A, X, 0)
    return wide ? BPF_JMP_REG(operation, A, TMP, 0) : BPF_JMP_IMM(operation, A, k, 0)
  }
  const before = wide ? straight(BPF_MOV32_IMM(TMP, k)) : []
  const operation = BPF_OP(code)
  const [holds, fails] = [pc + 1 + jt, pc + 1 + jf]
  const opposite = OPPOSITE.get(operation)
  if (jf === 0) return [...before, { insn: compare(operation), target: holds }]
  if (jt === 0 && opposite !== undefined) return [...before, { insn: compare(opposite), target: fails }]
  return [...before, { insn: compare(operation), target: holds }, { insn: BPF_JMP_A(0), target: fails }]
}

const KINDS: Readonly<Record<ClassicInstructionKind, (question: Question) => Block>> = {
  load: (question) => straight(...LOADS[question.row.operand]!(question)),
  store: ({ row, insn }) => straight(BPF_STX_MEM(BPF_W, FP, registerOf(row), cellOff(insn.k))),
  alu: (question) => straight(alu(question)),
  divide,
  goto: ({ insn, pc }) => [{ insn: BPF_JMP_A(0), target: pc + 1 + insn.k }],
  jump,
  return: ({ row, insn }) =>
    row.register === 'a' ? straight(BPF_EXIT_INSN()) : straight(BPF_MOV32_IMM(A, insn.k), BPF_EXIT_INSN()),
  move: ({ row }) => straight(row.register === 'x' ? BPF_MOV64_REG(X, A) : BPF_MOV64_REG(A, X)),
}
