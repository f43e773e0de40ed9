/**
 * Arithmetic, moves and negation.
 *
 * @see RFC 9669, section 4.1
 */
import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import type { InstructionName } from '@bpfoundry/isa'
import type { Assembler } from '../asm/assembler.ts'
import { type Form, form } from '../asm/form.ts'
import { NONE, type Register } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import { CONTEXT } from '../register-map.ts'
import { moveConstant } from './constant.ts'
import {
  ADD,
  AND,
  type ArithmeticForms,
  addImmediate,
  andImmediate,
  OR,
  orImmediate,
  SUB,
  subImmediate,
  XOR,
  xorImmediate,
} from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf, Width } from './lowering.ts'

const MOV64: Form = form('MOV r/m64, r64')
const ADD_FROM: Form = form('ADD r64, r/m64')

/** dst op= imm */
const constant =
  (write: (asm: Assembler, bits: Width, to: Register, imm: number) => void, bits: Width): Lowering =>
  ({ asm }, { dst, imm }) =>
    write(asm, bits, registerOf(dst), imm)

/** dst op= src, or dst = op src */
const registers =
  (op: Form): Lowering =>
  ({ asm }, { dst, src }) =>
    asm.rr(op, registerOf(dst), registerOf(src))

const both = (op: ArithmeticForms, bits: Width): Lowering => registers(op.register[bits])

/** dst = op dst */
const unary =
  (op: Form): Lowering =>
  ({ asm }, { dst }) =>
    asm.r(op, registerOf(dst))

/** A register's move to itself is none in 64 bits; in 32 it clears the upper half. */
const move64: Lowering = ({ asm }, { dst, src }) => {
  if (dst !== src) asm.rr(MOV64, registerOf(dst), registerOf(src))
}

const setConstant =
  (bits: Width): Lowering =>
  ({ asm }, { dst, imm }) =>
    moveConstant(asm, registerOf(dst), imm, bits === 32 ? 0 : imm >> 31)

/** dst = src + address of the CPU block */
function perCpu(e: Emitter, dst: number, src: number): void {
  if (dst !== src) e.asm.rr(MOV64, registerOf(dst), registerOf(src))
  e.asm.rm(ADD_FROM, registerOf(dst), CONTEXT, NONE, NATIVE_CONTEXT.cpuBlock)
}

type Operation = 'ADD' | 'SUB' | 'OR' | 'AND' | 'XOR' | 'MOV'
type Name = Extract<
  InstructionName,
  `ALU${Width}_${Operation}_${'K' | 'X'}` | `ALU${Width}_${'NEG' | `MOVSX${number}`}` | 'MOV64_PERCPU'
>

// biome-ignore format: table
export const ARITHMETIC: LoweringsOf<Name> = {
  // r1 += 5          ->   add rdi, 5
  ALU64_ADD_K:   constant(addImmediate, 64),
  ALU32_ADD_K:   constant(addImmediate, 32),
  // r1 += r2         ->   add rdi, rsi
  ALU64_ADD_X:   both(ADD, 64),
  ALU32_ADD_X:   both(ADD, 32),
  ALU64_SUB_K:   constant(subImmediate, 64),
  ALU32_SUB_K:   constant(subImmediate, 32),
  ALU64_SUB_X:   both(SUB, 64),
  ALU32_SUB_X:   both(SUB, 32),
  ALU64_OR_K:    constant(orImmediate, 64),
  ALU32_OR_K:    constant(orImmediate, 32),
  ALU64_OR_X:    both(OR, 64),
  ALU32_OR_X:    both(OR, 32),
  // r1 &= 15         ->   and edi, 15
  ALU64_AND_K:   constant(andImmediate, 64),
  ALU32_AND_K:   constant(andImmediate, 32),
  ALU64_AND_X:   both(AND, 64),
  ALU32_AND_X:   both(AND, 32),
  ALU64_XOR_K:   constant(xorImmediate, 64),
  ALU32_XOR_K:   constant(xorImmediate, 32),
  ALU64_XOR_X:   both(XOR, 64),
  ALU32_XOR_X:   both(XOR, 32),
  // r1 = -1          ->   mov rdi, -1
  ALU64_MOV_K:   setConstant(64),
  // w1 = -1          ->   mov edi, 0xffffffff
  ALU32_MOV_K:   setConstant(32),
  // r1 = r2          ->   mov rdi, rsi
  ALU64_MOV_X:   move64,
  // w1 = w2          ->   mov edi, esi
  ALU32_MOV_X:   registers(form('MOV r/m32, r32')),
  // r1 = (s8)r2      ->   movsx rdi, sil
  ALU64_MOVSX8:  registers(form('MOVSX r64, r/m8')),
  ALU32_MOVSX8:  registers(form('MOVSX r32, r/m8')),
  ALU64_MOVSX16: registers(form('MOVSX r64, r/m16')),
  ALU32_MOVSX16: registers(form('MOVSX r32, r/m16')),
  ALU64_MOVSX32: registers(form('MOVSXD r64, r/m32')),
  // r1 = -r1         ->   neg rdi
  ALU64_NEG:     unary(form('NEG r/m64')),
  ALU32_NEG:     unary(form('NEG r/m32')),
  // r1 = &(void __percpu *)(r2)   ->   mov rdi, rsi; add rdi, [r9 + cpuBlock]
  MOV64_PERCPU:  (e, { dst, src }) => perCpu(e, dst, src),
}
