import { INSTRUCTIONS, type InstructionName } from '@bpfoundry/isa'
import { ARITHMETIC } from './arithmetic.ts'
import { ATOMICS } from './atomics.ts'
import { BYTE_ORDER } from './byte-order.ts'
import { CONTROL_FLOW } from './control-flow.ts'
import { JUMPS } from './jumps.ts'
import { LOADS_AND_STORES } from './loads-and-stores.ts'
import type { Lowering } from './lowering.ts'
import { REFUSED } from './refused.ts'

/** The lowering of every instruction of the table: the type asks for each row, the compiler tells which is missing. */
const BY_NAME: Readonly<Record<InstructionName, Lowering>> = {
  ...ARITHMETIC,
  ...BYTE_ORDER,
  ...JUMPS,
  ...LOADS_AND_STORES,
  ...ATOMICS,
  ...CONTROL_FLOW,
  ...REFUSED,
}

/** Lowerings by id of the instruction's row. */
export const LOWERINGS: readonly Lowering[] = INSTRUCTIONS.map(({ name }) => BY_NAME[name])
