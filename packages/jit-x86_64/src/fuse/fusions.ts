import { INSTRUCTIONS, type InstructionName } from '@bpfoundry/isa'
import { form } from '../asm/form.ts'
import { blindedCopySum, blindedSum } from './blinded-sum.ts'
import { copiedOperand } from './copied-operand.ts'
import type { Fusion } from './fusion.ts'
import { rotate } from './rotate.ts'
import { scaledIndex } from './scaled-index.ts'
import { loadAndSwap, loadAndSwap16 } from './swapped-load.ts'

/** Fusions by their first instruction, in the order in which they are tried. */
// biome-ignore format: table
export const FUSIONS: Readonly<Partial<Record<InstructionName, readonly Fusion[]>>> = {
  ALU64_MOV_X: [rotate, blindedCopySum(64), copiedOperand(64)],
  ALU32_MOV_X: [rotate, blindedCopySum(32), copiedOperand(32)],
  ALU64_ADD_X: [blindedSum(64)],
  ALU32_ADD_X: [blindedSum(32)],
  ALU64_LSH_K: [scaledIndex],
  LDX_MEM_H:   [loadAndSwap16],
  LDX_MEM_W:   [loadAndSwap(form('MOVBE r32, m32'), 'BE32', 'BSWAP32')],
  LDX_MEM_DW:  [loadAndSwap(form('MOVBE r64, m64'), 'BE64', 'BSWAP64')],
}

/** The same by the row's id. */
export const FUSIONS_BY_ID: readonly (readonly Fusion[] | undefined)[] = INSTRUCTIONS.map(({ name }) => FUSIONS[name])
