export type { MachineCode } from './machine-code.ts'
export { NATIVE_CONTEXT } from './machine-code.ts'
