/**
 * Loops of states, for loops that converge instead of being counted: those of callbacks and of may_goto.
 *
 * A state that is covered by one of its own ancestors closes a loop. What was explored inside of the loop is safe only as
 * long as the loop is: so each such state knows the outermost checkpoint at which its loop begins (case A, B and C of the
 * kernel's account), and as long as that one has open branches, states are compared with it exactly.
 *
 * @see get_loop_entry and update_loop_entry in kernel/bpf/verifier.c of 6.12; Wei, Mao, Zou, Chen, "A New Algorithm for
 *   Identifying Loops in Decompilation" (SAS 2007)
 */
import type { Checkpoint, PathState } from '../state/path-state.ts'

/** The outermost known entry of the loop that `state` is part of; shortens the chain to it. */
export function loopEntryOf(state: PathState): Checkpoint | undefined {
  let topmost = state.loopEntry
  while (topmost?.state.loopEntry !== undefined && topmost.state.loopEntry !== topmost)
    topmost = topmost.state.loopEntry
  let at: PathState | undefined = state
  while (at !== undefined && at.loopEntry !== topmost) {
    const before: Checkpoint | undefined = at.loopEntry
    at.loopEntry = topmost
    at = before?.state
  }
  return topmost
}

/** `state` came back to `header`. */
export function enterLoop(state: PathState, header: Checkpoint): void {
  const own = loopEntryOf(state)?.state ?? state
  const outer = loopEntryOf(header.state) ?? header
  if (outer.branches === 0 || outer.state.depth > own.depth) return
  state.loopEntry = header
  header.isLoopEntry = true
}
