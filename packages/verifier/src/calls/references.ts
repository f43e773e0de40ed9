/** References: pointers that a helper gave out and that the program must give back on every path. */
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'

/** A new reference, whose id also stands for the pointer's NULL check. */
export function acquireReference(v: Verification): number {
  const reference = { id: v.newId(), pc: v.pc }
  v.state.references = [...v.state.references, reference]
  return reference.id
}

/** Gives a reference back: all its pointers are mere numbers now. False when there is no such reference. */
export function releaseReference(v: Verification, id: number): boolean {
  const rest = v.state.references.filter((reference) => reference.id !== id)
  if (rest.length === v.state.references.length) return false
  v.state.references = rest
  mapRegisters(v.state, (register) => (register.referenceId === id ? UNKNOWN_SCALAR : register))
  return true
}

/** Refuses to end a path (or to leave the program) with references held. `consequence` is one more line. */
export function checkNoReferences(v: Verification, consequence?: string): void {
  const { references } = v.state
  if (references.length === 0) return
  const lines = references.map(({ id, pc }) => `Unreleased reference id=${id} alloc_insn=${pc}`)
  const message = [...lines, ...(consequence === undefined ? [] : [consequence])].join('\n')
  v.refuse('VERIFIER_REFERENCE_LEAK', 'EINVAL', message, 'give it back on every path, also those that return early')
}
