/**
 * Gotos, subprogram calls, exit and 64-bit constants.
 *
 * @see RFC 9669, sections 4.3 and 5.4
 */
import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { FRAME_BYTES } from '@bpfoundry/engine'
import { BPF_REG_FP, type Insn, type InstructionName, jumpTarget, subprogTarget } from '@bpfoundry/isa'
import { CALLEE_SAVED, type FunctionFacts } from '../analysis/program-facts.ts'
import { JCC, JMP } from '../asm/branches.ts'
import { form } from '../asm/form.ts'
import { NONE, RSP } from '../asm/register.ts'
import { type Emitter, registerOf } from '../emitter.ts'
import { CONTEXT, FRAME } from '../register-map.ts'
import { writeRunEnd } from '../run-entry.ts'
import { moveConstant } from './constant.ts'
import { ADD, SUB, withImmediate } from './immediate-arithmetic.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const PUSH = form('PUSH r64')
const POP = form('POP r64')
const RET = form('RET')
const CMP_IMM8 = form('CMP r/m32, imm8')
const MOV_IMM32 = form('MOV r/m64, imm32')
const SUB_IMM8 = form('SUB r/m32, imm8')

const WORD_BYTES = 8

/** To the next instruction it needs no code. */
const goto: Lowering = (e, insn, pc) => {
  const target = jumpTarget(insn, pc)!
  if (target !== pc + 1) e.branches.jump(JMP, e.slot(target))
}

/** `may_goto +2   ->   cmp dword ptr [rsp], 0; je; sub dword ptr [rsp], 1`: the budget of the frame lies on the stack */
const mayGoto: Lowering = (e, insn, pc) => {
  e.asm.mi(CMP_IMM8, RSP, NONE, 0, 0)
  e.branches.jump(JCC.E, e.slot(jumpTarget(insn, pc)!))
  e.asm.mi(SUB_IMM8, RSP, NONE, 0, 1)
}

/**
 * A hidden loop calls the program in it: a run of its own, without tail calls made, whose first frame is the loop's.
 *
 * `call pc+5   ->   mov qword ptr [r9 + 40], 0; call`
 */
function beginRun({ asm, job }: Emitter): void {
  if (job.facts.tailCalls) asm.mi(MOV_IMM32, CONTEXT, NONE, NATIVE_CONTEXT.tailCalls, 0)
}

/**
 * A call keeps of R6 to R9 what the callee writes and the caller still needs, so that subprograms themselves keep
 * nothing, and a tail call within one has nothing to undo.
 *
 * `call pc+5   ->   push rbx; sub rbp, 512; call; add rbp, 512; pop rbx`
 */
const callSubprogram: Lowering = (e, insn, pc) => {
  const callee = e.job.facts.functionAt.get(subprogTarget(insn, pc)!)!
  const kept = keptOver(e, callee, pc)
  const pad = callee.callsOut && (1 + e.frameWords + kept.length) % 2 === 1
  for (const n of kept) e.asm.r(PUSH, registerOf(n))
  if (pad) withImmediate(e.asm, SUB, 64, RSP, WORD_BYTES)
  const begins = e.fn.hidden && !callee.hidden
  if (begins) beginRun(e)
  else if (callee.needsFrame) withImmediate(e.asm, SUB, 64, FRAME, FRAME_BYTES)
  e.branches.call(e.entry(callee))
  if (callee.needsFrame && !begins && !kept.includes(BPF_REG_FP)) withImmediate(e.asm, ADD, 64, FRAME, FRAME_BYTES)
  if (pad) withImmediate(e.asm, ADD, 64, RSP, WORD_BYTES)
  for (const n of kept.reverse()) e.asm.r(POP, registerOf(n))
  if (callee.hidden && !e.fn.hidden && e.job.counting !== 'none') e.addToContext(NATIVE_CONTEXT.helperCalls, 1)
}

/** Registers by number that the caller keeps: R10 only where the callee overwrites it, which no verified one does. */
function keptOver(e: Emitter, { writes }: FunctionFacts, pc: number): number[] {
  const mask = writes & ((CALLEE_SAVED & e.liveBehind(pc)) | (1 << BPF_REG_FP))
  return [6, 7, 8, 9, BPF_REG_FP].filter((n) => (mask & (1 << n)) !== 0)
}

/** `exit   ->   ret`; the entry function books its count first, and may end the run itself */
const exit: Lowering = (e) => {
  if (e.inMain && e.job.direct) endRun(e)
  else {
    if (e.inMain) e.flushCount()
    dropFrame(e)
    e.asm.none(RET)
  }
}

/** Once in a program; other exits jump there, when there are registers to restore. */
function endRun(e: Emitter): void {
  if (e.endWritten && e.job.saved.length > 0) {
    e.branches.jump(JMP, e.end)
    return
  }
  if (!e.endWritten) e.branches.bind(e.end)
  e.endWritten = true
  e.flushCount()
  dropFrame(e)
  writeRunEnd(e)
}

/** Leaves the function's words on the stack. */
export function dropFrame({ asm, frameWords }: Emitter): void {
  if (frameWords > 0) withImmediate(asm, ADD, 64, RSP, WORD_BYTES * frameWords)
}

const constant64: Lowering = ({ asm, job }, { dst, imm }, pc) =>
  moveConstant(asm, registerOf(dst), imm, job.insns[pc + 1]!.imm)

/** The address of a function is its slot, in every engine. */
const functionAddress: Lowering = ({ asm }, insn: Insn, pc) =>
  moveConstant(asm, registerOf(insn.dst), subprogTarget(insn, pc)!, 0)

type Goto = 'JMP_JA' | 'JMP32_JA' | 'MAY_GOTO'
type Immediate = 'LD_IMM64' | 'LD_IMM64_FUNC'

// biome-ignore format: table
export const CONTROL_FLOW: LoweringsOf<Extract<InstructionName, Goto | Immediate | 'CALL_SUBPROG' | 'EXIT' | 'NOSPEC'>> = {
  JMP_JA:        goto,
  JMP32_JA:      goto,
  MAY_GOTO:      mayGoto,
  CALL_SUBPROG:  callSubprogram,
  EXIT:          exit,
  LD_IMM64:      constant64,
  LD_IMM64_FUNC: functionAddress,
  // A barrier against speculation has no effect that can be seen.
  NOSPEC:        () => {},
}
