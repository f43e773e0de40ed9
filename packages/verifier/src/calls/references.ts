/** References: pointers that a helper gave out and that the program must give back on every path. */
import type { Reference } from '../state/path-state.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'

/** A new reference, whose id also stands for the pointer's NULL check. */
export function acquireReference(v: Verification): number {
  const reference = { id: v.newId(), pc: v.pc, callbackFrame: callbackFrame(v) }
  v.state.references = [...v.state.references, reference]
  return reference.id
}

/** Number of the running frame where that is a callback's and has references of its own, else 0. */
function callbackFrame({ frame, profile }: Verification): number {
  return frame.isCallback && profile.callbacksOwnReferences ? frame.frameNumber : 0
}

/**
 * Gives a reference back: all its pointers are mere numbers now. False when there is no such reference, or none that is
 * the running callback's own: how often that runs is not known.
 */
export function releaseReference(v: Verification, id: number): boolean {
  const found = v.state.references.find((reference) => reference.id === id)
  const own = callbackFrame(v)
  if (found === undefined || (own !== 0 && found.callbackFrame !== own)) return false
  const rest = v.state.references.filter((reference) => reference !== found)
  v.state.references = rest
  mapRegisters(v.state, (register) => (register.referenceId === id ? v.forgotten : register))
  return true
}

/** Refuses to end a path (or to leave the program) with references held. `consequence` is one more line. */
export function checkNoReferences(v: Verification, consequence?: string): void {
  const own = callbackFrame(v)
  const references = own === 0 ? v.state.references : v.state.references.filter((one) => one.callbackFrame === own)
  refuseLeak(v, references, consequence)
}

/** Refuses to end the program in the midst of its functions, with any reference held. */
export function checkAllReferences(v: Verification, consequence?: string): void {
  refuseLeak(v, v.state.references, consequence)
}

function refuseLeak(v: Verification, references: readonly Reference[], consequence: string | undefined): void {
  if (references.length === 0) return
  const lines = references.map(({ id, pc }) => `Unreleased reference id=${id} alloc_insn=${pc}`)
  const message = [...lines, ...(consequence === undefined ? [] : [consequence])].join('\n')
  v.refuse('VERIFIER_REFERENCE_LEAK', 'EINVAL', message, 'give it back on every path, also those that return early')
}
