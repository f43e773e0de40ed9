import { INSTRUCTIONS, type InstructionName } from '@bpfoundry/isa'
import { shiftBackAndForth } from './bit-field.ts'
import { copyAndOperate } from './copy-and-operate.ts'
import type { Fusion } from './fusion.ts'
import { rotate } from './rotate.ts'
import { loadAndSwap16 } from './swapped-load.ts'

/** Fusions by their first instruction, in the order in which they are tried. */
// biome-ignore format: table
const BY_NAME: Readonly<Partial<Record<InstructionName, readonly Fusion[]>>> = {
  ALU64_MOV_X: [rotate, copyAndOperate(64)],
  ALU32_MOV_X: [rotate, copyAndOperate(32)],
  ALU64_LSH_K: [shiftBackAndForth(64)],
  ALU32_LSH_K: [shiftBackAndForth(32)],
  LDX_MEM_H:   [loadAndSwap16],
}

/** The same by the row's id. */
export const FUSIONS: readonly (readonly Fusion[] | undefined)[] = INSTRUCTIONS.map(({ name }) => BY_NAME[name])
