/**
 * States kept at prune points, and what a new state meets there.
 *
 * A checkpoint with open branches is an ancestor of the path being explored (or shares an unfinished one): to prune against
 * it would prove safety but not that the path ends, so it only serves to detect a loop that changes nothing. A checkpoint
 * without open branches is safe and ends on all paths; a state that it covers needs no exploring.
 */

import { sameScalar } from '../domain/scalar.ts'
import { equals } from '../domain/word64.ts'
import { pointedIterator } from '../memory/iterator-slots.ts'
import { isMayGoto } from '../program/control-flow.ts'
import { frameText } from '../report/state-text.ts'
import type { FrameState } from '../state/frame-state.ts'
import { type Checkpoint, type PathState, sameCallSites } from '../state/path-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'
import { enterLoop, loopEntryOf } from './loop-entries.ts'
import { adoptPrecision } from './precision.ts'
import { adoptReads } from './stack-liveness.ts'
import { type ComparisonScope, coversState, hasIterated, isSameState } from './state-comparison.ts'

/** A new state is kept after this many jumps and instructions since the last one was. */
const [JUMPS_BETWEEN, INSNS_BETWEEN] = [2, 8]
/** Inside of a loop, only after this many: states of single rounds seldom help. */
const [LOOP_JUMPS_BETWEEN, LOOP_INSNS_BETWEEN] = [20, 100]
/** A state is kept in any case after this many steps, lest running back takes ever longer. */
const STEPS_BETWEEN = 40
/** A checkpoint that was missed this many times more often than hit is dropped. */
const MISSES_PER_HIT = 3
/** Without CAP_BPF no more are kept. @see BPF_COMPLEXITY_LIMIT_STATES */
const MOST_STATES_PER_INSN = 64
/** One at which a loop may converge is kept longer. */
const MISSES_PER_HIT_OF_LOOP = 64

/** Registers r6 to r9: what a caller finds again after a call. */
const CALLEE_SAVED = 0b1111000000

/** How a state is compared with those kept where it stands. `isExact`: with nothing ignored. */
export function comparisonScope(v: Verification, isExact: boolean): ComparisonScope {
  const live = v.notes.liveRegisters
  return {
    live: (state, index) => {
      const callee = state.frames[index + 1]
      if (callee === undefined) return live[v.pc] as number
      if (callee.isCallback) return live[callee.callSite] as number
      return (live[callee.callSite + 1] ?? 0) & CALLEE_SAVED
    },
    ignoresImprecise: v.options.exactFacts !== true && !isExact && v.followsPrecision,
    comparesLimits: v.sanitation.exploresLimits,
    mayReadUnwritten: v.mayReadUnwritten,
    isExact,
    lastId: v.lastId,
  }
}

/** The scopes in which one state is compared with all those kept where it stands. */
class Scopes {
  readonly #v: Verification
  #exact: ComparisonScope | undefined = undefined
  #loose: ComparisonScope | undefined = undefined

  constructor(v: Verification) {
    this.#v = v
  }

  get exact(): ComparisonScope {
    this.#exact ??= comparisonScope(this.#v, true)
    return this.#exact
  }

  get loose(): ComparisonScope {
    this.#loose ??= comparisonScope(this.#v, false)
    return this.#loose
  }
}

/** The current state is covered by one kept here: the path need not be followed. Keeps the state where that may help. */
export function isCovered(v: Verification): boolean {
  const known = v.checkpoints[v.bucket(v.pc)] ?? []
  const isForced = v.notes.forcedCheckpoints[v.pc] === 1
  const mustKeep = v.state.stepCount > STEPS_BETWEEN || isForced || v.keepsEveryState
  let keep = mustKeep || isDue(v)
  const isShort = !mustKeep && isShortRound(v)
  const { pc } = v
  const { registers } = v.frame
  const scopes = new Scopes(v)
  let compared = 0
  for (let index = 0; index < known.length; index++) {
    compared++
    const checkpoint = known[index] as Checkpoint
    if (checkpoint.pc !== pc) continue
    if (checkpoint.branches === 0 && !checkpoint.isSettled) settle(v, checkpoint)
    const scope = !isForced && hasMoved(checkpoint, registers) ? undefined : coveringScope(v, checkpoint, scopes)
    if (scope !== undefined) {
      checkpoint.hits++
      v.liveness?.adopt(checkpoint.state.frames, v.state.frames)
      adoptReads(v, checkpoint)
      adoptPrecision(v, checkpoint, (frame) => scope.live(v.state, frame))
      return true
    }
    if (isShort && checkpoint.branches > 0) keep = false
    if (keep) checkpoint.misses++
    const patience = isForced && checkpoint.branches > 0 ? MISSES_PER_HIT_OF_LOOP : MISSES_PER_HIT
    if (checkpoint.misses > checkpoint.hits * patience + patience) {
      known.splice(index, 1)
      if (checkpoint.isSettled && !checkpoint.isLoopEntry) v.peakStates--
      index--
    }
  }
  v.maxStatesPerInsn = Math.max(v.maxStatesPerInsn, compared)
  if (!v.isCapable && compared > MOST_STATES_PER_INSN) return false
  if (keep) keepState(v)
  return false
}

/** From here on the kernel frees the state when it drops it; others it keeps to the end. @see clean_live_states */
function settle(v: Verification, checkpoint: Checkpoint): void {
  const entry = loopEntryOf(checkpoint.state)
  const isOpen = entry !== undefined && entry.branches > 0
  checkpoint.isSettled = !isOpen && sameCallSites(checkpoint.state, v.state)
}

/** How `checkpoint` covers the current state; undefined where it does not. */
function coveringScope(v: Verification, checkpoint: Checkpoint, scopes: Scopes): ComparisonScope | undefined {
  if (checkpoint.branches > 0) return loopingScope(v, checkpoint, scopes)
  // Part of a loop that is still explored: safe only if the loop comes out safe.
  const entry = loopEntryOf(checkpoint.state)
  const isOpen = entry !== undefined && entry.branches > 0
  const scope = isOpen ? scopes.exact : scopes.loose
  if (!coversState(checkpoint.state, v.state, scope)) return undefined
  if (isOpen) enterLoop(v.state, entry)
  return scope
}

/**
 * Whether the register that told the last state apart that came round to an ancestor tells this one apart, too: most loops
 * count in some register. Nothing more need be compared then.
 */
function hasMoved({ branches, counter, counted }: Checkpoint, now: readonly RegisterState[]): boolean {
  if (branches === 0) return false
  return !equals((now[counter] as RegisterState).scalar.umin, counted)
}

/** The same for an ancestor: a loop that needs no counting converges when nothing new comes round. */
function loopingScope(v: Verification, checkpoint: Checkpoint, scopes: Scopes): ComparisonScope | undefined {
  const { state } = checkpoint
  const { asyncEntry } = state.frame
  // Another run of a callback: neither a loop, nor safe before the first one is.
  if (asyncEntry > 0 && asyncEntry !== v.frame.asyncEntry) return undefined
  const { insn } = v
  if (isMayGoto(insn) && state.mayGotoDepth !== v.state.mayGotoDepth) {
    const scope = scopes.exact
    if (coversState(state, v.state, scope)) {
      enterLoop(v.state, checkpoint)
      return scope
    }
  }
  if (v.calls.runsCallback(insn)) {
    const scope = scopes.exact
    return coversState(state, v.state, scope) ? scope : undefined
  }
  if (v.calls.asksIterator(insn)) {
    const scope = scopes.exact
    if (!coversState(state, v.state, scope) || !isActiveIterator(v)) return undefined
    enterLoop(v.state, checkpoint)
    return scope
  }
  checkProgress(v, checkpoint)
  return undefined
}

/** The iterator that r1 points to still gives something. */
function isActiveIterator(v: Verification): boolean {
  const iterator = pointedIterator(v, v.register(1))
  return iterator !== undefined && !iterator.isDrained
}

function isDue(v: Verification): boolean {
  return (
    v.jumpsProcessed - v.jumpsAtCheckpoint >= JUMPS_BETWEEN && v.insnsProcessed - v.insnsAtCheckpoint >= INSNS_BETWEEN
  )
}

function isShortRound(v: Verification): boolean {
  return (
    v.jumpsProcessed - v.jumpsAtCheckpoint < LOOP_JUMPS_BETWEEN &&
    v.insnsProcessed - v.insnsAtCheckpoint < LOOP_INSNS_BETWEEN
  )
}

/** A register holds another number than at the checkpoint: seen at once in most loops, which count in some register. */
function hasCounted(checkpoint: Checkpoint, now: PathState): boolean {
  const old = checkpoint.state
  if (old.frames.length !== now.frames.length) return true
  const before = old.frame.registers
  const after = now.frame.registers
  const differs = (number: number): boolean => {
    const known = before[number] as RegisterState
    const current = after[number] as RegisterState
    return known !== current && !sameScalar(known.scalar, current.scalar)
  }
  if (differs(checkpoint.counter)) return true
  for (let number = 0; number < before.length; number++) {
    if (!differs(number)) continue
    checkpoint.counter = number
    checkpoint.counted = (before[number] as RegisterState).scalar.umin
    return true
  }
  return false
}

/** Refuses a path that came back to a state that it has been in. */
function checkProgress(v: Verification, checkpoint: Checkpoint): void {
  const { state } = checkpoint
  if (state.mayGotoDepth !== v.state.mayGotoDepth || state.callbackUnrollDepth !== v.state.callbackUnrollDepth) return
  if (hasCounted(checkpoint, v.state)) return
  if (!isSameState(state, v.state, v.lastId) || hasIterated(state, v.state)) return
  v.printSourceLine(v.pc)
  const message = `infinite loop detected at insn ${v.pc}`
  const old = checkpoint.state.frames[v.state.frames.length - 1] as FrameState
  v.log.print(`${message}\n`)
  v.log.print(`cur state:${frameText(v.frame, v.state.listed)}\n`)
  v.log.print(`old state:${frameText(old, checkpoint.state.listed)}\n`)
  v.refuseSilently('VERIFIER_INFINITE_LOOP', 'EINVAL', message, 'the loop changes nothing from one round to the next')
}

function keepState(v: Verification): void {
  const { state } = v
  v.totalStates++
  v.slotCounts.kept[v.pc] = (v.slotCounts.kept[v.pc] as number) + 1
  v.peakStates++
  v.jumpsAtCheckpoint = v.jumpsProcessed
  v.insnsAtCheckpoint = v.insnsProcessed
  const kept = state.copy()
  const checkpoint: Checkpoint = {
    pc: v.pc,
    state: kept,
    branches: 1,
    hits: 0,
    misses: 0,
    isLoopEntry: false,
    isSettled: false,
    counter: 0,
    counted: kept.frame.register(0).scalar.umin,
  }
  const bucket = v.bucket(v.pc)
  const known = v.checkpoints[bucket]
  if (known === undefined) v.checkpoints[bucket] = [checkpoint]
  else known.unshift(checkpoint)
  v.liveness?.keep(kept.frames, state.frames)
  v.enter(state.continueFrom(checkpoint))
}

/** The current path is done: its checkpoint, and those before it, have one open branch less. */
export function finishBranch(state: PathState): void {
  let done = state
  while (done.parent !== undefined) {
    const { parent, loopEntry } = done
    if (loopEntry !== undefined) enterLoop(parent.state, loopEntry)
    parent.branches--
    if (parent.branches > 0) return
    done = parent.state
  }
}
