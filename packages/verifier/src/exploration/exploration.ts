/**
 * The exploration: every path from the entry, depth first. At a jump with two open ways the path falls through and the
 * other way is put on a stack; a path ends at the program's exit, or where a state kept earlier covers it.
 */
import { BPF_ABS, BPF_CALL, BPF_EXIT, BPF_IND, BPF_JA, type Insn } from '@bpfoundry/isa'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { transferHelperCall } from '../calls/helper-call.ts'
import { transferKernelCall } from '../calls/kernel-call.ts'
import { returnToCaller, transferSubprogramCall } from '../calls/subprogram-call.ts'
import { isConditionalJump, isMayGoto, jumpTarget } from '../program/control-flow.ts'
import { registerFact } from '../report/facts.ts'
import { insnText } from '../report/insn-text.ts'
import { Refusal } from '../report/refusal.ts'
import { frameText } from '../report/state-text.ts'
import { byteIndex, slotIndex } from '../state/frame-state.ts'
import { BYTE_ZERO, byteKind } from '../state/stack-slot.ts'
import { transferAlu } from '../transfer/arithmetic.ts'
import { transferImmediateLoad } from '../transfer/immediate-load.ts'
import { transferJump } from '../transfer/jump.ts'
import { transferLoad, transferStoreImmediate, transferStoreRegister } from '../transfer/load-store.ts'
import { transferMayGoto } from '../transfer/may-goto.ts'
import { transferPacketLoad } from '../transfer/packet-load.ts'
import { checkProgramExit } from '../transfer/program-exit.ts'
import type { Verification } from '../verification.ts'
import type { RegisterFact } from '../verifier-api.ts'
import { finishBranch, isCovered } from './checkpoints.ts'
import { deviceRefusal } from './device-refusal.ts'

/** What an instruction does to the path: goes on (with `v.pc` set), or ends it. */
export type Step = 'on' | 'end'

type Transfer = (v: Verification, insn: Insn) => Step

function straight(transfer: (v: Verification, insn: Insn) => void): Transfer {
  return (v, insn) => {
    transfer(v, insn)
    v.pc += 1
    return 'on'
  }
}

const [CALLS_HELPER, CALLS_SUBPROGRAM, CALLS_KERNEL] = [0, 1, 2]

function call(v: Verification, insn: Insn): Step {
  if (insn.src === CALLS_SUBPROGRAM) transferSubprogramCall(v, insn)
  else if (insn.src === CALLS_HELPER) transferHelperCall(v, insn)
  else if (insn.src === CALLS_KERNEL && !transferKernelCall(v, insn)) return 'end'
  return 'on'
}

function exit(v: Verification): Step {
  if (v.state.frames.length > 1) {
    returnToCaller(v)
    return 'on'
  }
  checkProgramExit(v)
  return 'end'
}

function jumpAlways(v: Verification, insn: Insn): Step {
  const target = jumpTarget(insn, v.pc)
  v.noteTransfer(target)
  v.pc = target
  return 'on'
}

function jump(v: Verification, insn: Insn): Step {
  const operation = insn.opcode & 0xf0
  v.jumpsProcessed++
  if (operation === BPF_CALL) return call(v, insn)
  if (operation === BPF_EXIT) return exit(v)
  if (operation === BPF_JA) return jumpAlways(v, insn)
  if (isMayGoto(insn)) transferMayGoto(v, insn)
  else transferJump(v, insn)
  return 'on'
}

function load(v: Verification, insn: Insn): Step {
  const mode = insn.opcode & 0xe0
  if (mode === BPF_ABS || mode === BPF_IND) {
    transferPacketLoad(v, insn)
  } else {
    transferImmediateLoad(v, insn)
    if (!v.state.isSpeculative) v.notes.seen[v.pc + 1] = 1
    v.pc += 2
  }
  return 'on'
}

/** By instruction class: LD, LDX, ST, STX, ALU, JMP, JMP32, ALU64. */
// biome-ignore format: table
const TRANSFERS: readonly Transfer[] = [
  load, straight(transferLoad), straight(transferStoreImmediate), straight(transferStoreRegister),
  straight(transferAlu), jump, jump, straight(transferAlu),
]

function checkComplexity(v: Verification, limit: number): void {
  v.insnsProcessed++
  if (v.insnsProcessed <= limit) return
  const message = `BPF program is too large. Processed ${v.insnsProcessed} insn`
  const hint = 'the paths through the program multiply, or a loop runs too long to be followed'
  v.refuse('VERIFIER_TOO_COMPLEX', 'E2BIG', message, hint)
}

/** Explores from the current state until no path is left. Throws a Refusal at the first offence. */
export function explore(v: Verification): void {
  const limit = v.options.complexityLimit ?? v.limits.exploredInsns
  const { explored } = v.slotCounts
  let showsState = false
  for (;;) {
    explored[v.pc] = (explored[v.pc] as number) + 1
    checkComplexity(v, limit)
    let step: Step = 'on'
    if (v.notes.prunePoints[v.pc] === 1 && isCovered(v)) {
      printCovered(v, showsState)
      step = 'end'
    } else {
      if (v.notes.jumpPoints[v.pc] === 1) v.state.stepCount++
      if (v.log.traces) printBefore(v, showsState)
      showsState = false
      askDevice(v)
      const wasReturn = v.insn.opcode === 0x95 && v.state.frames.length > 1
      step = v.state.isSpeculative && v.profile.stopsSpeculation ? runGuarded(v) : runInsn(v)
      if (wasReturn) showsState = true
    }
    if (step === 'on') continue
    v.scratchAll()
    finishBranch(v.state)
    if (!resume(v)) return
    showsState = true
  }
}

/** Runs the instruction that the path stands at. Ways that it puts aside are in `v.pending`. Throws a Refusal. */
export function runInsn(v: Verification): Step {
  const { insn, pc } = v
  if (!v.state.isSpeculative) v.notes.seen[pc] = 1
  v.previousPc = pc
  const wrong = v.notes.malformed[pc]
  if (wrong !== undefined) refuseForm(v, insn, wrong)
  return (TRANSFERS[insn.opcode & 0x07] as Transfer)(v, insn)
}

/** Of a comparison, the register is looked at first. */
function refuseForm(v: Verification, insn: Insn, words: string): never {
  if (isConditionalJump(insn) && !isMayGoto(insn)) v.read(insn.dst)
  return v.refuse('VERIFIER_RESERVED_FIELD', 'EINVAL', words)
}

/** A speculative path that goes wrong is stopped there, by a barrier in front of the instruction. */
function runGuarded(v: Verification): Step {
  const { pc } = v
  if (v.sanitation.hasBarrierBefore(pc)) return 'end'
  try {
    const step = runInsn(v)
    return v.sanitation.hasBarrierAfter(pc) ? 'end' : step
  } catch (error) {
    if (!(error instanceof Refusal) || !STOPPED_BY_BARRIER.has(error.errno)) throw error
    v.sanitation.putBarrierBefore(pc)
    return 'end'
  }
}

/** @see error_recoverable_with_nospec in kernel/bpf/verifier.c of 6.18 */
const STOPPED_BY_BARRIER: ReadonlySet<number> = new Set([ERRNO.EPERM, ERRNO.EACCES, ERRNO.EINVAL])

/** Takes up the path that was left open last; false when there is none. */
function resume(v: Verification): boolean {
  const path = v.pending.pop()
  if (path === undefined) return false
  if (!v.log.tracesEverything) v.log.rewind(path.logMark)
  v.enter(path.state)
  v.pc = path.pc
  v.previousPc = path.previousPc
  return true
}

function speculation(v: Verification): string {
  return v.state.isSpeculative ? ' (speculative execution)' : ''
}

function printCovered(v: Verification, showsState: boolean): void {
  if (!v.log.traces) return
  v.log.print(showsState ? `\nfrom ${v.previousPc} to ${v.pc}${speculation(v)}: safe\n` : `${v.pc}: safe\n`)
}

function printBefore(v: Verification, showsState: boolean): void {
  if (showsState && v.log.tracesEverything) {
    v.log.print(`\nfrom ${v.previousPc} to ${v.pc}${speculation(v)}:${frameText(v.frame, v.state.listed)}\n`)
  }
  if (v.isScratched) v.printChanges()
  v.printSourceLine(v.pc)
  v.log.insn(v.pc, insnText(v.insns, v.pc, v.kernel))
}

function askDevice(v: Verification): void {
  const { device } = v.options
  if (device === undefined) return
  const { frame } = v
  const stackIsZero = (offset: number, pointer?: number): boolean => {
    const of = pointer === undefined ? frame : (v.state.frames[v.register(pointer).frameNumber] ?? frame)
    return offset < 0 && byteKind(of.slot(slotIndex(offset)), byteIndex(offset)) === BYTE_ZERO
  }
  const fact = (number: number): RegisterFact => registerFact(v.register(number), frame.frameNumber)
  const print = (line: string): void => v.log.print(`${device.prefix}${line}\n`)
  const said = device.insn(v.pc, v.insn, fact, stackIsZero, print)
  if (said === undefined) return
  const refusal = deviceRefusal(device, said, v.pc)
  if (refusal.message !== '') v.log.print(`${refusal.message}\n`)
  throw refusal
}
