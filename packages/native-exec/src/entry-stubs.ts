/**
 * The two ways between JavaScript and machine code, a pair of stubs for each context, whose address they hold:
 *
 * - `enter()`: keeps the callee-saved registers, then goes to the code at `entry` with the context and `argument`. It has
 *   neither parameters nor a result, for that halves what a call through koffi costs; r0 is in the CPU block.
 * - `callHelper(u32 helper)`: goes to JavaScript, in the same way. When a helper throws, the run must end at that very
 *   instruction, as in the interpreter: the stub then does what longjmp does, back to who called `enter`.
 */
import { arm64Stubs } from './entry-stubs-arm64.ts'
import { x86Stubs } from './entry-stubs-x86.ts'
import { assembleListing, type StubListings } from './stub-listing.ts'

/** By process.arch. */
const STUBS: Readonly<Record<string, (context: number) => StubListings>> = { x64: x86Stubs, arm64: arm64Stubs }

/** Machine code of both, and where the second begins. */
export interface EntryStubs {
  readonly bytes: Uint8Array
  readonly callHelperOffsetBytes: number
}

const ALIGNMENT_BYTES = 16

export function entryStubs(context: number): EntryStubs {
  const { enter, callHelper } = (STUBS[process.arch] as (context: number) => StubListings)(context)
  const first = assembleListing(enter)
  const second = assembleListing(callHelper)
  const callHelperOffsetBytes = Math.ceil(first.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
  const bytes = new Uint8Array(callHelperOffsetBytes + second.length)
  bytes.set(first)
  bytes.set(second, callHelperOffsetBytes)
  return { bytes, callHelperOffsetBytes }
}
