/**
 * Arithmetic of both widths. A64 gives what RFC 9669 asks for without a branch: udiv and sdiv answer 0 for a divisor of 0
 * and the least number for the least number by -1, so that `dst - quotient * divisor` leaves dst for a modulus of 0; shifts
 * take their count modulo the width; writing Wd clears the upper half of Xd.
 *
 * @see RFC 9669, section 4.1
 */
import type { InstructionName } from '@bpfoundry/isa'
import { asrImm, lslImm, lsrImm, signExtend } from '../asm/data-processing-immediate.ts'
import {
  add,
  and,
  asrv,
  eor,
  lslv,
  lsrv,
  mov,
  msub,
  mul,
  neg,
  orr,
  sdiv,
  sub,
  type ThreeRegisters,
  udiv,
} from '../asm/data-processing-register.ts'
import { type Register, W, type Width, X } from '../asm/registers.ts'
import { AND, addConstant, EOR, type LogicalForms, loadConstant, logicalConstant, ORR } from '../constants.ts'
import type { Emission } from '../emission.ts'
import { CPU, FRAME, MEMORY, R10, SCRATCH, SCRATCH2 } from '../register-map.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

/** dst = dst op src */
const binary =
  (sf: Width, op: ThreeRegisters): Lowering =>
  (e, { dst, src }) => {
    // Both may be r10, which is one value in one register.
    const n = e.source(dst)
    e.put(op(sf, e.register(dst), n, src === dst ? n : e.source(src)))
  }

/** dst -= quotient * divisor */
function remainder(e: Emission, sf: Width, divide: ThreeRegisters, dst: number, divisor: Register): void {
  const n = e.source(dst)
  e.put(divide(sf, SCRATCH2, n, divisor))
  e.put(msub(sf, e.register(dst), SCRATCH2, divisor, n))
}

const modulo =
  (sf: Width, divide: ThreeRegisters): Lowering =>
  (e, { dst, src }) =>
    remainder(e, sf, divide, dst, e.source(src))

/** dst += imm; the sum with 0 is none, but for the upper half. */
const addImmediate =
  (sf: Width, sign: 1 | -1): Lowering =>
  (e, { dst, imm }) => {
    // -2^31 is its own negative in 32 bits, in 64 it is not.
    if (imm === 0) copy(e, sf, dst)
    else if (sign === 1 || imm !== -0x80000000) addConstant(e.code, sf, e.register(dst), e.source(dst), sign * imm)
    else throughScratch(e, sf, sub, dst, imm)
  }

function throughScratch(e: Emission, sf: Width, op: ThreeRegisters, dst: number, imm: number): void {
  loadConstant(e.code, sf, SCRATCH, imm)
  e.put(op(sf, e.register(dst), e.source(dst), SCRATCH))
}

/** What an operation that changes nothing still does: 32-bit ones clear the upper half, and there may be a copy to make. */
function copy(e: Emission, sf: Width, dst: number): void {
  const [d, n] = [e.register(dst), e.source(dst)]
  if (sf === W || d !== n) e.put(mov(sf, d, n))
}

/** dst = dst op imm, for and, or, xor */
const logicalImmediate =
  (sf: Width, forms: LogicalForms): Lowering =>
  (e, { dst, imm }) => {
    if (forms === AND && imm === -1) copy(e, sf, dst)
    else logicalConstant(e.code, forms, sf, e.register(dst), e.source(dst), imm)
  }

/** The exponent where an immediate is a power of two, else -1. Of the negative ones 2^31 counts in 32 bits only. */
function powerOfTwo(sf: Width, imm: number): number {
  const isPower = imm > 0 || (imm === -0x80000000 && sf === W)
  return isPower && (imm & (imm - 1)) === 0 ? 31 - Math.clz32(imm) : -1
}

/** `r1 *= 8   ->   lsl x1, x1, #3` */
const multiplyImmediate =
  (sf: Width): Lowering =>
  (e, { dst, imm }) => {
    const shift = powerOfTwo(sf, imm)
    if (shift === 0) copy(e, sf, dst)
    else if (shift > 0) e.put(lslImm(sf, e.register(dst), e.source(dst), shift))
    else throughScratch(e, sf, mul, dst, imm)
  }

/** `r1 /= 8   ->   lsr x1, x1, #3` */
const divideImmediate =
  (sf: Width): Lowering =>
  (e, { dst, imm }) => {
    const shift = powerOfTwo(sf, imm)
    if (shift === 0) copy(e, sf, dst)
    else if (shift > 0) e.put(lsrImm(sf, e.register(dst), e.source(dst), shift))
    else throughScratch(e, sf, udiv, dst, imm)
  }

/** `r1 %= 8   ->   and x1, x1, #7` */
const moduloImmediate =
  (sf: Width): Lowering =>
  (e, { dst, imm }) => {
    const shift = powerOfTwo(sf, imm)
    if (shift < 0) {
      loadConstant(e.code, sf, SCRATCH, imm)
      remainder(e, sf, udiv, dst, SCRATCH)
    } else logicalConstant(e.code, AND, sf, e.register(dst), e.source(dst), (2 ** shift - 1) | 0)
  }

const signedDivideImmediate =
  (sf: Width): Lowering =>
  (e, { dst, imm }) =>
    throughScratch(e, sf, sdiv, dst, imm)

const signedModuloImmediate =
  (sf: Width): Lowering =>
  (e, { dst, imm }) => {
    loadConstant(e.code, sf, SCRATCH, imm)
    remainder(e, sf, sdiv, dst, SCRATCH)
  }

/** A shift by a constant. */
type ShiftImmediate = (sf: Width, Rd: Register, Rn: Register, shift: number) => number

/** dst = dst shifted by imm modulo the width */
const shiftImmediate =
  (sf: Width, op: ShiftImmediate): Lowering =>
  (e, { dst, imm }) => {
    const shift = imm & (sf === X ? 63 : 31)
    if (shift === 0) copy(e, sf, dst)
    else e.put(op(sf, e.register(dst), e.source(dst), shift))
  }

const moveImmediate =
  (sf: Width): Lowering =>
  (e, { dst, imm }) =>
    loadConstant(e.code, sf, e.register(dst), imm)

/** `r1 = r10   ->   sub x1, x23, x28`: what R10 is as a guest address */
const move =
  (sf: Width): Lowering =>
  (e, { dst, src }) => {
    const d = e.register(dst)
    if (src === R10 && dst !== R10) e.put(sub(sf, d, FRAME, MEMORY))
    else if (sf === W || dst !== src) e.put(mov(sf, d, e.source(src)))
  }

const moveSigned =
  (sf: Width, bits: 8 | 16 | 32): Lowering =>
  (e, { dst, src }) =>
    e.put(signExtend(sf, e.register(dst), e.source(src), bits))

const negate =
  (sf: Width): Lowering =>
  (e, { dst }) =>
    e.put(neg(sf, e.register(dst), e.source(dst)))

/** This CPU's variables are its block. */
const movePerCpu: Lowering = (e, { dst, src }) => e.put(add(X, e.register(dst), e.source(src), CPU))

// biome-ignore format: table
export const ARITHMETIC: LoweringsOf<Extract<InstructionName, `ALU${number}_${string}`> | 'MOV64_PERCPU'> = {
  ALU32_ADD_K:   addImmediate(W, 1),          // w1 += 5      ->  add w1, w1, #5
  ALU32_ADD_X:   binary(W, add),              // w1 += w2     ->  add w1, w1, w2
  ALU32_SUB_K:   addImmediate(W, -1),         // w1 -= 5      ->  sub w1, w1, #5
  ALU32_SUB_X:   binary(W, sub),              // w1 -= w2     ->  sub w1, w1, w2
  ALU32_MUL_K:   multiplyImmediate(W),        // w1 *= 5      ->  mov w9, #5; mul w1, w1, w9
  ALU32_MUL_X:   binary(W, mul),              // w1 *= w2     ->  mul w1, w1, w2
  ALU32_DIV_K:   divideImmediate(W),          // w1 /= 5      ->  mov w9, #5; udiv w1, w1, w9
  ALU32_DIV_X:   binary(W, udiv),             // w1 /= w2     ->  udiv w1, w1, w2
  ALU32_SDIV_K:  signedDivideImmediate(W),    // w1 s/= 5     ->  mov w9, #5; sdiv w1, w1, w9
  ALU32_SDIV_X:  binary(W, sdiv),             // w1 s/= w2    ->  sdiv w1, w1, w2
  ALU32_MOD_K:   moduloImmediate(W),          // w1 %= 5      ->  mov w9, #5; udiv w10, w1, w9; msub w1, w10, w9, w1
  ALU32_MOD_X:   modulo(W, udiv),             // w1 %= w2     ->  udiv w10, w1, w2; msub w1, w10, w2, w1
  ALU32_SMOD_K:  signedModuloImmediate(W),    // w1 s%= 5     ->  mov w9, #5; sdiv w10, w1, w9; msub w1, w10, w9, w1
  ALU32_SMOD_X:  modulo(W, sdiv),             // w1 s%= w2    ->  sdiv w10, w1, w2; msub w1, w10, w2, w1
  ALU32_OR_K:    logicalImmediate(W, ORR),    // w1 |= 0xff   ->  orr w1, w1, #0xff
  ALU32_OR_X:    binary(W, orr),              // w1 |= w2     ->  orr w1, w1, w2
  ALU32_AND_K:   logicalImmediate(W, AND),    // w1 &= 0xff   ->  and w1, w1, #0xff
  ALU32_AND_X:   binary(W, and),              // w1 &= w2     ->  and w1, w1, w2
  ALU32_XOR_K:   logicalImmediate(W, EOR),    // w1 ^= 0xff   ->  eor w1, w1, #0xff
  ALU32_XOR_X:   binary(W, eor),              // w1 ^= w2     ->  eor w1, w1, w2
  ALU32_LSH_K:   shiftImmediate(W, lslImm),   // w1 <<= 5     ->  lsl w1, w1, #5
  ALU32_LSH_X:   binary(W, lslv),             // w1 <<= w2    ->  lsl w1, w1, w2
  ALU32_RSH_K:   shiftImmediate(W, lsrImm),   // w1 >>= 5     ->  lsr w1, w1, #5
  ALU32_RSH_X:   binary(W, lsrv),             // w1 >>= w2    ->  lsr w1, w1, w2
  ALU32_ARSH_K:  shiftImmediate(W, asrImm),   // w1 s>>= 5    ->  asr w1, w1, #5
  ALU32_ARSH_X:  binary(W, asrv),             // w1 s>>= w2   ->  asr w1, w1, w2
  ALU32_MOV_K:   moveImmediate(W),            // w1 = 5       ->  mov w1, #5
  ALU32_MOV_X:   move(W),                     // w1 = w2      ->  mov w1, w2
  ALU32_NEG:     negate(W),                   // w1 = -w1     ->  neg w1, w1
  ALU32_MOVSX8:  moveSigned(W, 8),            // w1 = (s8)w2  ->  sxtb w1, w2
  ALU32_MOVSX16: moveSigned(W, 16),           // w1 = (s16)w2 ->  sxth w1, w2
  ALU64_ADD_K:   addImmediate(X, 1),          // r1 += 5      ->  add x1, x1, #5
  ALU64_ADD_X:   binary(X, add),              // r1 += r2     ->  add x1, x1, x2
  ALU64_SUB_K:   addImmediate(X, -1),         // r1 -= 5      ->  sub x1, x1, #5
  ALU64_SUB_X:   binary(X, sub),              // r1 -= r2     ->  sub x1, x1, x2
  ALU64_MUL_K:   multiplyImmediate(X),        // r1 *= 5      ->  mov x9, #5; mul x1, x1, x9
  ALU64_MUL_X:   binary(X, mul),              // r1 *= r2     ->  mul x1, x1, x2
  ALU64_DIV_K:   divideImmediate(X),          // r1 /= 5      ->  mov x9, #5; udiv x1, x1, x9
  ALU64_DIV_X:   binary(X, udiv),             // r1 /= r2     ->  udiv x1, x1, x2
  ALU64_SDIV_K:  signedDivideImmediate(X),    // r1 s/= 5     ->  mov x9, #5; sdiv x1, x1, x9
  ALU64_SDIV_X:  binary(X, sdiv),             // r1 s/= r2    ->  sdiv x1, x1, x2
  ALU64_MOD_K:   moduloImmediate(X),          // r1 %= 5      ->  mov x9, #5; udiv x10, x1, x9; msub x1, x10, x9, x1
  ALU64_MOD_X:   modulo(X, udiv),             // r1 %= r2     ->  udiv x10, x1, x2; msub x1, x10, x2, x1
  ALU64_SMOD_K:  signedModuloImmediate(X),    // r1 s%= 5     ->  mov x9, #5; sdiv x10, x1, x9; msub x1, x10, x9, x1
  ALU64_SMOD_X:  modulo(X, sdiv),             // r1 s%= r2    ->  sdiv x10, x1, x2; msub x1, x10, x2, x1
  ALU64_OR_K:    logicalImmediate(X, ORR),    // r1 |= 0xff   ->  orr x1, x1, #0xff
  ALU64_OR_X:    binary(X, orr),              // r1 |= r2     ->  orr x1, x1, x2
  ALU64_AND_K:   logicalImmediate(X, AND),    // r1 &= -8     ->  and x1, x1, #0xfffffffffffffff8
  ALU64_AND_X:   binary(X, and),              // r1 &= r2     ->  and x1, x1, x2
  ALU64_XOR_K:   logicalImmediate(X, EOR),    // r1 ^= 0xff   ->  eor x1, x1, #0xff
  ALU64_XOR_X:   binary(X, eor),              // r1 ^= r2     ->  eor x1, x1, x2
  ALU64_LSH_K:   shiftImmediate(X, lslImm),   // r1 <<= 5     ->  lsl x1, x1, #5
  ALU64_LSH_X:   binary(X, lslv),             // r1 <<= r2    ->  lsl x1, x1, x2
  ALU64_RSH_K:   shiftImmediate(X, lsrImm),   // r1 >>= 5     ->  lsr x1, x1, #5
  ALU64_RSH_X:   binary(X, lsrv),             // r1 >>= r2    ->  lsr x1, x1, x2
  ALU64_ARSH_K:  shiftImmediate(X, asrImm),   // r1 s>>= 5    ->  asr x1, x1, #5
  ALU64_ARSH_X:  binary(X, asrv),             // r1 s>>= r2   ->  asr x1, x1, x2
  ALU64_MOV_K:   moveImmediate(X),            // r1 = -5      ->  mov x1, #-5
  ALU64_MOV_X:   move(X),                     // r1 = r2      ->  mov x1, x2
  ALU64_NEG:     negate(X),                   // r1 = -r1     ->  neg x1, x1
  ALU64_MOVSX8:  moveSigned(X, 8),            // r1 = (s8)r2  ->  sxtb x1, w2
  ALU64_MOVSX16: moveSigned(X, 16),           // r1 = (s16)r2 ->  sxth x1, w2
  ALU64_MOVSX32: moveSigned(X, 32),           // r1 = (s32)r2 ->  sxtw x1, w2
  MOV64_PERCPU:  movePerCpu,                  // r1 = &(void __percpu *)(r2)  ->  add x1, x2, x26
}
