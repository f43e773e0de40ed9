/**
 * What moves the flow other than comparisons, and immediates of 64 bits.
 *
 * A BPF frame has nothing of its own on the stack: `exit` is `ret`, and a call saves, around its `bl`, what the callee may
 * change of what the caller still wants. So a tail call is a jump, whatever frame it stands in, and where it lands `exit`
 * returns to whoever called the frame.
 *
 * @see RFC 9669, sections 4.3 and 5.4
 */

import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { FRAME_BYTES, MAX_TAIL_CALLS } from '@bpfoundry/engine'
import { type InstructionName, jumpTarget, subprogTarget } from '@bpfoundry/isa'
import { br, ret } from '../asm/branches.ts'
import { CONDITION } from '../asm/condition.ts'
import { addImm, cmpImm, movz, subImm } from '../asm/data-processing-immediate.ts'
import { addUxtw, cmp, mov } from '../asm/data-processing-register.ts'
import { LOAD, ldrX, loadStoreIndexed, loadStoreUnsignedImmediate, pushX, strX } from '../asm/loads-and-stores.ts'
import { LINK, type Register, SP, W, X, ZR } from '../asm/registers.ts'
import { addConstant, loadDoubleWord, loadWord } from '../constants.ts'
import type { Callee, Emission } from '../emission.ts'
import { restoreRegisters, saveRegisters } from '../frame.ts'
import {
  CONTEXT,
  FRAME,
  MAX_LOOPS_HIGH,
  MEMORY,
  registerOf,
  SCRATCH,
  SCRATCH2,
  SCRATCH3,
  TURNS,
} from '../register-map.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

/** `goto   ->   b`; to the next instruction it is none */
const jump: Lowering = (e, insn) => {
  const slot = jumpTarget(insn, e.pc) as number
  if (slot !== e.pc + 1) e.goto(e.labelOf(slot))
}

/** `may_goto   ->   cbz w24, target; sub w24, w24, #1` */
const mayGoto: Lowering = (e, insn) => {
  e.branchIfZero(W, TURNS, true, jumpTarget(insn, e.pc) as number)
  e.put(subImm(W, TURNS, TURNS, 1))
}

/**
 * `call 5   ->   mov w9, #5; str x30, [sp, #-16]!; bl call_helper; bl after_helper`, which are in entry.ts. The helper
 * returns behind the first `bl`, so that whoever looks where it was called from finds this instruction.
 */
function callHelper(e: Emission): void {
  e.put(pushX(LINK, SP, -16))
  e.call(e.counting ? e.callHelperCounted : e.callHelper)
  e.call(e.afterHelper)
  e.usesHelpers = true
  e.hostAddresses.forgetAll()
}

/** What the caller wants of what the callee may change, and the return address. */
function savedAcross(e: Emission, callee: Callee): Register[] {
  const bpf = [6, 7, 8, 9].filter((n) => (callee.clobbers & e.facts.reads & (1 << n)) !== 0)
  const turns = callee.usesTurns && e.facts.usesTurns ? [TURNS] : []
  return [LINK, ...turns, ...bpf.map(registerOf)]
}

/**
 * `call pc+5   ->   push x30, ...; sub x23, x23, #512; bl; add x23, x23, #512; pop x30, ...`
 *
 * Where a hidden loop calls the program in it, a run begins: in the loop's own frame, with no tail calls made.
 */
const callSubprogram: Lowering = (e, insn) => {
  const target = subprogTarget(insn, e.pc) as number
  const callee = e.facts.callees.get(target) as Callee
  const saved = savedAcross(e, callee)
  const beginsRun = e.hidden && !callee.hidden
  const movesFrame = callee.usesFrame && !beginsRun
  if (callee.hidden && e.counting) countHelperCall(e)
  if (beginsRun) e.put(strX(ZR, CONTEXT, NATIVE_CONTEXT.tailCalls))
  saveRegisters(e.code, saved)
  if (movesFrame) e.put(subImm(X, FRAME, FRAME, FRAME_BYTES))
  if (callee.usesTurns && e.facts.usesTurns) e.put(movz(W, TURNS, MAX_LOOPS_HIGH, 1))
  e.call(e.labelOf(target))
  if (movesFrame) e.put(addImm(X, FRAME, FRAME, FRAME_BYTES))
  restoreRegisters(e.code, saved)
  e.hostAddresses.forgetAll()
}

function countHelperCall(e: Emission): void {
  e.put(ldrX(SCRATCH, CONTEXT, NATIVE_CONTEXT.helperCalls))
  e.put(addImm(X, SCRATCH, SCRATCH, 1))
  e.put(strX(SCRATCH, CONTEXT, NATIVE_CONTEXT.helperCalls))
}

/** Wd = *(u32 *)(Rn + offset) */
function loadField(e: Emission, Rd: Register, Rn: Register, offsetBytes: number): void {
  if (offsetBytes % 4 === 0 && offsetBytes < 4 * 4096) {
    e.put(loadStoreUnsignedImmediate(2, LOAD, offsetBytes, Rn, Rd))
    return
  }
  addConstant(e.code, X, SCRATCH3, Rn, offsetBytes)
  e.put(loadStoreUnsignedImmediate(2, LOAD, 0, SCRATCH3, Rd))
}

/** R2's map at index R3: out of range, too many calls, an empty slot, a program that is not here: all go on behind. */
const tailCall: Lowering = (e) => {
  const [map, index] = [registerOf(2), registerOf(3)]
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = e.options
  const out = e.code.newLabel()
  e.put(addUxtw(SCRATCH, MEMORY, map))
  loadField(e, SCRATCH2, SCRATCH, maxEntriesOffsetBytes)
  e.put(cmp(W, index, SCRATCH2))
  e.skipIf(CONDITION.HS, out)
  e.put(addUxtw(SCRATCH, SCRATCH, index, 2))
  loadField(e, SCRATCH2, SCRATCH, slotsOffsetBytes)
  e.skipIfZero(W, SCRATCH2, out)
  e.put(ldrX(SCRATCH, CONTEXT, NATIVE_CONTEXT.programCount))
  e.put(cmp(X, SCRATCH2, SCRATCH))
  e.skipIf(CONDITION.HS, out)
  e.put(ldrX(SCRATCH, CONTEXT, NATIVE_CONTEXT.programTable))
  e.put(loadStoreIndexed(3, LOAD, SCRATCH2, SCRATCH, SCRATCH, 1))
  e.skipIfZero(X, SCRATCH, out)
  e.put(ldrX(SCRATCH2, CONTEXT, NATIVE_CONTEXT.tailCalls))
  e.put(cmpImm(X, SCRATCH2, MAX_TAIL_CALLS))
  e.skipIf(CONDITION.HS, out)
  e.put(addImm(X, SCRATCH2, SCRATCH2, 1))
  e.put(strX(SCRATCH2, CONTEXT, NATIVE_CONTEXT.tailCalls))
  e.put(br(SCRATCH))
  e.code.bind(out)
}

type Goto = 'JMP_JA' | 'JMP32_JA' | 'MAY_GOTO'
type Call = 'CALL_HELPER' | 'CALL_SUBPROG' | 'CALLX' | 'TAIL_CALL' | 'EXIT'
type Immediate = Extract<InstructionName, 'LD_IMM64' | 'LD_IMM64_FUNC'>

export const CONTROL_FLOW: LoweringsOf<Goto | Call | Immediate | 'NOSPEC'> = {
  JMP_JA: jump,
  JMP32_JA: jump,
  MAY_GOTO: mayGoto,
  CALL_HELPER: (e, { imm }) => {
    loadWord(e.code, SCRATCH, imm)
    callHelper(e)
  },
  // What the register of a callx holds is a helper's number, as in bpf_conformance.
  CALLX: (e, { dst }) => {
    e.put(mov(W, SCRATCH, e.source(dst)))
    callHelper(e)
  },
  CALL_SUBPROG: callSubprogram,
  TAIL_CALL: tailCall,
  // exit   ->   ret
  EXIT: (e) => e.put(ret()),
  // r1 = 0x1122334455667788 ll   ->   mov x1, #0x7788; movk x1, #0x5566, lsl #16; ...
  LD_IMM64: (e, { dst, imm }) => loadDoubleWord(e.code, e.register(dst), imm, e.facts.insns[e.pc + 1]?.imm ?? 0),
  // The address of a function is its slot, in every engine.
  LD_IMM64_FUNC: (e, insn) => loadWord(e.code, e.register(insn.dst), subprogTarget(insn, e.pc) as number),
  // A barrier against speculation: programs here run at the user's own risk, in the user's own process.
  NOSPEC: () => {},
}
