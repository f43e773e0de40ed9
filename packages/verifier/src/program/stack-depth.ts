/** The stack that a chain of calls needs. */
import type { Insn } from '@bpfoundry/isa'
import { MAX_CALL_FRAMES } from '../calls/call-depth.ts'
import type { OlderRules } from '../portability/older-rules.ts'
import { Refusal } from '../report/refusal.ts'
import { MAX_STACK_BYTES } from '../state/frame-state.ts'
import type { Subprogram } from '../verification.ts'
import { isFunctionLoad, isSubprogramCall } from './control-flow.ts'

/** A subprogram that makes tail calls may have this much of other frames below it at most: 33 such programs may pile up. */
const TAIL_CALL_LIMIT_BYTES = 256

const TAIL_CALL_IN_CALLBACK = 'verifier bug. subprog has tail_call and async cb'

/** Frames are laid out in multiples of 16 bytes, as a JIT does; of 32, as the kernel's interpreter does. */
type FrameStep = OlderRules['frameStepBytes']

function frameBytes({ stackDepthBytes }: Subprogram, stepBytes: FrameStep): number {
  const steps = Math.ceil(stackDepthBytes / stepBytes)
  return stepBytes * (stepBytes === 32 ? Math.max(steps, 1) : steps)
}

type ByStart = ReadonlyMap<number, Subprogram>

/** Functions that run on the stack above: called, or handed over as callbacks that run before the helper returns. */
function calleesOf(insns: readonly Insn[], { start, end }: Subprogram, byStart: ByStart): ReadonlySet<Subprogram> {
  const found = new Set<Subprogram>()
  for (let pc = start; pc < end; pc++) {
    const insn = insns[pc] as Insn
    const isCall = isSubprogramCall(insn)
    if (!isCall && !isFunctionLoad(insn)) continue
    const callee = byStart.get(pc + insn.imm + 1) as Subprogram
    if (callee.isAsyncCallback && callee.hasTailCall) {
      throw new Refusal({ code: 'VERIFIER_CALLBACK', errno: 'EFAULT', message: TAIL_CALL_IN_CALLBACK }, pc)
    }
    if (isCall || !callee.isAsyncCallback) found.add(callee)
  }
  return found
}

/**
 * Walks all chains of calls from the entry on, whether or not they were explored, and from callbacks that run later.
 *
 * @throws {Refusal} VERIFIER_STACK_DEPTH, VERIFIER_CALL_DEPTH, VERIFIER_TAIL_CALL_STACK, VERIFIER_CALLBACK
 */
export function checkStackDepth(
  insns: readonly Insn[],
  subprograms: readonly Subprogram[],
  stepBytes: FrameStep,
): void {
  const byStart = new Map(subprograms.map((subprogram) => [subprogram.start, subprogram]))
  const callees = new Map<Subprogram, ReadonlySet<Subprogram>>()
  // The deepest way to each function at each depth; walked again only when it gets deeper.
  const deepest = new Map<Subprogram, Int32Array>()
  const walk = (subprogram: Subprogram, frames: number, below: number): void => {
    if (subprogram.start !== 0 && subprogram.hasTailCall && below >= TAIL_CALL_LIMIT_BYTES) {
      const message = `tail_calls are not allowed when call stack of previous frames is ${below} bytes. Too large`
      throw new Refusal({ code: 'VERIFIER_TAIL_CALL_STACK', errno: 'EACCES', message })
    }
    const depth = below + frameBytes(subprogram, stepBytes)
    if (depth > MAX_STACK_BYTES) {
      const message = `combined stack size of ${frames} calls is ${depth}. Too large`
      throw new Refusal({ code: 'VERIFIER_STACK_DEPTH', errno: 'EACCES', message })
    }
    const known = deepest.get(subprogram) ?? new Int32Array(MAX_CALL_FRAMES + 1).fill(-1)
    deepest.set(subprogram, known)
    if ((known[frames] as number) >= depth) return
    known[frames] = depth
    const called = callees.get(subprogram) ?? calleesOf(insns, subprogram, byStart)
    callees.set(subprogram, called)
    for (const callee of called) {
      if (frames >= MAX_CALL_FRAMES) {
        const message = `the call stack of ${frames} frames is too deep !`
        throw new Refusal({ code: 'VERIFIER_CALL_DEPTH', errno: 'E2BIG', message })
      }
      walk(callee, frames + 1, depth)
    }
  }
  const roots = subprograms.filter(({ isAsyncCallback }, index) => index === 0 || isAsyncCallback)
  for (const root of roots.reverse()) walk(root, 1, 0)
}
