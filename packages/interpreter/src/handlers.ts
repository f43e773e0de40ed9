import type { InstructionName } from '@bpfoundry/isa'
import { ALU32 } from './alu32.ts'
import { ALU64 } from './alu64.ts'
import { ATOMIC32, ATOMIC64, ORDERED } from './atomics.ts'
import { BYTE_ORDER } from './byte-order.ts'
import { CONTROL_FLOW } from './control-flow.ts'
import { JUMP32 } from './jump32.ts'
import { JUMP64 } from './jump64.ts'
import { LOAD_STORE } from './load-store.ts'
import type { Handler } from './operation.ts'
import { REFUSED } from './refused.ts'

/** The handler of every instruction of the table: the type asks for each row, the compiler tells which is missing. */
export const HANDLERS: Readonly<Record<InstructionName, Handler>> = {
  ...ALU64,
  ...ALU32,
  ...BYTE_ORDER,
  ...JUMP64,
  ...JUMP32,
  ...LOAD_STORE,
  ...ATOMIC32,
  ...ATOMIC64,
  ...ORDERED,
  ...CONTROL_FLOW,
  ...REFUSED,
}
