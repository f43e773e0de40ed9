/** BPF-to-BPF calls: the callee is explored anew from each call site, with what the caller's registers hold. */
import type { Insn } from '@bpfoundry/isa'
import { markPrecise } from '../exploration/precision.ts'
import { previousRound, widen } from '../exploration/widening.ts'
import { frameText } from '../report/state-text.ts'
import { FrameState } from '../state/frame-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { PTR_TO_STACK, SCALAR } from '../state/register-type.ts'
import { checkReturnRange } from '../transfer/return-range.ts'
import type { Verification } from '../verification.ts'
import { MAX_CALL_FRAMES } from './call-depth.ts'
import { transferGlobalCall } from './global-call.ts'
import { clearCallerSaved } from './helper-call.ts'
import { checkNoReferences } from './references.ts'
import { checkCallUnderLock, checkNoLock } from './spin-lock.ts'

/** `call pc+n`. Leaves `v.pc` at the callee's first slot, or behind the call where the callee is judged by itself. */
export function transferSubprogramCall(v: Verification, insn: Insn): void {
  if (!v.profile.locksOverCalls) checkCallUnderLock(v, insn.imm)
  const target = v.pc + insn.imm + 1
  const subprogram = v.subprograms.findIndex(({ start }) => start === target)
  if (v.subprograms[subprogram]?.isGlobal === true) {
    transferGlobalCall(v, subprogram)
    return
  }
  const depth = v.state.frames.length
  if (depth >= MAX_CALL_FRAMES) {
    v.refuse('VERIFIER_CALL_DEPTH', 'E2BIG', `the call stack of ${depth + 1} frames is too deep`)
  }
  const caller = v.frame
  const callee = new FrameState(depth, subprogram, v.pc)
  for (let number = 1; number <= 5; number++) v.passRegister(caller, number, callee)
  clearCallerSaved(v)
  v.noteTransfer(target)
  v.pushFrame(callee)
  v.scratchAll()
  if (v.log.traces) {
    v.log.print(`caller:\n${frameText(caller, v.state.listed)}\n`)
    v.log.print(`callee:\n${frameText(callee, v.state.listed)}\n`)
  }
  v.pc = target
}

/** A callback answers 0 or 1: go on, or stop. @see prepare_func_exit in kernel/bpf/verifier.c */
function checkCallbackEnd(v: Verification, result: RegisterState): void {
  if (v.profile.callbacksOwnReferences) checkNoReferences(v)
  if (result.type !== SCALAR) v.refuse('VERIFIER_RETURN_VALUE', 'EACCES', 'R0 not a scalar value')
  v.liveness?.readRegister(v.frame, 0, 64)
  markPrecise(v, 0)
  checkReturnRange(v, result, [0, 1], 'At callback return')
}

/** `exit` of a callee. Leaves `v.pc` behind the call, or at it where that may call again. */
export function returnToCaller(v: Verification): void {
  if (!v.profile.locksOverCalls) checkNoLock(v, v.profile.exitLockWords)
  const callee = v.frame
  const result = callee.register(0)
  if (result.type === PTR_TO_STACK) {
    v.refuse('VERIFIER_RETURNS_STACK', 'EINVAL', 'cannot return stack pointer to the caller')
  }
  if (callee.isCallback) checkCallbackEnd(v, result)
  const target = callee.isCallback ? callee.callSite : callee.callSite + 1
  v.noteTransfer(target)
  v.popFrame()
  if (!callee.isCallback) v.passRegister(callee, 0, v.frame)
  if (v.log.traces) {
    v.log.print(`returning from callee:\n${frameText(callee, v.state.listed)}\n`)
    v.log.print(`to caller at ${target}:\n${frameText(v.frame, v.state.listed)}\n`)
  }
  const before = callee.isCallback ? previousRound(v, v.state, target) : undefined
  if (before !== undefined) widen(before.state, v.state, v.lastId)
  v.pc = target
}
