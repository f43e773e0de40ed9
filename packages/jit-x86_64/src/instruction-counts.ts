import type { MachineCode } from '@bpfoundry/codegen'
import { instructionStarts } from './asm/instruction-length.ts'

/** How many x86 instructions stand for the parts of a program. */
export interface X86InsnCounts {
  /** By slot; 0 for a slot that was fused into the one before it, or is the second of a wide instruction. */
  readonly bySlot: Uint32Array
  /** Before slot 0: the entry that the host calls. */
  readonly entry: number
}

/**
 * Counts the instructions of emitted code, for cost models: which of them a packet executes is told by a run.
 *
 * @param code as `translateX86` made it
 */
export function countX86Insns({ bytes, insnOffsetsBytes, runOffsetBytes }: MachineCode): X86InsnCounts {
  const slots = insnOffsetsBytes.length - 1
  const end = insnOffsetsBytes[slots]!
  const bySlot = new Uint32Array(slots)
  let slot = 0
  for (const start of instructionStarts(bytes, insnOffsetsBytes[0]!, end)) {
    // Fused slots lie where what follows does: the last of those that begin here is the one with the code.
    while (slot + 1 < slots && insnOffsetsBytes[slot + 1]! <= start) slot++
    bySlot[slot] = bySlot[slot]! + 1
  }
  return { bySlot, entry: instructionStarts(bytes, runOffsetBytes, insnOffsetsBytes[0]!).length }
}
