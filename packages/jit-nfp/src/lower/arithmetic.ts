/** Addition, subtraction, logic and negation, 64 bits as two halves. */
import { type AluOp, gprA, gprB, gprBoth, imm as immediate, NO_OPERAND } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_B } from '../emit/registers.ts'
import { type Lower, zeroExtend } from './lowering.ts'

/** dst op= src, on both halves: the operation of the low half, and of the high one (with carry, where there is one). */
const onRegisters64 =
  (lowOp: AluOp, highOp: AluOp = lowOp): Lower =>
  ({ emit }, { dst, src }) => {
    emit.alu(gprBoth(low(dst)), gprA(low(dst)), lowOp, gprB(low(src)))
    emit.alu(gprBoth(high(dst)), gprA(high(dst)), highOp, gprB(high(src)))
  }

const onRegisters32 =
  (op: AluOp): Lower =>
  (to, record) => {
    const { dst, src } = record
    to.emit.alu(gprBoth(low(dst)), gprA(low(dst)), op, gprB(low(src)))
    zeroExtend(to, record)
  }

/** dst op= imm: constants that change nothing, or leave nothing of dst, need no operation. */
const withConstant64 =
  (lowOp: AluOp, highOp: AluOp = lowOp): Lower =>
  ({ emit }, { dst, imm }) => {
    constantOp(emit, low(dst), lowOp, imm)
    constantOp(emit, high(dst), highOp, imm >> 31)
  }

const withConstant32 =
  (op: AluOp): Lower =>
  (to, record) => {
    constantOp(to.emit, low(record.dst), op, record.imm)
    zeroExtend(to, record)
  }

const NONE = 0
const ALL = -1

/** What logic with all bits clear or set comes down to. Absent: the operation is needed. */
const SHORTCUTS: ReadonlyMap<AluOp, ReadonlyMap<number, (emit: Emission, gpr: number) => void>> = new Map([
  [
    'AND',
    new Map([
      [NONE, (emit: Emission, gpr: number) => emit.load(gprBoth(gpr), 0)],
      [ALL, () => undefined],
    ]),
  ],
  [
    'OR',
    new Map([
      [NONE, () => undefined],
      [ALL, (emit: Emission, gpr: number) => emit.load(gprBoth(gpr), ALL)],
    ]),
  ],
  [
    'XOR',
    new Map([
      [NONE, () => undefined],
      [ALL, invert],
    ]),
  ],
])

function invert(emit: Emission, gpr: number): void {
  emit.alu(gprBoth(gpr), NO_OPERAND, '~B', gprB(gpr))
}

function constantOp(emit: Emission, gpr: number, op: AluOp, value: number): void {
  const shortcut = SHORTCUTS.get(op)?.get(value)
  if (shortcut !== undefined) shortcut(emit, gpr)
  else emit.alu(gprBoth(gpr), gprA(gpr), op, emit.unrestricted(value, TEMP_B))
}

export const add64: Lower = onRegisters64('+', '+carry')
export const subtract64: Lower = onRegisters64('-', '-carry')
export const and64: Lower = onRegisters64('AND')
export const or64: Lower = onRegisters64('OR')
export const xor64: Lower = onRegisters64('XOR')
export const addConstant64: Lower = withConstant64('+', '+carry')
export const subtractConstant64: Lower = withConstant64('-', '-carry')
export const andConstant64: Lower = withConstant64('AND')
export const orConstant64: Lower = withConstant64('OR')
export const xorConstant64: Lower = withConstant64('XOR')

export const add32: Lower = onRegisters32('+')
export const subtract32: Lower = onRegisters32('-')
export const and32: Lower = onRegisters32('AND')
export const or32: Lower = onRegisters32('OR')
export const xor32: Lower = onRegisters32('XOR')
export const addConstant32: Lower = withConstant32('+')
export const subtractConstant32: Lower = withConstant32('-')
export const andConstant32: Lower = withConstant32('AND')
export const orConstant32: Lower = withConstant32('OR')
export const xorConstant32: Lower = withConstant32('XOR')

/** dst = 0 - dst */
export const negate64: Lower = ({ emit }, { dst }) => {
  emit.alu(gprBoth(low(dst)), immediate(0), '-', gprB(low(dst)))
  emit.alu(gprBoth(high(dst)), immediate(0), '-carry', gprB(high(dst)))
}

export const negate32: Lower = (to, record) => {
  to.emit.alu(gprBoth(low(record.dst)), immediate(0), '-', gprB(low(record.dst)))
  zeroExtend(to, record)
}
