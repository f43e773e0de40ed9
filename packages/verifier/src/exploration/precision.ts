/**
 * Scalars whose exact value the verdict rests on.
 *
 * A checkpoint's scalars are first taken to matter to nobody: a later state may then hold any number there and still be
 * covered. Where the verdict turns out to rest on a number (it moved a pointer, sized an access, decided a branch), the
 * number is asked for: the path is run backwards, instruction by instruction, and every checkpoint on it gets a mark on the
 * registers and slots that the number came from. Marks are final once a checkpoint has no open branch, because every path
 * from it has then asked for what it needs; and only then are states compared with it.
 *
 * The current state carries no marks: it is compared with nothing.
 */
import { BPF_EXIT, BPF_JMP, type Insn } from '@bpfoundry/isa'
import { isSubprogramCall, LD_IMM64_OPCODE } from '../program/control-flow.ts'
import { insnText } from '../report/insn-text.ts'
import { frameText } from '../report/state-text.ts'
import type { FrameState } from '../state/frame-state.ts'
import type { Checkpoint, PathState, PathStep } from '../state/path-state.ts'
import { SCALAR } from '../state/register-type.ts'
import { isSpill } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import type { Demand } from './demand.ts'
import { carryAcross, type Executed } from './demand-transfer.ts'

/** The verdict rests on the number in register `number`, before the current instruction. */
export function markPrecise(v: Verification, number: number): void {
  const demand = v.demand.start(v.state.frames.length - 1)
  demand.add(number)
  runBack(v, demand)
}

/** The verdict rests on the number spilled in a slot of one of the frames, before the current instruction. */
export function markPreciseSlot(v: Verification, frameNumber: number, slot: number): void {
  const demand = v.demand.start(v.state.frames.length - 1)
  demand.addSlot(frameNumber, slot)
  runBack(v, demand)
}

/** The current state is covered by a checkpoint: what that one's continuation rests on, the current path rests on, too. */
export function adoptPrecision(v: Verification, checkpoint: Checkpoint, live: (index: number) => number): void {
  const { frames } = checkpoint.state
  const demand = v.demand.start(frames.length - 1)
  for (let index = frames.length - 1; index >= 0; index--) {
    const frame = frames[index] as FrameState
    const wanted: string[] = []
    for (let number = 0; number < 10; number++) {
      if (!frame.isPreciseRegister(number) || (live(index) & (1 << number)) === 0) continue
      demand.add(number, index)
      wanted.push(`r${number}`)
    }
    for (let slot = 0; slot < frame.stack.length; slot++) {
      if (!frame.isPreciseSlot(slot)) continue
      demand.addSlot(index, slot)
      wanted.push(`fp${-8 * (slot + 1)}`)
    }
    if (wanted.length > 0 && v.log.tracesEverything) {
      v.log.print(`frame ${index}: propagating ${wanted.join(',')}\n`)
    }
  }
  runBack(v, demand)
}

// ---- backwards along the path --------------------------------------------------------------------------------------

/** A place on the path, with the steps that led to it. */
interface Cursor {
  pc: number
  steps: PathStep | undefined
}

/** One object for all steps of a walk: running back is done so often that an allocation a step would be most of its cost. */
type Step = { -readonly [Field in keyof Executed]: Executed[Field] }

/** The instruction at the cursor, with its notes, which are taken off the steps. */
function takeStep(cursor: Cursor, step: Step, nextPc: number): void {
  step.pc = cursor.pc
  step.nextPc = nextPc
  step.stack = undefined
  step.linked = undefined
  while (cursor.steps !== undefined && cursor.steps.from < 0 && cursor.steps.pc === cursor.pc) {
    if (cursor.steps.linked === undefined) step.stack = cursor.steps
    else step.linked = cursor.steps.linked
    cursor.steps = cursor.steps.before
  }
}

/** Moves to the instruction that ran before; false at the first one of the state. */
function stepBack(v: Verification, cursor: Cursor, startPc: number): boolean {
  const { steps, pc } = cursor
  if (steps !== undefined && steps.from >= 0 && steps.pc === pc) {
    cursor.pc = steps.from
    cursor.steps = steps.before
    return true
  }
  if (pc === startPc && steps === undefined) return false
  // Arrivals at jump points are noted by instruction, others counted by slot.
  const isAfterWide = v.notes.jumpPoints[pc] === 1 && v.insns[pc - 2]?.opcode === LD_IMM64_OPCODE
  cursor.pc = isAfterWide ? pc - 2 : pc - 1
  return true
}

function runBack(v: Verification, demand: Demand): void {
  // Where it is not told which numbers matter, each counts as asked for.
  if (demand.isEmpty || !v.followsPrecision) return
  let state = v.state
  let cursor: Cursor = { pc: v.pc, steps: state.steps }
  let nextPc = -1
  let isFirst = true
  for (;;) {
    // A state that was kept in front of a function's first instruction has nothing before it.
    if (!isFirst && !stepBack(v, cursor, state.startPc)) return
    traceSegment(v, demand, cursor.pc, shownStart(state), nextPc)
    const followed = runBackState(v, demand, cursor, state, nextPc, isFirst)
    if (followed !== 'start') {
      if (followed === 'lost') markAll(v)
      return
    }
    const { parent } = state
    if (parent === undefined) break
    const isNews = markCheckpoint(v, demand, parent.state)
    if (!isNews || demand.isEmpty) return
    nextPc = state.startPc
    state = parent.state
    cursor = { pc: parent.pc, steps: state.steps }
    isFirst = false
  }
  markAll(v)
}

/** Runs back to the start of one state: 'start' there, 'done' when nothing is asked for any more, 'lost' when stuck. */
function runBackState(
  v: Verification,
  demand: Demand,
  cursor: Cursor,
  state: PathState,
  nextPc: number,
  skipsFirst: boolean,
): 'start' | 'done' | 'lost' {
  const { insns, profile } = v
  const traces = v.log.tracesEverything
  const followsFrames = profile.precision === 'frames'
  let following = nextPc
  let skips = skipsFirst
  const step: Step = { insns, calls: v.calls, pc: 0, nextPc: 0, stack: undefined, linked: undefined }
  for (;;) {
    takeStep(cursor, step, following)
    // Older kernels did not ask for what had learnt from a number.
    if (!followsFrames) step.linked = undefined
    if (!skips) {
      if (traces) traceInsn(v, demand, cursor.pc)
      if ((!followsFrames && endsAt(v, cursor.pc)) || !carryAcross(demand, step)) return 'lost'
    }
    // The log of everything tells each step of each walk.
    if (demand.isEmpty || (!traces && wasAsked(demand, cursor, skips))) return 'done'
    skips = false
    // The second slot of an LD_IMM64 is no instruction: what ran next is what ran after both.
    if (insns[cursor.pc]?.opcode !== 0) following = cursor.pc
    if (!stepBack(v, cursor, state.startPc)) return 'start'
  }
}

/** Kernels that followed one frame only gave up at its ends. */
function endsAt(v: Verification, pc: number): boolean {
  const insn = v.insns[pc] as Insn
  return isSubprogramCall(insn) || v.calls.runsCallback(insn) || insn.opcode === (BPF_JMP | BPF_EXIT)
}

/**
 * Whether an earlier walk asked for as much at this place of the path: then all checkpoints before it have their marks.
 * Notes what is asked for where this walk begins. A loop that counts to a known end asks for its counter in each round,
 * and would run back over all earlier ones each time.
 */
function wasAsked(demand: Demand, { pc, steps }: Cursor, isBegin: boolean): boolean {
  if (steps === undefined) return false
  const { frame } = demand
  const registers = demand.registers()
  if (steps.askedPc === pc && steps.askedFrame === frame) {
    if ((registers & ~steps.askedRegisters) === 0 && demand.isOfRunningFrame) return true
  }
  if (isBegin && demand.isOfRunningFrame) {
    steps.askedPc = pc
    steps.askedFrame = frame
    steps.askedRegisters = registers
  }
  return false
}

// ---- marks -----------------------------------------------------------------------------------------------------------

/** Marks what is asked for in one checkpoint; what was marked before needs no more asking. False where all of it was. */
function markCheckpoint(v: Verification, demand: Demand, state: PathState): boolean {
  const inBits = v.profile.precisionLog === 'bits'
  let isNews = false
  for (let index = demand.frame; index >= 0; index--) {
    const frame = state.frames[index]
    if (frame === undefined) continue
    for (const number of demand.registerNumbers(index)) {
      const isKnown = frame.isPreciseRegister(number)
      if (frame.register(number).type !== SCALAR || (isKnown && !inBits)) demand.drop(number, index)
      else if (!isKnown) {
        frame.markPreciseRegister(number)
        isNews = true
      }
    }
    for (const slot of demand.slotIndexes(index)) {
      const isKnown = frame.isPreciseSlot(slot)
      if (!holdsScalar(frame, slot) || (isKnown && !inBits)) demand.dropSlot(index, slot)
      else if (!isKnown) {
        frame.markPreciseSlot(slot)
        isNews = true
      }
    }
    if (v.log.tracesEverything) traceCheckpoint(v, demand, state, index, isNews)
  }
  return isNews
}

function traceCheckpoint(v: Verification, demand: Demand, state: PathState, index: number, isNews: boolean): void {
  const held = frameText(state.frames[index] as FrameState, state.listed)
  if (v.profile.precisionLog === 'bits') {
    if (index !== demand.frame) return
    v.log.print(`parent ${isNews ? "didn't have" : 'already had'} ${demand.bitText()} marks: ${held}\n`)
    return
  }
  const wanted = `regs=${demand.registerText(index)} stack=${demand.slotText(index)}`
  v.log.print(`mark_precise: frame${index}: parent state ${wanted}: ${held}\n`)
}

function holdsScalar(frame: FrameState, index: number): boolean {
  const slot = frame.slot(index)
  return isSpill(slot) && slot.spilled?.type === SCALAR
}

/** The demand could not be followed: every scalar of every checkpoint on the path matters. */
function markAll(v: Verification): void {
  const traces = v.log.tracesEverything && v.profile.precisionLog === 'names'
  const print = (text: string): void => (traces ? v.log.print(`${text}\n`) : undefined)
  print(`mark_precise: frame${v.state.frames.length - 1}: falling back to forcing all scalars precise`)
  for (let at = v.state.parent; at !== undefined; at = at.state.parent) {
    for (const frame of at.state.frames) markFrame(frame, print)
  }
}

function markFrame(frame: FrameState, print: (text: string) => void): void {
  const forced = `force_precise: frame${frame.frameNumber}: forcing`
  frame.registers.forEach((register, number) => {
    if (register.type !== SCALAR || frame.isPreciseRegister(number)) return
    frame.markPreciseRegister(number)
    print(`${forced} r${number} to be precise`)
  })
  frame.stack.forEach((_, index) => {
    if (!holdsScalar(frame, index) || frame.isPreciseSlot(index)) return
    frame.markPreciseSlot(index)
    print(`${forced} fp${-8 * (index + 1)} to be precise`)
  })
}

/** The kernel knows no first slot of a callback that runs later. */
function shownStart({ parent, frame, startPc }: PathState): number {
  return parent === undefined && frame.asyncEntry > 0 ? 0 : startPc
}

function traceSegment(v: Verification, demand: Demand, last: number, first: number, next: number): void {
  if (!v.log.tracesEverything) return
  if (v.profile.precisionLog === 'bits') {
    v.log.print(`last_idx ${last} first_idx ${first}\n`)
    return
  }
  const range = `last_idx ${last} first_idx ${first} subseq_idx ${next}`
  v.log.print(`mark_precise: frame${demand.frame}: ${range} \n`)
}

function traceInsn(v: Verification, demand: Demand, pc: number): void {
  if (!v.log.tracesEverything || v.insns[pc]?.opcode === 0) return
  const inBits = v.profile.precisionLog === 'bits'
  const wanted = inBits
    ? demand.bitText()
    : `mark_precise: frame${demand.frame}: regs=${demand.registerText()} stack=${demand.slotText()}`
  v.log.print(`${wanted} before ${pc}: ${insnText(v.insns, pc, v.kernel)}\n`)
}
