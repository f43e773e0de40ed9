/**
 * The ways between JavaScript and machine code, for each JavaScript thread. Machine code has a stack of its own, so that it
 * can wait: a helper call is no call into JavaScript, which koffi can do in 90 ns at best, but a return to it, and going
 * on is a second call, each of 14 ns. When a helper throws, nobody goes on, and the run has ended at that very
 * instruction, as in the interpreter.
 *
 * ```
 * enter():                 save the caller's registers; stack = gate.stack; gate.entry(gate.context, gate.argument)
 *                          gate.waiting = 0; back to the caller
 * callHelper(u32 helper):  gate.helper = helper; save machine code's registers; gate.waiting = 1; back to the caller
 * resume():                save the caller's registers; back to where callHelper was called
 * ```
 *
 * enter and resume have neither parameters nor a result, for that halves what a call through koffi costs.
 */
import { arm64Stubs } from './gate-stubs-arm64.ts'
import { x86Stubs } from './gate-stubs-x86.ts'
import { assembleListing, type StubListings } from './stub-listing.ts'

/** By process.arch. */
const STUBS: Readonly<Record<string, (gate: number) => StubListings>> = { x64: x86Stubs, arm64: arm64Stubs }

/** Machine code of the stubs, the first being `enter`, and where the others begin. */
export interface GateStubs {
  readonly bytes: Uint8Array
  readonly callHelperOffsetBytes: number
  readonly resumeOffsetBytes: number
}

const ALIGNMENT_BYTES = 16
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES

/** The stubs for the gate at a host address, for this host's CPU. */
export function gateStubs(gate: number): GateStubs {
  const { enter, callHelper, resume } = (STUBS[process.arch] as (gate: number) => StubListings)(gate)
  const parts = [enter, callHelper, resume].map(assembleListing) as [Uint8Array, Uint8Array, Uint8Array]
  const callHelperOffsetBytes = aligned(parts[0].length)
  const resumeOffsetBytes = callHelperOffsetBytes + aligned(parts[1].length)
  const bytes = new Uint8Array(resumeOffsetBytes + parts[2].length)
  for (const [index, at] of [0, callHelperOffsetBytes, resumeOffsetBytes].entries()) bytes.set(parts[index]!, at)
  return { bytes, callHelperOffsetBytes, resumeOffsetBytes }
}
