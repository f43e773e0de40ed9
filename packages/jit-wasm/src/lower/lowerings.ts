import { INSTRUCTIONS, type InstructionKind, type InstructionRow } from '@bpfoundry/isa'
import type { Lower } from '../function-writer.ts'
import { refusalOf } from '../refused.ts'
import { lowerArithmetic, lowerNegation, lowerSignExtension } from './arithmetic.ts'
import { lowerAtomic, lowerLoadAcquire, lowerStoreRelease } from './atomic.ts'
import { lowerByteOrder } from './byte-order.ts'
import { lowerCall, lowerExit } from './call.ts'
import { lowerImmediate, lowerPerCpuAddress } from './immediate.ts'
import { lowerComparison, lowerMayGoto } from './jump.ts'
import { lowerLoad, lowerStore } from './memory.ts'

/** Where the flow goes is in the graph; a barrier against speculation has no effect that can be seen. */
const nothing: Lower = () => {}

/** How the rows of each kind are lowered: the type asks for each kind. */
const BY_KIND: Readonly<Record<InstructionKind, (row: InstructionRow) => Lower>> = {
  alu: lowerArithmetic,
  neg: lowerNegation,
  movsx: lowerSignExtension,
  swap: lowerByteOrder,
  jump: lowerComparison,
  goto: () => nothing,
  may_goto: () => lowerMayGoto,
  call: lowerCall,
  exit: () => lowerExit,
  ld_imm64: lowerImmediate,
  ld_packet: () => nothing,
  load: lowerLoad,
  store: lowerStore,
  atomic: lowerAtomic,
  load_acq: lowerLoadAcquire,
  store_rel: lowerStoreRelease,
  cast: () => lowerPerCpuAddress,
  nospec: () => nothing,
}

/** How each row is lowered, by its id; undefined for those that are refused before. */
export const LOWERINGS: readonly (Lower | undefined)[] = INSTRUCTIONS.map((row) =>
  refusalOf(row) === undefined ? BY_KIND[row.kind](row) : undefined,
)
