/**
 * Rotates, which BPF lacks and hash functions are made of: a copy, two opposite shifts that add up to the width, and
 * their union.
 *
 * ```
 * w3 = w2; w3 <<= 13; w2 >>= 19; w2 |= w3   ->   rol esi, 13
 * ```
 * The register with the other part is only made when it is read later.
 */
import { BPF_ADD, BPF_LSH, BPF_OP, BPF_OR, BPF_RSH, BPF_XOR, type Insn } from '@bpfoundry/isa'
import { form } from '../asm/form.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import type { Width } from '../lower/lowering.ts'
import { LOWERINGS } from '../lower/lowerings.ts'
import type { Fusion } from './fusion.ts'

const ROL = { 32: form('ROL r/m32, imm8'), 64: form('ROL r/m64, imm8') } as const
const RORX = { 32: form('RORX r32, r/m32, imm8'), 64: form('RORX r64, r/m64, imm8') } as const
const MOV = { 32: form('MOV r/m32, r32'), 64: form('MOV r/m64, r64') } as const

/** Opcodes of the two classes, without the operation: with a constant, with a register. */
const CLASSES: Readonly<Record<Width, { readonly k: number; readonly x: number }>> = {
  32: { k: 0x04, x: 0x0c },
  64: { k: 0x07, x: 0x0f },
}
/** Operations that unite parts without common bits. */
const UNIONS = [BPF_OR, BPF_XOR, BPF_ADD]
const LENGTH = 4

export const rotate =
  (bits: Width): Fusion =>
  (e, pc, end) => {
    if (pc + LENGTH > end) return pc
    const [copy, first, second, union] = e.job.insns.slice(pc, pc + LENGTH) as [Insn, Insn, Insn, Insn]
    const left = leftCount(bits, copy, first, second)
    if (left === 0 || !unites(bits, union, copy)) return pc
    const part = first.dst === union.src ? first : second
    writeRotate(e, bits, { copy, part, union, left, partNeeded: e.isLiveBehind(pc + LENGTH - 1, union.src) })
    return pc + LENGTH
  }

/** Bits that two shifts of a value and its copy rotate it to the left by; 0 when they don't. */
function leftCount(bits: Width, copy: Insn, first: Insn, second: Insn): number {
  const { k } = CLASSES[bits]
  const [shl, shr] = BPF_OP(first.opcode) === BPF_LSH ? [first, second] : [second, first]
  const onBoth = first.dst !== second.dst && isOneOf(first.dst, copy) && isOneOf(second.dst, copy)
  const opposite = shl.opcode === (BPF_LSH | k) && shr.opcode === (BPF_RSH | k)
  const whole = shl.imm > 0 && shl.imm < bits && shl.imm + shr.imm === bits
  return copy.dst !== copy.src && onBoth && opposite && whole ? shl.imm : 0
}

const isOneOf = (n: number, { dst, src }: Insn): boolean => n === dst || n === src

function unites(bits: Width, union: Insn, copy: Insn): boolean {
  const known = (union.opcode & 0x0f) === CLASSES[bits].x && UNIONS.includes(BPF_OP(union.opcode))
  return known && union.off === 0 && union.dst !== union.src && isOneOf(union.dst, copy) && isOneOf(union.src, copy)
}

interface Match {
  readonly copy: Insn
  /** The shift that makes the register which is not the result. */
  readonly part: Insn
  readonly union: Insn
  readonly left: number
  readonly partNeeded: boolean
}

function writeRotate(e: Emitter, bits: Width, { copy, part, union, left, partNeeded }: Match): void {
  const [to, from] = [registerOf(union.dst), registerOf(copy.src)]
  const shift = BPF_OP(part.opcode) === BPF_LSH ? 'LSH' : 'RSH'
  const makePart = (): void => {
    if (partNeeded) LOWERINGS[`ALU${bits}_${shift}_K`](e, part, 0)
  }
  if (union.dst === copy.src) {
    if (partNeeded) e.asm.rr(MOV[bits], registerOf(copy.dst), from)
    makePart()
    e.asm.ri(ROL[bits], to, left)
  } else if (e.job.features.bmi2 === true) {
    e.asm.rri(RORX[bits], to, from, bits - left)
    makePart()
  } else {
    e.asm.rr(MOV[bits], to, from)
    e.asm.ri(ROL[bits], to, left)
    makePart()
  }
}
