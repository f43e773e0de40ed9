export type { Cpu } from './cpu.ts'
export {
  allocateCpu,
  attachCpu,
  CPU_BLOCK,
  CPU_REGISTERS,
  CPU_STACK_BYTES,
  FRAME_BYTES,
  MAX_CALL_FRAMES,
  MAX_TAIL_CALLS,
} from './cpu.ts'
export type { CompiledProgram, Engine, EngineEnvironment } from './engine.ts'
export type { FaultCode } from './execution-fault.ts'
export { ExecutionFault } from './execution-fault.ts'
export type { HelperFunction, HelperTable } from './helper-call.ts'
export { returnErrno, returnU32, returnU64 } from './helper-call.ts'
export type { MapReference, ProgramImage, ProgramLine, Subprogram } from './program-image.ts'
