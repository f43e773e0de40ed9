/**
 * What one instruction, looked at backwards, does to a demand: where a value that is asked for after it came from.
 *
 *     r1 = r2       r1 after  ->  r2 before
 *     r1 += r2      r1 after  ->  r1, r2 before
 *     r1 = 5        r1 after  ->  nothing: the value is the instruction's
 *     r1 = slot     r1 after  ->  the slot before
 *     slot = r1     the slot after  ->  r1 before
 *
 * False is the answer where this can't be followed; then everything is asked for.
 */
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_CMPXCHG,
  BPF_END,
  BPF_EXIT,
  BPF_FETCH,
  BPF_IND,
  BPF_LOAD_ACQ,
  BPF_MOV,
  BPF_NEG,
  BPF_STX,
  type Insn,
} from '@bpfoundry/isa'
import type { CallKinds } from '../program/call-kinds.ts'
import { isSubprogramCall } from '../program/control-flow.ts'
import { DST_POINTS_TO_STACK, type LinkedRegister, type PathStep, SRC_POINTS_TO_STACK } from '../state/path-state.ts'
import type { Demand } from './demand.ts'

/** What the path noted at this execution of the instruction. */
export interface StepNotes {
  readonly stack: PathStep | undefined
  readonly linked: readonly LinkedRegister[] | undefined
}

/** One execution of one instruction. */
export interface Executed extends StepNotes {
  readonly insns: readonly Insn[]
  readonly calls: CallKinds
  readonly pc: number
  /** The slot that ran next. */
  readonly nextPc: number
}

const FRAME_POINTER = 10
const ARGUMENTS = 0b111110
const ARGUMENT_NUMBERS = [1, 2, 3, 4, 5] as const

/** Registers that a comparison narrowed together stand and fall together. */
function shareDemand(demand: Demand, linked: readonly LinkedRegister[]): void {
  const wanted = linked.some(({ frameNumber, isSlot, index }) =>
    isSlot ? demand.hasSlot(frameNumber, index) : (demand.registers(frameNumber) & (1 << index)) !== 0,
  )
  if (!wanted) return
  for (const { frameNumber, isSlot, index } of linked) {
    if (isSlot) demand.addSlot(frameNumber, index)
    else demand.add(index, frameNumber)
  }
}

function acrossAlu(demand: Demand, insn: Insn): boolean {
  const operation = insn.opcode & 0xf0
  if (!demand.has(insn.dst) || operation === BPF_NEG || operation === BPF_END) return true
  const usesRegister = (insn.opcode & 0x08) !== 0
  if (operation === BPF_MOV) demand.drop(insn.dst)
  if (usesRegister && insn.src !== FRAME_POINTER) demand.add(insn.src)
  return true
}

function acrossLoad(demand: Demand, loadedNumber: number, { stack }: Executed): boolean {
  if (!demand.has(loadedNumber)) return true
  demand.drop(loadedNumber)
  if (stack !== undefined) demand.addSlot(stack.frameNumber, stack.slot)
  return true
}

function acrossStore(demand: Demand, insn: Insn, { stack }: Executed): boolean {
  // A number was used as an address: the difference of two pointers, of which more can't be said.
  if (demand.has(insn.dst)) return false
  if (stack === undefined || !demand.hasSlot(stack.frameNumber, stack.slot)) return true
  demand.dropSlot(stack.frameNumber, stack.slot)
  if ((insn.opcode & 0x07) === BPF_STX) demand.add(insn.src)
  return true
}

function acrossStx(demand: Demand, insn: Insn, executed: Executed): boolean {
  const isAtomic = (insn.opcode & 0xe0) === BPF_ATOMIC
  if (isAtomic && insn.imm === BPF_LOAD_ACQ) return acrossLoad(demand, insn.dst, executed)
  if (!isAtomic || (insn.imm & BPF_FETCH) === 0) return acrossStore(demand, insn, executed)
  return acrossLoad(demand, insn.imm === BPF_CMPXCHG ? 0 : insn.src, executed)
}

/** Out of the callee, by its first instruction: its arguments are the caller's. */
function acrossSubprogramCall(demand: Demand): boolean {
  const { frame } = demand
  const wanted = demand.registerNumbers(frame)
  const leftOver = (demand.registers() & ~ARGUMENTS) | demand.slotsLow(frame) | demand.slotsHigh(frame)
  if (leftOver !== 0 || !demand.leaveCallee()) return false
  for (const number of wanted) demand.add(number)
  return true
}

/** Out of a callback, by its first instruction: its arguments are the helper's. */
function acrossCallbackCall(demand: Demand): boolean {
  for (const number of ARGUMENT_NUMBERS) demand.drop(number)
  return demand.leaveCallee()
}

/** Into the callee, by its exit: its r0 is what the caller got, unless a helper called it. */
function acrossReturn(demand: Demand, { insns, calls, nextPc }: Executed): boolean {
  const before = insns[nextPc - 1]
  const wantsResult = demand.has(0) && before !== undefined && isSubprogramCall(before)
  if (calls.runsCallback(insns[nextPc] as Insn)) for (const number of ARGUMENT_NUMBERS) demand.drop(number)
  demand.drop(0)
  if (!demand.enterCallee()) return false
  if (wantsResult) demand.add(0)
  return true
}

/** Into a callee by an end that left nothing of its own in r0. */
function acrossSilentReturn(demand: Demand): boolean {
  demand.drop(0)
  return demand.enterCallee()
}

function acrossHelperCall(demand: Demand, { insns, calls, pc, nextPc }: Executed): boolean {
  if (nextPc !== pc + 1 && calls.runsCallback(insns[pc] as Insn)) return acrossCallbackCall(demand)
  if (nextPc !== pc + 1) return acrossSilentReturn(demand)
  demand.drop(0)
  return (demand.registers() & ARGUMENTS) === 0
}

function acrossJump(demand: Demand, insn: Insn, executed: Executed): boolean {
  const operation = insn.opcode & 0xf0
  // A global function is not followed: its call is one step, as a helper's.
  if (isSubprogramCall(insn) && executed.nextPc !== executed.pc + 1) return acrossSubprogramCall(demand)
  if (operation === BPF_CALL) return acrossHelperCall(demand, executed)
  if (operation === BPF_EXIT) return acrossReturn(demand, executed)
  const comparesRegisters = (insn.opcode & 0x08) !== 0
  if (comparesRegisters && (demand.has(insn.dst) || demand.has(insn.src))) {
    const pointers = executed.stack?.slot ?? 0
    if ((pointers & SRC_POINTS_TO_STACK) === 0) demand.add(insn.src)
    if ((pointers & DST_POINTS_TO_STACK) === 0) demand.add(insn.dst)
  }
  return true
}

function acrossImmediate(demand: Demand, insn: Insn, { pc, nextPc }: Executed): boolean {
  const mode = insn.opcode & 0xe0
  if (mode !== BPF_ABS && mode !== BPF_IND) {
    if (insn.opcode !== 0) demand.drop(insn.dst)
    return true
  }
  if (demand.has(0)) return false
  return nextPc === pc + 1 || acrossSilentReturn(demand)
}

type Across = (demand: Demand, insn: Insn, executed: Executed) => boolean

/** By instruction class: LD, LDX, ST, STX, ALU, JMP, JMP32, ALU64. */
// biome-ignore format: table
const BY_CLASS: readonly Across[] = [
  acrossImmediate, (demand, insn, executed) => acrossLoad(demand, insn.dst, executed), acrossStore, acrossStx,
  acrossAlu, acrossJump, acrossJump, acrossAlu,
]

/** Turns the demand after an instruction into the one before it; false when it can't be followed. */
export function carryAcross(demand: Demand, executed: Executed): boolean {
  const insn = executed.insns[executed.pc] as Insn
  const { linked } = executed
  const insnClass = insn.opcode & 0x07
  // Most of a walk, and nothing that a table need be asked for.
  if (linked === undefined && (insnClass === BPF_ALU64 || insnClass === BPF_ALU)) return acrossAlu(demand, insn)
  if (linked !== undefined) shareDemand(demand, linked)
  if (!(BY_CLASS[insnClass] as Across)(demand, insn, executed)) return false
  if (linked !== undefined) shareDemand(demand, linked)
  return true
}
