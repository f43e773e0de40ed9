export { type ContextCount, type CoreState, LOCAL_MEMORY_WORDS } from './core-state.ts'
export { type ComputeStep, type FirmwareRoutine, type FirmwareStep, type MemoryStep, PARKED } from './firmware.ts'
export { LOOKAHEAD_CYCLES, type MemoryCommandSlot, type MemoryPort } from './memory-command.ts'
export {
  MEMORY_OPERATIONS,
  type MemoryDirection,
  type MemoryOperation,
  memoryOperation,
  type SupportedCommand,
} from './memory-operations.ts'
export { type CoreCounters, type Execution, Microengine, type MicroengineOptions } from './microengine.ts'
export { MicroengineError, type MicroengineErrorCode } from './microengine-error.ts'
export { CORE_TIMING, type CoreTiming } from './timing.ts'
