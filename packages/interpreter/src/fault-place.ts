import type { SourceSpan } from '@bpfoundry/diagnostics'
import { ExecutionFault, type ProgramImage } from '@bpfoundry/engine'
import type { Operation } from './operation.ts'

/** The source line of the instruction at `pc`: the last entry at or before it. */
function lineAt(image: ProgramImage, pc: number): SourceSpan | undefined {
  const line = image.lines.findLast((entry) => entry.pc <= pc)
  return line === undefined ? undefined : { file: line.file, line: line.line, column: line.column, text: line.text }
}

/** The same error; if it is a fault of the program, with the program, the instruction and its source line. */
export function locateFault(error: unknown, { image, pc }: Operation): unknown {
  if (!(error instanceof ExecutionFault)) return error
  const at = error.where?.pc ?? pc
  const source = lineAt(image, at)
  return error.at({ program: image.name, pc: at, ...(source === undefined ? {} : { source }) })
}
