import type { SourceSpan } from '@bpfoundry/diagnostics'
import { ExecutionFault, type FaultCode, MAX_RUN_FRAMES, type ProgramImage } from '@bpfoundry/engine'

/** A trap as engines word it. The specification leaves that open: V8's, SpiderMonkey's and JavaScriptCore's words. */
const TRAPS: readonly (readonly [RegExp, FaultCode, string])[] = [
  [/unaligned/i, 'FAULT_MISALIGNED_ATOMIC', 'atomic access is not aligned'],
  [/out of bounds/i, 'FAULT_OUT_OF_BOUNDS', 'access out of bounds'],
]

/** What V8, SpiderMonkey and JavaScriptCore say when the host's stack is used up. */
const STACK_OVERFLOW = /call stack|too much recursion/i

/** The fault of a call for which there is no frame. */
export function callDepthFault(): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_CALL_DEPTH',
    message: 'too many nested calls',
    expected: `at most ${MAX_RUN_FRAMES} frames`,
  })
}

/** The fault of a call of a helper that is not there. */
export function unknownHelper(id: number): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_UNKNOWN_HELPER',
    message: `no helper ${id}`,
    got: id,
    hint: 'the environment of this program has no such helper',
  })
}

/** The fault that an error thrown by a run stands for; undefined when it is none, but what a helper threw. */
export function faultOf(error: unknown): ExecutionFault | undefined {
  if (error instanceof ExecutionFault) return error
  if (error instanceof WebAssembly.RuntimeError) {
    const known = TRAPS.find(([words]) => words.test(error.message))
    const [, code, message] = known ?? [undefined, 'FAULT_BAD_PC' as const, 'trap']
    return new ExecutionFault({ code, message, cause: error })
  }
  const overflow = error instanceof Error && STACK_OVERFLOW.test(error.message)
  return overflow
    ? new ExecutionFault({ code: 'FAULT_CALL_DEPTH', message: 'too many nested calls', cause: error })
    : undefined
}

/** Where in a module the innermost WebAssembly frame of an error stood, in bytes; V8 and SpiderMonkey tell. */
export function trapOffsetBytes(error: unknown): number | undefined {
  const text = error instanceof Error ? error.stack : undefined
  const offset = /wasm-function\[\d+\]:0x([0-9a-f]+)/.exec(text ?? '')?.[1]
  return offset === undefined ? undefined : Number.parseInt(offset, 16)
}

/** The source line of the instruction at `pc`: the last entry at or before it. */
export function sourceAt({ lines }: Pick<ProgramImage, 'lines'>, pc: number): SourceSpan | undefined {
  const line = lines.findLast((entry) => entry.pc <= pc)
  return line === undefined ? undefined : { file: line.file, line: line.line, column: line.column, text: line.text }
}
