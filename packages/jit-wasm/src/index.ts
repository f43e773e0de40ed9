export type { JitWasmErrorCode } from './jit-wasm-error.ts'
export { JitWasmError } from './jit-wasm-error.ts'
export { createWasmEngine, emitWasm } from './wasm-engine.ts'
export type { WasmTranslation } from './wasm-thread.ts'
