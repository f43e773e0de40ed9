/**
 * Division and remainder. Nothing traps: x / 0 is 0 and x % 0 is x, INT_MIN / -1 is INT_MIN and INT_MIN % -1 is 0.
 *
 * The machine divides rdx:rax by a register, so that R0 and R3 are kept meanwhile, if they are still needed. The
 * divisor lies in r11, since it may be one of them.
 *
 * @see RFC 9669, section 4.1
 */
import type { Insn, InstructionName } from '@bpfoundry/isa'
import { JCC, JMP } from '../asm/branches.ts'
import { type Form, form } from '../asm/form.ts'
import { NONE, RAX, RDX, type Register } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import { SCRATCH } from '../register-map.ts'
import { moveConstant } from './constant.ts'
import { divideByConstant } from './divide-by-constant.ts'
import { AND, CMP, OR, withImmediate } from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf, Width } from './lowering.ts'

/** One of the four operations at one width. */
export interface Division {
  readonly bits: Width
  readonly signed: boolean
  readonly remainder: boolean
}

type Forms = Readonly<Record<Width, Form>>

const MOV: Forms = { 32: form('MOV r/m32, r32'), 64: form('MOV r/m64, r64') }
const TEST: Forms = { 32: form('TEST r/m32, r32'), 64: form('TEST r/m64, r64') }
const DIV: Forms = { 32: form('DIV r/m32'), 64: form('DIV r/m64') }
const IDIV: Forms = { 32: form('IDIV r/m32'), 64: form('IDIV r/m64') }
/** Sign of rax into rdx. */
const EXTEND: Forms = { 32: form('CDQ'), 64: form('CQO') }
const IMUL: Forms = { 32: form('IMUL r32, r/m32'), 64: form('IMUL r64, r/m64') }
const NOT: Forms = { 32: form('NOT r/m32'), 64: form('NOT r/m64') }
const LEA: Forms = { 32: form('LEA r32, m'), 64: form('LEA r64, m') }
const SHR = form('SHR r/m64, imm8')
const XOR = form('XOR r/m32, r32')
const PUSH = form('PUSH r64')
const POP = form('POP r64')

const byRegister =
  (division: Division): Lowering =>
  (e, insn, pc) => {
    const special = e.branches.newLabels(2)
    const done = special + 1
    e.asm.rr(MOV[division.bits], SCRATCH, registerOf(insn.src))
    testDivisor(e, division, special)
    divideByScratch(e, division, insn, pc)
    e.branches.jump(JMP, done)
    e.branches.bind(special)
    if (division.signed) specialSigned(e, division, registerOf(insn.dst))
    else byZero(e, division, registerOf(insn.dst))
    e.branches.bind(done)
  }

/** Goes to `special` for 0, and for -1 when signed. That is one test, for then divisor + 1 is 1 or 0. */
function testDivisor({ asm, branches }: Emitter, { bits, signed }: Division, special: number): void {
  if (signed) {
    // The divisor's successor needs a register: rdx or rax would have to be kept, so r11 is counted up and back.
    asm.rm(LEA[bits], SCRATCH, SCRATCH, NONE, 1)
    withImmediate(asm, CMP, bits, SCRATCH, 1)
    asm.rm(LEA[bits], SCRATCH, SCRATCH, NONE, -1)
    branches.jump(JCC.BE, special)
  } else {
    asm.rr(TEST[bits], SCRATCH, SCRATCH)
    branches.jump(JCC.E, special)
  }
}

/** Quotient or remainder of dst by r11, which is neither 0 nor, when signed, -1. */
export function divideByScratch(e: Emitter, division: Division, { dst }: Insn, pc: number): void {
  const { bits, signed, remainder } = division
  const { asm } = e
  const to = registerOf(dst)
  const result = remainder ? RDX : RAX
  const keepRax = to !== RAX && e.isLiveBehind(pc, 0)
  const keepRdx = to !== RDX && e.isLiveBehind(pc, 3)
  if (keepRax) asm.r(PUSH, RAX)
  if (keepRdx) asm.r(PUSH, RDX)
  if (to !== RAX) asm.rr(MOV[bits], RAX, to)
  if (bits === 64 && !signed) divideByWidth(e)
  else {
    if (signed) asm.none(EXTEND[bits])
    else asm.rr(XOR, RDX, RDX)
    asm.r(signed ? IDIV[bits] : DIV[bits], SCRATCH)
  }
  if (to !== result) asm.rr(MOV[bits], to, result)
  if (keepRdx) asm.r(POP, RDX)
  if (keepRax) asm.r(POP, RAX)
}

/**
 * rax by r11, 64 bits without a sign. Where both numbers have 32 bits, as most have, they are divided as such: on many
 * processors that takes a third of the time, and the test next to nothing.
 */
function divideByWidth({ asm, branches }: Emitter): void {
  const narrow = branches.newLabels(2)
  const done = narrow + 1
  asm.rr(MOV[64], RDX, RAX)
  asm.rr(OR.register[64], RDX, SCRATCH)
  asm.ri(SHR, RDX, 32)
  branches.jump(JCC.E, narrow)
  asm.rr(XOR, RDX, RDX)
  asm.r(DIV[64], SCRATCH)
  branches.jump(JMP, done)
  branches.bind(narrow)
  asm.r(DIV[32], SCRATCH)
  branches.bind(done)
}

/** x / 0 = 0, x % 0 = x, with its upper half cleared in 32 bits */
function byZero({ asm }: Emitter, { bits, remainder }: Division, to: Register): void {
  if (!remainder) asm.rr(XOR, to, to)
  else if (bits === 32) asm.rr(MOV[32], to, to)
}

/** By r11, 0 or -1: the quotient is dst * r11, the remainder dst & ~r11. */
function specialSigned({ asm }: Emitter, { bits, remainder }: Division, to: Register): void {
  if (remainder) {
    asm.r(NOT[bits], SCRATCH)
    asm.rr(AND.register[bits], to, SCRATCH)
  } else asm.rr(IMUL[bits], to, SCRATCH)
}

const byConstant =
  (division: Division): Lowering =>
  (e, insn, pc) => {
    if (divideByConstant(e.asm, division, registerOf(insn.dst), insn.imm)) return
    moveConstant(e.asm, SCRATCH, insn.imm, division.bits === 32 ? 0 : insn.imm >> 31)
    divideByScratch(e, division, insn, pc)
  }

const U64: Division = { bits: 64, signed: false, remainder: false }
const U32: Division = { ...U64, bits: 32 }
const S64: Division = { ...U64, signed: true }
const S32: Division = { ...S64, bits: 32 }
const remainderOf = (division: Division): Division => ({ ...division, remainder: true })

// biome-ignore format: table
export const DIVIDE: LoweringsOf<Extract<InstructionName, `ALU${Width}_${'DIV' | 'SDIV' | 'MOD' | 'SMOD'}_${'K' | 'X'}`>> = {
  // w1 /= w2    ->   mov r11d, esi; test r11d, r11d; je; mov eax, edi; xor edx, edx; div r11d; mov edi, eax
  ALU64_DIV_X:  byRegister(U64),
  ALU32_DIV_X:  byRegister(U32),
  ALU64_SDIV_X: byRegister(S64),
  ALU32_SDIV_X: byRegister(S32),
  ALU64_MOD_X:  byRegister(remainderOf(U64)),
  ALU32_MOD_X:  byRegister(remainderOf(U32)),
  ALU64_SMOD_X: byRegister(remainderOf(S64)),
  ALU32_SMOD_X: byRegister(remainderOf(S32)),
  // r1 /= 8     ->   shr rdi, 3
  ALU64_DIV_K:  byConstant(U64),
  ALU32_DIV_K:  byConstant(U32),
  ALU64_SDIV_K: byConstant(S64),
  ALU32_SDIV_K: byConstant(S32),
  ALU64_MOD_K:  byConstant(remainderOf(U64)),
  ALU32_MOD_K:  byConstant(remainderOf(U32)),
  ALU64_SMOD_K: byConstant(remainderOf(S64)),
  ALU32_SMOD_K: byConstant(remainderOf(S32)),
}
