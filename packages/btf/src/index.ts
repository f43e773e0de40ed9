export type { Btf } from './btf.ts'
export type { FunctionInfo, LineInfo } from './ext-info.ts'
