/** BPF-to-BPF calls: the callee is explored anew from each call site, with what the caller's registers hold. */
import type { Insn } from '@bpfoundry/isa'
import { frameText } from '../report/state-text.ts'
import { FrameState } from '../state/frame-state.ts'
import { PTR_TO_STACK } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { MAX_CALL_FRAMES } from './call-depth.ts'
import { transferGlobalCall } from './global-call.ts'
import { clearCallerSaved } from './helper-call.ts'

/** `call pc+n`. Leaves `v.pc` at the callee's first slot, or behind the call where the callee is judged by itself. */
export function transferSubprogramCall(v: Verification, insn: Insn): void {
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
  for (let number = 1; number <= 5; number++) callee.registers[number] = caller.register(number)
  clearCallerSaved(v)
  v.noteTransfer(target)
  v.pushFrame(callee)
  v.scratchAll()
  if (v.log.traces) {
    v.log.print(`caller:\n${frameText(caller, v.state.references)}\n`)
    v.log.print(`callee:\n${frameText(callee, v.state.references)}\n`)
  }
  v.pc = target
}

/** `exit` of a callee. Leaves `v.pc` behind the call. */
export function returnToCaller(v: Verification): void {
  const callee = v.frame
  const result = callee.register(0)
  if (result.type === PTR_TO_STACK) {
    v.refuse('VERIFIER_RETURNS_STACK', 'EINVAL', 'cannot return stack pointer to the caller')
  }
  const target = callee.callSite + 1
  v.noteTransfer(target)
  v.popFrame()
  v.frame.registers[0] = result
  if (v.log.traces) {
    v.log.print(`returning from callee:\n${frameText(callee, v.state.references)}\n`)
    v.log.print(`to caller at ${target}:\n${frameText(v.frame, v.state.references)}\n`)
  }
  v.pc = target
}
