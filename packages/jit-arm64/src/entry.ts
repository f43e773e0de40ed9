/**
 * The code around a program: the function that the host calls, and the entry of tail calls.
 *
 * ```
 * run(x0 = NativeContext *, w1 = r1):
 *   save those of x19..x30 that change  AAPCS64: the callee keeps them
 *   x27 = context, x28, x26 = memory base, CPU block
 *   tailCalls, executedInsns, helperCalls = 0
 *   r1 = w1 zero-extended, r10 = the block's stackTop, 0 in what is read before it is set
 *   bl tail
 *   block.r0 = x0; context.executedInsns = x25
 *   restore; ret                        w0 is the answer
 * tail:
 *   x24 = turns of may_goto             where the program has one
 *   slot 0 ...
 * ```
 *
 * @see Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), 6.1.1
 */
import { type Label, NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { CPU_BLOCK } from '@bpfoundry/engine'
import { br, ret } from './asm/branches.ts'
import { addImm, movz } from './asm/data-processing-immediate.ts'
import { add, mov } from './asm/data-processing-register.ts'
import { ldp, ldrW, ldrX, popX, stp, strX } from './asm/loads-and-stores.ts'
import { LINK, type Register, SP, W, X, ZR } from './asm/registers.ts'
import type { Emission } from './emission.ts'
import { restoreRegisters, saveRegisters } from './frame.ts'
import {
  CONTEXT,
  CPU,
  EXECUTED,
  FRAME,
  MAX_LOOPS_HIGH,
  MEMORY,
  registerOf,
  SCRATCH,
  SCRATCH3,
  TURNS,
} from './register-map.ts'

const { fields } = CPU_BLOCK

/**
 * What `run` keeps for its caller: x29 and x30 first, where unwinders look; then what the program changes. Where a tail
 * call leads, everything may be changed.
 */
function savedByRun({ facts, options }: Emission): readonly Register[] {
  const used = facts.reads | facts.clobbers
  const kept = [6, 7, 8, 9].filter((bpf) => (used & (1 << bpf)) !== 0 || facts.hasTailCall).map(registerOf)
  const frame = facts.usesFrame ? [FRAME] : []
  const turns = facts.usesTurns || facts.hasTailCall ? [TURNS] : []
  const executed = options.count ? [EXECUTED] : []
  return [29, LINK, ...kept, ...frame, ...turns, ...executed, CPU, CONTEXT, MEMORY]
}

/** Writes `run` and the beginning of the tail entry, whose offset it gives; slot 0 comes next. */
export function putEntry(e: Emission): number {
  const tail = e.code.newLabel()
  const saved = savedByRun(e)
  saveRegisters(e.code, saved)
  e.put(addImm(X, 29, SP, 0))
  e.put(mov(X, CONTEXT, 0))
  e.put(ldp(MEMORY, CPU, CONTEXT, NATIVE_CONTEXT.memoryBase))
  e.put(strX(ZR, CONTEXT, NATIVE_CONTEXT.tailCalls))
  if (e.options.count) e.put(stp(ZR, ZR, CONTEXT, NATIVE_CONTEXT.executedInsns))
  if (e.facts.usesFrame) putFrame(e)
  e.put(mov(W, registerOf(1), 1))
  for (const bpf of ZEROED) if ((e.facts.unset & (1 << bpf)) !== 0) e.put(movz(W, registerOf(bpf), 0))
  if (e.options.count) e.put(movz(W, EXECUTED, 0))
  e.call(tail)
  putExit(e, saved)
  return putTailEntry(e, tail)
}

/** All but R1 and R10. */
const ZEROED: readonly number[] = [0, 2, 3, 4, 5, 6, 7, 8, 9, 11]

/** R10, in its host form. */
function putFrame(e: Emission): void {
  e.put(add(X, SCRATCH, MEMORY, CPU))
  e.put(ldrW(FRAME, SCRATCH, fields.stackTop.offsetBytes))
  e.put(add(X, FRAME, FRAME, MEMORY))
}

function putExit(e: Emission, saved: readonly Register[]): void {
  e.put(add(X, SCRATCH, MEMORY, CPU))
  e.put(strX(registerOf(0), SCRATCH, fields.regs.offsetBytes))
  if (e.options.count) e.put(strX(EXECUTED, CONTEXT, NATIVE_CONTEXT.executedInsns))
  restoreRegisters(e.code, saved)
  e.put(ret())
}

function putTailEntry(e: Emission, tail: Label): number {
  e.code.bind(tail)
  const offset = e.code.offset
  if (e.facts.usesTurns) e.put(movz(W, TURNS, MAX_LOOPS_HIGH, 1))
  return offset
}

/**
 * The code around helper calls, once a program. Before: w9 is the helper's number; r1..r5 go to the CPU block, and
 * executedInsns to the context, for a helper may end the run; the helper returns to whoever called this. After: r0..r5
 * come from the block, so that they are what the helper left, and the frame's return address from the stack.
 */
export function putHelperCall(e: Emission): void {
  const { code, options } = e
  code.bind(e.callHelperCounted)
  e.put(ldrX(SCRATCH3, CONTEXT, NATIVE_CONTEXT.helperCalls))
  e.put(addImm(X, SCRATCH3, SCRATCH3, 1))
  e.put(strX(SCRATCH3, CONTEXT, NATIVE_CONTEXT.helperCalls))
  code.bind(e.callHelper)
  e.put(add(X, SCRATCH3, MEMORY, CPU))
  e.put(stp(registerOf(1), registerOf(2), SCRATCH3, fields.r1.offsetBytes))
  e.put(stp(registerOf(3), registerOf(4), SCRATCH3, fields.r3.offsetBytes))
  e.put(strX(registerOf(5), SCRATCH3, fields.r5.offsetBytes))
  if (options.count) e.put(strX(EXECUTED, CONTEXT, NATIVE_CONTEXT.executedInsns))
  e.put(mov(W, 0, SCRATCH))
  e.put(ldrX(SCRATCH, CONTEXT, NATIVE_CONTEXT.callHelper))
  e.put(br(SCRATCH))
  code.bind(e.afterHelper)
  e.put(add(X, SCRATCH3, MEMORY, CPU))
  e.put(ldp(registerOf(0), registerOf(1), SCRATCH3, fields.regs.offsetBytes))
  e.put(ldp(registerOf(2), registerOf(3), SCRATCH3, fields.r2.offsetBytes))
  e.put(ldp(registerOf(4), registerOf(5), SCRATCH3, fields.r4.offsetBytes))
  e.put(mov(X, SCRATCH, LINK))
  e.put(popX(LINK, SP, 16))
  e.put(ret(SCRATCH))
}
