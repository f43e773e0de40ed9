export { CollectionKernel, OracleLoadedMap, OracleLoadedProgram, ProgramRefused } from './collection-kernel.ts'
export type { OracleEntry, OracleMap, OracleMapSpec } from './kernel-maps.ts'
export type { OracleUnavailable } from './kernel-oracle.ts'
export { KernelOracle, kernelOracle } from './kernel-oracle.ts'
export type {
  LoadAnswer,
  OracleMapReference,
  OracleProgram,
  ProgramInfo,
  RunAnswer,
  TestRun,
} from './kernel-programs.ts'
export type { OracleErrorCode } from './oracle-error.ts'
export { OracleError } from './oracle-error.ts'
export type { VerifierStatistics } from './verifier-log.ts'
