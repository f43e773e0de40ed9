/**
 * Arithmetic. WebAssembly masks shift counts as BPF does; of divisions only what would trap, or gives another result, is
 * treated apart.
 *
 * @see RFC 9669, section 4.1
 */
import type { InstructionRow, Operation } from '@bpfoundry/isa'
import { OP, TYPE } from '../binary/opcode.ts'
import type { Bits, FunctionWriter, Lower } from '../function-writer.ts'

/** Instruction for 32 bits, for 64 bits. */
type Pair = readonly [number, number]
const of = (pair: Pair, bits: Bits): number => pair[bits === 32 ? 0 : 1]

/** r1 op= operand   ->   r1 = (r1 op operand) */
// biome-ignore format: table
const DIRECT: Partial<Record<Operation, Pair>> = {
  add:  [OP['i32.add'],   OP['i64.add']],
  sub:  [OP['i32.sub'],   OP['i64.sub']],
  mul:  [OP['i32.mul'],   OP['i64.mul']],
  or:   [OP['i32.or'],    OP['i64.or']],
  and:  [OP['i32.and'],   OP['i64.and']],
  xor:  [OP['i32.xor'],   OP['i64.xor']],
  lsh:  [OP['i32.shl'],   OP['i64.shl']],
  rsh:  [OP['i32.shr_u'], OP['i64.shr_u']],
  arsh: [OP['i32.shr_s'], OP['i64.shr_s']],
}

// biome-ignore format: table
const DIVISION: Partial<Record<Operation, Pair>> = {
  div:  [OP['i32.div_u'], OP['i64.div_u']],
  mod:  [OP['i32.rem_u'], OP['i64.rem_u']],
  sdiv: [OP['i32.div_s'], OP['i64.div_s']],
  smod: [OP['i32.rem_s'], OP['i64.rem_s']],
}

// biome-ignore format: table
const EXTENSION: Partial<Record<Operation, Pair>> = {
  movsx8:  [OP['i32.extend8_s'],  OP['i64.extend8_s']],
  movsx16: [OP['i32.extend16_s'], OP['i64.extend16_s']],
  movsx32: [OP['i64.extend32_s'], OP['i64.extend32_s']],
}

const ADD: Pair = [OP['i32.add'], OP['i64.add']]
const SUB: Pair = [OP['i32.sub'], OP['i64.sub']]
const MUL: Pair = [OP['i32.mul'], OP['i64.mul']]
const EQZ: Pair = [OP['i32.eqz'], OP['i64.eqz']]
const LE_U: Pair = [OP['i32.le_u'], OP['i64.le_u']]
const AND: Pair = [OP['i32.and'], OP['i64.and']]
const SHR_U: Pair = [OP['i32.shr_u'], OP['i64.shr_u']]
const valueType = (bits: Bits): typeof TYPE.i32 | typeof TYPE.i64 => (bits === 32 ? TYPE.i32 : TYPE.i64)

/** Kind `alu`. */
export function lowerArithmetic(row: InstructionRow): Lower {
  const bits = row.bits as Bits
  const direct = DIRECT[row.operation]
  if (direct !== undefined) return lowerDirect(row, bits, of(direct, bits))
  if (row.operation === 'mov') return lowerMove(row, bits)
  const opcode = of(DIVISION[row.operation] as Pair, bits)
  return row.src === 'r' ? lowerDivisionByRegister(row, bits, opcode) : lowerDivisionByConstant(row, bits, opcode)
}

const lowerDirect =
  (row: InstructionRow, bits: Bits, opcode: number): Lower =>
  (f, insn) => {
    f.get(bits, insn.dst)
    f.operand(row, bits, insn)
    f.code.op(opcode)
    f.set(bits, insn.dst)
  }

/** r1 = r2, r1 = imm; w1 = imm   ->   (i64.const imm, zero-extended) */
const lowerMove =
  (row: InstructionRow, bits: Bits): Lower =>
  (f, insn) => {
    if (row.src === 'r') f.get(bits, insn.src)
    else f.code.i64Const(insn.imm, bits === 32 ? 0 : insn.imm >> 31)
    f.set(row.src === 'r' ? bits : 64, insn.dst)
  }

/** By 0 a quotient is 0 and a remainder the dividend; a shift or a mask does for a power of two. */
const lowerDivisionByConstant =
  (row: InstructionRow, bits: Bits, opcode: number): Lower =>
  (f, { dst, imm }) => {
    const remainder = row.operation === 'mod' || row.operation === 'smod'
    const signed = row.operation === 'sdiv' || row.operation === 'smod'
    f.get(bits, dst)
    if (imm === 0) {
      if (!remainder) binary(f, bits, AND, 0)
    } else if (!signed && imm > 0 && (imm & (imm - 1)) === 0) {
      binary(f, bits, remainder ? AND : SHR_U, remainder ? imm - 1 : 31 - Math.clz32(imm))
    } else if (row.operation === 'sdiv' && imm === -1) {
      binary(f, bits, MUL, -1)
    } else {
      f.constant(bits, imm)
      f.code.op(opcode)
    }
    f.set(bits, dst)
  }

function binary(f: FunctionWriter, bits: Bits, pair: Pair, value: number): void {
  f.constant(bits, value)
  f.code.op(of(pair, bits))
}

/** Pushes -r. */
function negate(f: FunctionWriter, bits: Bits, register: number): void {
  f.constant(bits, 0)
  f.get(bits, register)
  f.code.op(of(SUB, bits))
}

/**
 * The divisors that need care are 0, and of a signed quotient -1, whose overflow would trap: for these two the product
 * is the answer, 0 and -dividend. A remainder by -1 is 0 in WebAssembly, too.
 */
const lowerDivisionByRegister =
  (row: InstructionRow, bits: Bits, opcode: number): Lower =>
  (f, { dst, src }) => {
    const { operation } = row
    f.get(bits, src)
    if (operation === 'sdiv') {
      binary(f, bits, ADD, 1)
      binary(f, bits, LE_U, 1)
    } else f.code.op(of(EQZ, bits))
    f.code.open(OP.if, valueType(bits))
    if (operation === 'div') f.constant(bits, 0)
    else f.get(bits, dst)
    if (operation === 'sdiv') {
      f.get(bits, src)
      f.code.op(of(MUL, bits))
    }
    f.code.op(OP.else)
    f.get(bits, dst)
    f.get(bits, src)
    f.code.op(opcode)
    f.code.op(OP.end)
    f.set(bits, dst)
  }

/** Kind `neg`. */
export function lowerNegation(row: InstructionRow): Lower {
  const bits = row.bits as Bits
  return (f, { dst }) => {
    negate(f, bits, dst)
    f.set(bits, dst)
  }
}

/** Kind `movsx`. */
export function lowerSignExtension(row: InstructionRow): Lower {
  const bits = row.bits as Bits
  const opcode = of(EXTENSION[row.operation] as Pair, bits)
  return (f, { dst, src }) => {
    f.get(bits, src)
    f.code.op(opcode)
    f.set(bits, dst)
  }
}
