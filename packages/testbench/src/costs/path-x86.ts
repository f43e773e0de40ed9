import type { ProgramImage } from '@bpfoundry/engine'
import { countX86Insns, translateX86, type X86InsnCounts } from '@bpfoundry/jit-x86_64'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'

/** What a run of one program executes on an x86-64 host, by slot. */
export interface PathX86 extends X86InsnCounts {
  /** Whether the slot calls a helper: those are priced on their own. */
  readonly callsHelper: readonly boolean[]
}

const CALL = 0x85
/** Source register of a call: 0 for a helper by its number. */
const BY_NUMBER = 0

/**
 * The x86 instructions that are emitted for each slot, as Linux's compiler would run them: helpers are called, not
 * inlined, and a call is one instruction (arguments are where C wants them; the call sequence here goes by the CPU block).
 */
export function pathX86(image: ProgramImage): PathX86 {
  const { inlined: _, ...plain } = image
  const counts = countX86Insns(translateX86(plain, { progArray: PROG_ARRAY_LAYOUT, count: false }))
  const callsHelper = image.insns.map(({ opcode, src }) => opcode === CALL && src === BY_NUMBER)
  const bySlot = counts.bySlot.map((count, slot) => (callsHelper[slot] ? 1 : count))
  return { ...counts, bySlot, callsHelper }
}
