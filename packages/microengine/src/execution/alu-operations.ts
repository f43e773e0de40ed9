/**
 * What `alu` operations give: one function an operation, which sets the machine's condition codes. Carry means "no borrow"
 * behind a subtraction. Logic clears carry and overflow.
 *
 * @see nfp driver, jit.c: jmp_code_map (BHS and BLO behind SUB), wrp_div_imm (carry survives an immed)
 */
import type { AluOp } from '@bpfoundry/microcode'

/** Result and condition codes of an operation. The one object is used again and again. */
export interface AluResult {
  result: number
  carry: number
  overflow: number
}

/** An operation on two registers and the carry that there was. */
export type AluFunction = (out: AluResult, a: number, b: number, carry: number) => void

function add(out: AluResult, a: number, b: number, carry: number): void {
  const wide = (a >>> 0) + (b >>> 0) + carry
  const result = wide | 0
  out.result = result
  out.carry = wide > 0xffffffff ? 1 : 0
  out.overflow = ((a ^ result) & (b ^ result)) >>> 31
}

/** a - b - 1 + carry is a + ~b + carry. */
const subtract: AluFunction = (out, a, b, carry) => add(out, a, ~b, carry)

function logic(out: AluResult, result: number): void {
  out.result = result
  out.carry = 0
  out.overflow = 0
}

// biome-ignore format: one operation a line
/** Operations that cores of this model execute. */
export const ALU_FUNCTIONS: Readonly<Partial<Record<AluOp, AluFunction>>> = {
  '+':      (out, a, b) => add(out, a, b, 0),
  '+8':     (out, a, b) => add(out, a, b & 0xff, 0),
  '+16':    (out, a, b) => add(out, a, b & 0xffff, 0),
  '+carry': add,
  '-':      (out, a, b) => subtract(out, a, b, 1),
  '-carry': subtract,
  'B-A':    (out, a, b) => subtract(out, b, a, 1),
  'B':      (out, _, b) => logic(out, b),
  '~B':     (out, _, b) => logic(out, ~b),
  'AND':    (out, a, b) => logic(out, a & b),
  '~AND':   (out, a, b) => logic(out, ~a & b),
  'AND~':   (out, a, b) => logic(out, a & ~b),
  'OR':     (out, a, b) => logic(out, a | b),
  'XOR':    (out, a, b) => logic(out, a ^ b),
}
