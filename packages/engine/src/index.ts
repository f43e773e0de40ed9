export type { Cpu } from './cpu.ts'
export {
  allocateCpu,
  attachCpu,
  CALL_STACK_BYTES,
  CPU_BLOCK,
  CPU_REGISTERS,
  CPU_STACK_BYTES,
  FRAME_BYTES,
  HIDDEN_CALL_FRAMES,
  MAX_CALL_FRAMES,
  MAX_RUN_FRAMES,
  MAX_TAIL_CALLS,
} from './cpu.ts'
export type {
  CompiledProgram,
  Engine,
  EngineEnvironment,
  EngineOptions,
  EngineThread,
  ProgArrayLayout,
  Translation,
} from './engine.ts'
export { compileProgram } from './engine.ts'
export type { FaultCode } from './execution-fault.ts'
export { ExecutionFault } from './execution-fault.ts'
export type { HelperFunction, HelperTable } from './helper-call.ts'
export { returnErrno, returnU32, returnU64 } from './helper-call.ts'
export type { InlinedProgram, MapReference, ProgramImage, ProgramLine, Subprogram } from './program-image.ts'
