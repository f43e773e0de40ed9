export type { CoreCounters } from './core-counters.ts'
export { type ContextCount, type CoreState, LOCAL_MEMORY_WORDS } from './core-state.ts'
export { type ComputeStep, type FirmwareRoutine, type FirmwareStep, type MemoryStep, PARKED } from './firmware.ts'
export type { Machine } from './machine.ts'
export { ImmediateMemory } from './memory/immediate-memory.ts'
export { LOOKAHEAD_CYCLES, type MemoryCommandSlot, type MemoryPort } from './memory/memory-command.ts'
export {
  MEMORY_OPERATIONS,
  type MemoryDirection,
  type MemoryOperation,
  memoryOperation,
  type SupportedCommand,
} from './memory/memory-operations.ts'
export { type MemoryCounters, MemorySystem, type MemorySystemOptions } from './memory/memory-system.ts'
export { MEMORY_TIMINGS, type MemoryRegion, type MemoryTiming } from './memory/memory-timing.ts'
export { type CardMemory, performCommand } from './memory/perform-command.ts'
export { type Execution, Microengine, type MicroengineOptions } from './microengine.ts'
export { MicroengineError, type MicroengineErrorCode } from './microengine-error.ts'
export {
  enterProgram,
  PACKET_VECTOR,
  type ProgramPacket,
  type ProgramResult,
  ProgramRun,
  type ProgramRunOptions,
  programResult,
  STACK_BYTES,
} from './program-run.ts'
export { CORE_TIMING, type CoreTiming, SINGLE_PATH_TIMING } from './timing.ts'
