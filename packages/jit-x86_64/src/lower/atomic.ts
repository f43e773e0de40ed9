/**
 * Atomic operations: one locked instruction where x86-64 has it, else a loop around a compare-and-exchange. All are full
 * barriers.
 *
 * @see RFC 9669, section 5.3
 */
import type { Insn, InstructionName } from '@bpfoundry/isa'
import { JCC } from '../asm/branches.ts'
import { type Form, form } from '../asm/form.ts'
import { NONE, RAX, RCX, RDX, type Register, RSI } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import { MEMORY_BASE, SCRATCH } from '../register-map.ts'
import { AND, type ArithmeticForms, OR, XOR } from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf, Width } from './lowering.ts'

type Forms = Readonly<Record<Width, Form>>

const LOCK = form('LOCK')
const LEA = form('LEA r64, m')
const MOV: Forms = { 32: form('MOV r/m32, r32'), 64: form('MOV r/m64, r64') }
const LOAD: Forms = { 32: form('MOV r32, r/m32'), 64: form('MOV r64, r/m64') }
const XCHG: Forms = { 32: form('XCHG r/m32, r32'), 64: form('XCHG r/m64, r64') }
const XADD: Forms = { 32: form('XADD r/m32, r32'), 64: form('XADD r/m64, r64') }
const CMPXCHG: Forms = { 32: form('CMPXCHG r/m32, r32'), 64: form('CMPXCHG r/m64, r64') }
const PUSH = form('PUSH r64')
const POP = form('POP r64')

/** lock op [dst + off], src */
const locked =
  (op: Form): Lowering =>
  ({ asm }, { dst, src, off }) => {
    asm.none(LOCK)
    asm.rm(op, registerOf(src), MEMORY_BASE, registerOf(dst), off)
  }

/** An exchange with memory locks by itself. */
const exchange =
  (bits: Width): Lowering =>
  ({ asm }, { dst, src, off }) =>
    asm.rm(XCHG[bits], registerOf(src), MEMORY_BASE, registerOf(dst), off)

/** BPF compares with R0 as x86-64 with rax; where that succeeds, eax is not written, so that its upper half stays. */
const compareExchange =
  (bits: Width): Lowering =>
  ({ asm }, { dst, src, off }) => {
    asm.none(LOCK)
    asm.rm(CMPXCHG[bits], registerOf(src), MEMORY_BASE, registerOf(dst), off)
    if (bits === 32) asm.rr(MOV[32], RAX, RAX)
  }

/**
 * ```
 * r2 = atomic_fetch_or((u64 *)(r1 + 8), r2)   ->       lea r11, [r12 + rdi + 8]; push rdx; push rax
 *                                                      mov rax, [r11]
 *                                                again: mov rdx, rax; or rdx, rsi
 *                                                      lock cmpxchg [r11], rdx; jne again
 *                                                      mov rsi, rax; pop rax; pop rdx
 * ```
 * When R0 is the operand, a copy of it is, and rax ends as the result.
 */
const fetch =
  (op: ArithmeticForms, bits: Width): Lowering =>
  (e, { dst, src, off }: Insn) => {
    const { asm } = e
    const from = registerOf(src)
    const next = from === RDX ? RCX : RDX
    const operand = from === RAX ? RSI : from
    const kept: Register = from === RAX ? operand : RAX
    asm.rm(LEA, SCRATCH, MEMORY_BASE, registerOf(dst), off)
    asm.r(PUSH, next)
    asm.r(PUSH, kept)
    if (from === RAX) asm.rr(MOV[64], operand, RAX)
    exchangeLoop(e, op, bits, next, operand)
    if (from !== RAX) asm.rr(MOV[bits], from, RAX)
    else if (bits === 32) asm.rr(MOV[32], RAX, RAX)
    asm.r(POP, kept)
    asm.r(POP, next)
  }

/** rax = *r11; *r11 = rax op operand, in one step. A failed exchange has loaded rax anew. */
function exchangeLoop(
  { asm, branches }: Emitter,
  op: ArithmeticForms,
  bits: Width,
  next: Register,
  by: Register,
): void {
  const again = branches.newLabels(1)
  asm.rm(LOAD[bits], RAX, SCRATCH, NONE, 0)
  branches.bind(again)
  asm.rr(MOV[bits], next, RAX)
  asm.rr(op.register[bits], next, by)
  asm.none(LOCK)
  asm.rm(CMPXCHG[bits], next, SCRATCH, NONE, 0)
  branches.jump(JCC.NE, again)
}

// biome-ignore format: table
export const ATOMIC: LoweringsOf<Extract<InstructionName, `ATOMIC${Width}_${string}`>> = {
  // lock *(u32 *)(r1 + 8) += w2    ->   lock add dword ptr [r12 + rdi + 8], esi
  ATOMIC32_ADD:       locked(form('ADD r/m32, r32')),
  ATOMIC64_ADD:       locked(form('ADD r/m64, r64')),
  ATOMIC32_OR:        locked(OR.register[32]),
  ATOMIC64_OR:        locked(OR.register[64]),
  ATOMIC32_AND:       locked(AND.register[32]),
  ATOMIC64_AND:       locked(AND.register[64]),
  ATOMIC32_XOR:       locked(XOR.register[32]),
  ATOMIC64_XOR:       locked(XOR.register[64]),
  // r2 = atomic_fetch_add((u64 *)(r1 + 8), r2)   ->   lock xadd qword ptr [r12 + rdi + 8], rsi
  ATOMIC32_FETCH_ADD: locked(XADD[32]),
  ATOMIC64_FETCH_ADD: locked(XADD[64]),
  ATOMIC32_FETCH_OR:  fetch(OR, 32),
  ATOMIC64_FETCH_OR:  fetch(OR, 64),
  ATOMIC32_FETCH_AND: fetch(AND, 32),
  ATOMIC64_FETCH_AND: fetch(AND, 64),
  ATOMIC32_FETCH_XOR: fetch(XOR, 32),
  ATOMIC64_FETCH_XOR: fetch(XOR, 64),
  // r2 = xchg_64(r1 + 8, r2)                     ->   xchg qword ptr [r12 + rdi + 8], rsi
  ATOMIC32_XCHG:      exchange(32),
  ATOMIC64_XCHG:      exchange(64),
  // r0 = cmpxchg_64(r1 + 8, r0, r2)              ->   lock cmpxchg qword ptr [r12 + rdi + 8], rsi
  ATOMIC32_CMPXCHG:   compareExchange(32),
  ATOMIC64_CMPXCHG:   compareExchange(64),
}
