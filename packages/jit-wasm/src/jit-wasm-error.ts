import { Diagnostic, type DiagnosticFields } from '@bpfoundry/diagnostics'

/**
 * | code | meaning |
 * |---|---|
 * | `JIT_WASM_OPCODE` | no such instruction or register |
 * | `JIT_WASM_FALLS_OFF` | flow goes on behind the last instruction |
 * | `JIT_WASM_UNRESOLVED` | an instruction that fix-ups should have replaced, or that this machine has nothing for |
 * | `JIT_WASM_MODULE` | the host refuses the module: a function is larger than its limits |
 */
export type JitWasmErrorCode = 'JIT_WASM_OPCODE' | 'JIT_WASM_FALLS_OFF' | 'JIT_WASM_UNRESOLVED' | 'JIT_WASM_MODULE'

/** Why a program can't be translated; `where.pc` tells the instruction. */
export class JitWasmError extends Diagnostic {
  declare readonly code: JitWasmErrorCode

  constructor(fields: DiagnosticFields & { readonly code: JitWasmErrorCode }) {
    super(fields)
  }
}
