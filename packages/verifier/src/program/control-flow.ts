/**
 * The program as a graph: every slot must be reachable, every edge must lead to an instruction. A depth-first walk in the
 * kernel's order finds the first offence and marks where states are compared: at jump targets and behind calls.
 */
import {
  BPF_CALL,
  BPF_EXIT,
  BPF_JA,
  BPF_JCOND,
  BPF_JMP,
  BPF_JMP32,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  type Insn,
} from '@bpfoundry/isa'
import { Refusal } from '../report/refusal.ts'
import { CallKinds } from './call-kinds.ts'

/** `LD_IMM64`, which takes two slots. */
export const LD_IMM64_OPCODE = 0x18

export function slotsOf(insn: Insn): number {
  return insn.opcode === LD_IMM64_OPCODE ? 2 : 1
}

export function isJumpClass(insn: Insn): boolean {
  const insnClass = insn.opcode & 0x07
  return insnClass === BPF_JMP || insnClass === BPF_JMP32
}

export function isConditionalJump(insn: Insn): boolean {
  const operation = insn.opcode & 0xf0
  return isJumpClass(insn) && operation !== BPF_JA && operation !== BPF_CALL && operation !== BPF_EXIT
}

/** Where a jump at `pc` leads. */
export function jumpTarget(insn: Insn, pc: number): number {
  const isLong = (insn.opcode & 0x07) === BPF_JMP32 && (insn.opcode & 0xf0) === BPF_JA
  return pc + 1 + (isLong ? insn.imm : insn.off)
}

export function isSubprogramCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL
}

export function isFunctionLoad(insn: Insn): boolean {
  return insn.opcode === LD_IMM64_OPCODE && insn.src === BPF_PSEUDO_FUNC
}

/** `may_goto`: falls through as long as the budget of rounds lasts, then jumps. */
export function isMayGoto(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_JCOND)
}

/** The slot that runs after the one at `pc` unless it jumps; undefined after an exit and an unconditional jump. */
export function slotAfter(insn: Insn, pc: number): number | undefined {
  if (!isJumpClass(insn)) return pc + slotsOf(insn)
  const operation = insn.opcode & 0xf0
  return operation === BPF_EXIT || operation === BPF_JA ? undefined : pc + 1
}

/** Where the instruction at `pc` may jump to in its function; undefined for what is no jump. */
export function slotJumpedTo(insn: Insn, pc: number): number | undefined {
  if (!isJumpClass(insn)) return undefined
  const operation = insn.opcode & 0xf0
  return operation === BPF_EXIT || operation === BPF_CALL ? undefined : jumpTarget(insn, pc)
}

/** What the walk finds. */
export interface FlowMarks {
  /** 1 where states are compared and kept. */
  readonly prunePoints: Uint8Array
  /** 1 where control may arrive from elsewhere than the slot before. */
  readonly jumpPoints: Uint8Array
  /** 1 where a state is kept at each visit: loops that are not counted converge there. */
  readonly forcedCheckpoints: Uint8Array
}

/** Ways on from a slot, at most: to the next one, and elsewhere. */
const WAYS = 2

/** The slot that the walk goes on to by that way, if it is there. */
function wayOn(insn: Insn, pc: number, way: number): number | undefined {
  if (way === 0) return slotAfter(insn, pc)
  return isFunctionLoad(insn) || isSubprogramCall(insn) ? pc + insn.imm + 1 : slotJumpedTo(insn, pc)
}

/** It is a jump's way, taken or not, or one to a function that a helper is to call. */
function isJumpsWay(insn: Insn, way: number): boolean {
  return (way > 0 && isFunctionLoad(insn)) || (isJumpClass(insn) && (insn.opcode & 0xf0) !== BPF_CALL)
}

/** How control may come back to a slot on a path that begins there. */
export type LoopRule = 'anyhow' | 'by jumps' | 'never'

const DISCOVERED = 1
const EXPLORED = 2

function markPoints(insns: readonly Insn[], pc: number, marks: FlowMarks, calls: CallKinds): void {
  const { prunePoints, jumpPoints, forcedCheckpoints } = marks
  const insn = insns[pc] as Insn
  const arriveAt = (slot: number): void => {
    if (slot >= prunePoints.length) return
    prunePoints[slot] = 1
    jumpPoints[slot] = 1
  }
  const runsCallback = calls.runsCallback(insn)
  if (isMayGoto(insn) || runsCallback) forcedCheckpoints[pc] = 1
  if (runsCallback) arriveAt(pc)
  if (calls.asksIterator(insn)) {
    prunePoints[pc] = 1
    forcedCheckpoints[pc] = 1
  }
  // Of a path that was explored, the callback was, too.
  if (calls.handsOverCallback(insn)) prunePoints[pc] = 1
  if (isFunctionLoad(insn) || isSubprogramCall(insn)) {
    prunePoints[pc] = 1
    arriveAt(pc + slotsOf(insn))
    arriveAt(pc + insn.imm + 1)
  } else if (isConditionalJump(insn)) {
    prunePoints[pc] = 1
    arriveAt(jumpTarget(insn, pc))
  } else if (isJumpClass(insn) && (insn.opcode & 0xf0) !== BPF_EXIT) {
    arriveAt((insn.opcode & 0xf0) === BPF_CALL ? pc + 1 : jumpTarget(insn, pc))
  }
}

function outOfRange(from: number, to: number): Refusal {
  const message = `jump out of range from insn ${from} to ${to}`
  return new Refusal({ code: 'VERIFIER_JUMP_OUT_OF_RANGE', errno: 'EINVAL', message }, from)
}

function backEdge(from: number, to: number): Refusal {
  const message = `back-edge from insn ${from} to ${to}`
  return new Refusal({ code: 'VERIFIER_BACK_EDGE', errno: 'EINVAL', message }, from)
}

function checkReached(insns: readonly Insn[], visited: Uint8Array): void {
  for (let pc = 0; pc < insns.length; pc++) {
    if (visited[pc] !== EXPLORED) {
      const message = `unreachable insn ${pc}`
      throw new Refusal({ code: 'VERIFIER_UNREACHABLE', errno: 'EINVAL', message }, pc)
    }
    if (slotsOf(insns[pc] as Insn) === 1) continue
    if (visited[pc + 1] !== 0) {
      const message = `jump into the middle of ldimm64 insn ${pc}`
      throw new Refusal({ code: 'VERIFIER_JUMP_INTO_LD_IMM64', errno: 'EINVAL', message }, pc)
    }
    pc++
  }
}

/**
 * Walks the program from its entry through all jumps and calls.
 *
 * @param mayLoop which edges may lead back; `never` for who may not load loops, however often they run
 * @param calls which calls do more than call
 * @throws {Refusal} VERIFIER_BACK_EDGE, VERIFIER_JUMP_OUT_OF_RANGE, VERIFIER_UNREACHABLE, VERIFIER_JUMP_INTO_LD_IMM64
 */
export function checkControlFlow(
  insns: readonly Insn[],
  mayLoop: LoopRule = 'anyhow',
  calls: CallKinds = new CallKinds(),
  exceptionCallback?: number,
): FlowMarks {
  const visited = new Uint8Array(insns.length)
  const nextWay = new Uint8Array(insns.length)
  const points = (): Uint8Array => new Uint8Array(insns.length)
  const marks = { prunePoints: points(), jumpPoints: points(), forcedCheckpoints: points() }
  const stack = [0]
  visited[0] = DISCOVERED
  let isRest = exceptionCallback === undefined
  while (stack.length > 0 || !isRest) {
    if (stack.length === 0) {
      isRest = true
      if (visited[exceptionCallback as number] !== 0) break
      visited[exceptionCallback as number] = DISCOVERED
      stack.push(exceptionCallback as number)
    }
    const pc = stack[stack.length - 1] as number
    const way = nextWay[pc] as number
    if (way === WAYS) {
      visited[pc] = EXPLORED
      markPoints(insns, pc, marks, calls)
      stack.pop()
      continue
    }
    nextWay[pc] = way + 1
    const insn = insns[pc] as Insn
    const to = wayOn(insn, pc, way)
    if (to === undefined) continue
    if (to < 0 || to >= insns.length) throw outOfRange(pc, to)
    const mayReturn = mayLoop === 'anyhow' || (mayLoop === 'by jumps' && isJumpsWay(insn, way))
    if (!mayReturn && visited[to] === DISCOVERED) throw backEdge(pc, to)
    if (visited[to] === 0) {
      visited[to] = DISCOVERED
      stack.push(to)
    }
  }
  checkReached(insns, visited)
  return marks
}
