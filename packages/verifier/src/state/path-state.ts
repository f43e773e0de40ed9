import type { Word64 } from '../domain/word64.ts'
import type { OwnTypes } from '../kernel-types/own-types.ts'
import type { VerifierMap } from '../verifier-api.ts'
import type { FrameState } from './frame-state.ts'
import { NO_SECTIONS, type Sections } from './sections.ts'

/**
 * One thing on the way here that running back along the path needs to know: a control transfer, a register stored to or
 * loaded from a stack slot, operands of a comparison that point to the stack, or registers that one narrowed together. A list that branches share. Between two
 * transfers a path runs straight, so each slot that has no entry was reached from the one before it.
 */
export class PathStep {
  /** The slot that was executed, or that was entered by a transfer. */
  readonly pc: number
  /** Transfers: the slot that was left; -1 for the other kinds. */
  readonly from: number
  /** Stack steps: number of the frame and index of the slot; -1 for the other kinds. */
  readonly frameNumber: number
  /** Of a comparison instead: DST_POINTS_TO_STACK, SRC_POINTS_TO_STACK. */
  readonly slot: number
  /** Registers linked by their id at a comparison. */
  readonly linked: readonly LinkedRegister[] | undefined
  readonly before: PathStep | undefined
  /**
   * What was asked for last behind this step, before the instruction at `askedPc`: registers of the frame `askedFrame`, one
   * bit each, and nothing else. Running back again for no more than that marks nothing new.
   */
  askedPc = -1
  askedFrame = 0
  askedRegisters = 0

  constructor(
    pc: number,
    from: number,
    frameNumber: number,
    slot: number,
    linked: readonly LinkedRegister[] | undefined,
    before: PathStep | undefined,
  ) {
    this.pc = pc
    this.from = from
    this.frameNumber = frameNumber
    this.slot = slot
    this.linked = linked
    this.before = before
  }
}

/** Operands that are no numbers, of which none is asked for. */
export const DST_POINTS_TO_STACK = 1
export const SRC_POINTS_TO_STACK = 2

/** A register or stack slot that shares its id with others. */
export interface LinkedRegister {
  readonly frameNumber: number
  readonly isSlot: boolean
  /** Register number or slot index. */
  readonly index: number
}

/** A pointer that a helper gave out and that must be given back. */
export interface Reference {
  readonly id: number
  /** Slot of the call that acquired it. */
  readonly pc: number
  /** Number of the callback's frame that acquired it and must give it back; 0 for none. */
  readonly callbackFrame: number
}

/** What a lock lies in: a value of the map, or an object of the program's own, of whatever structure. */
export type LockOwner = VerifierMap | OwnTypes

/** The one lock that is held. */
export interface HeldLock {
  readonly owner: LockOwner
  /** Id of the pointer to what it lies in; 0 for the single value of a map. */
  readonly id: number
  /** The log shows it among the references. */
  readonly isListed: boolean
  /** The last id that was given out before it was taken. */
  readonly lastId: number
}

/**
 * A state that was kept to be compared with later ones at the same slot. `branches` counts the paths from here that are
 * still to be explored, so that at 0 the state is known to be safe and to end.
 */
export interface Checkpoint {
  readonly pc: number
  /** Its steps are those since its parent. */
  readonly state: PathState
  branches: number
  hits: number
  misses: number
  /** Some state's loop begins here. */
  isLoopEntry: boolean
  /** No path comes from it, nor from the loop that it is part of, and one that it might cover came by. */
  isSettled: boolean
  /** The register whose number told the last state apart that came round a loop: it will tell the next one apart, too. */
  counter: number
  /** The least that this register may be here. */
  counted: Word64
}

/** Everything that is known at one point of one path. */
export class PathState {
  /** Entry frame first; the last one runs. */
  readonly frames: FrameState[]
  references: readonly Reference[]
  lock: HeldLock | undefined = undefined
  sections: Sections = NO_SECTIONS
  /** Nearest checkpoint on the way here. */
  parent: Checkpoint | undefined
  /** Steps since that checkpoint, latest first. */
  steps: PathStep | undefined
  /** Arrivals at jump points and other steps since that checkpoint: how long running back would take. */
  stepCount = 0
  /** Slot from which this state went on: that of the parent checkpoint, or of the entry. */
  startPc: number
  /** Checkpoints between the entry and here. */
  depth = 0
  /** A processor may run it before it knows that it won't be; nothing that it does stays. */
  isSpeculative = false
  /** Rounds that may_goto let through on the way here. */
  mayGotoDepth = 0
  /** Callbacks entered on the way here. */
  callbackUnrollDepth = 0
  /** Outermost checkpoint known to be the entry of a loop that this state is part of. */
  loopEntry: Checkpoint | undefined = undefined

  constructor(
    frames: FrameState[],
    references: readonly Reference[] = [],
    parent: Checkpoint | undefined = undefined,
    steps: PathStep | undefined = undefined,
    startPc: number = 0,
  ) {
    this.frames = frames
    this.references = references
    this.parent = parent
    this.steps = steps
    this.startPc = startPc
  }

  copy(): PathState {
    const frames = this.frames.map((frame) => frame.copy())
    const copy = new PathState(frames, this.references, this.parent, this.steps, this.startPc)
    copy.stepCount = this.stepCount
    copy.#takeScalars(this)
    return copy
  }

  /** This state, to go on from the checkpoint that was just made of it. */
  continueFrom(checkpoint: Checkpoint): PathState {
    const next = new PathState(this.frames, this.references, checkpoint, undefined, checkpoint.pc)
    for (const { writtenSlots } of next.frames) writtenSlots.clear()
    next.#takeScalars(this)
    next.depth = this.depth + 1
    return next
  }

  #takeScalars(other: PathState): void {
    this.depth = other.depth
    this.isSpeculative = other.isSpeculative
    this.mayGotoDepth = other.mayGotoDepth
    this.callbackUnrollDepth = other.callbackUnrollDepth
    this.loopEntry = other.loopEntry
    this.lock = other.lock
    this.sections = other.sections
  }

  /** What is held, in the order in which it was taken, for the log. */
  get listed(): readonly { readonly id: number }[] {
    const { lock, references } = this
    if (lock?.isListed !== true || lock.id === 0) return references
    const earlier = references.filter(({ id }) => id <= lock.lastId)
    return [...earlier, lock, ...references.filter(({ id }) => id > lock.lastId)]
  }

  /** The frame that runs. */
  get frame(): FrameState {
    return this.frames[this.frames.length - 1] as FrameState
  }
}

/** Both run the same functions, called from the same slots. */
export function sameCallSites(one: PathState, other: PathState): boolean {
  return (
    one.frames.length === other.frames.length &&
    one.frames.every(({ callSite }, index) => callSite === other.frames[index]?.callSite)
  )
}

function transfersOf(state: PathState): PathStep[] {
  const found: PathStep[] = []
  for (let at: PathState | undefined = state; at !== undefined; at = at.parent?.state) {
    for (let step = at.steps; step !== undefined; step = step.before) if (step.from >= 0) found.push(step)
  }
  return found.reverse()
}

/** The slots of the path that led to `state` and stands at `end`, in order; of a long one the last `limit`. */
export function pathSlots(state: PathState, end: number, limit: number = 10_000): number[] {
  const slots: number[] = []
  let start = 0
  for (const { from, pc } of transfersOf(state)) {
    for (let slot = start; slot <= from; slot++) slots.push(slot)
    start = pc
  }
  for (let slot = start; slot <= end; slot++) slots.push(slot)
  return slots.length > limit ? slots.slice(-limit) : slots
}
