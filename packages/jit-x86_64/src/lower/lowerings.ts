import { INSTRUCTIONS, type InstructionName } from '@bpfoundry/isa'
import { ARITHMETIC } from './arithmetic.ts'
import { ATOMIC } from './atomic.ts'
import { BYTE_ORDER } from './byte-order.ts'
import { CALL_OUT } from './call-out.ts'
import { CONTROL_FLOW } from './control-flow.ts'
import { DIVIDE } from './divide.ts'
import { JUMP } from './jump.ts'
import { LOAD_STORE } from './load-store.ts'
import type { Lowering } from './lowering.ts'
import { MULTIPLY } from './multiply.ts'
import { REFUSED } from './refused.ts'
import { SHIFT } from './shift.ts'

/** The lowering of every instruction of the table: the type asks for each row, the compiler tells which is missing. */
export const LOWERINGS: Readonly<Record<InstructionName, Lowering>> = {
  ...ARITHMETIC,
  ...SHIFT,
  ...MULTIPLY,
  ...DIVIDE,
  ...BYTE_ORDER,
  ...LOAD_STORE,
  ...ATOMIC,
  ...JUMP,
  ...CONTROL_FLOW,
  ...CALL_OUT,
  ...REFUSED,
}

/** The same by the row's id. */
export const LOWERING_BY_ID: readonly Lowering[] = INSTRUCTIONS.map(({ name }) => LOWERINGS[name])
