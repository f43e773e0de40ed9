export type * from './collection-spec.ts'
export type { LoadedMap, LoadedProgram, LoaderKernel, MapRequest, ProgramRequest } from './loader-kernel.ts'
