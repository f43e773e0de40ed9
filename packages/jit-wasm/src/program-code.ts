import { CPU_BLOCK, type EngineOptions } from '@bpfoundry/engine'
import type { CodeWriter } from './binary/code-writer.ts'
import { encodeModule, type ModuleBytes } from './binary/module-writer.ts'
import { OP } from './binary/opcode.ts'
import { type InsnMark, writeFunction } from './function-code.ts'
import { FunctionWriter } from './function-writer.ts'
import { CPU_LOCAL, ModuleLayout, TAIL_CALLS_LOCAL } from './module-layout.ts'
import type { FunctionPlan, ProgramPlan } from './program-plan.ts'

/** Where the code of an instruction begins. */
export interface InsnPosition {
  readonly pc: number
  /** Offset in the module. */
  readonly offsetBytes: number
}

/** The module of a program. */
export function programModule(plan: ProgramPlan, options: EngineOptions): Uint8Array<ArrayBuffer> {
  return writeProgram(plan, options).bytes
}

/**
 * Where in that module the instructions are, in the module's order: for telling which one trapped. Writes the module a
 * second time, so that nobody pays for it who has no trap.
 */
export function insnPositions(plan: ProgramPlan, options: EngineOptions): readonly InsnPosition[] {
  const marks: { readonly pc: number; readonly function: number; readonly offsetBytes: number }[] = []
  const { bodyOffsetsBytes } = writeProgram(plan, options, ({ index }) => (pc, offsetBytes) => {
    marks.push({ pc, function: index, offsetBytes })
  })
  return marks.map((mark) => ({
    pc: mark.pc,
    offsetBytes: mark.offsetBytes + (bodyOffsetsBytes[mark.function] as number),
  }))
}

function writeProgram(
  plan: ProgramPlan,
  options: EngineOptions,
  marksOf?: (plan: FunctionPlan) => InsnMark,
): ModuleBytes {
  const layout = new ModuleLayout(plan)
  const functions = plan.functions.map((functionPlan) => ({
    type: layout.typeOf(functionPlan),
    write: (code: CodeWriter) => {
      const f = new FunctionWriter(code, plan, functionPlan, layout, options)
      if (f.isEntry) storeTailCalls(f)
      writeFunction(f, marksOf?.(functionPlan))
      return f.locals
    },
  }))
  const { types, imports } = layout
  return encodeModule({ types, imports, usesTable: plan.makesTailCalls, functions, entry: imports.length })
}

/** A run enters with none, a tail call with one more than there were. */
function storeTailCalls({ code }: FunctionWriter): void {
  code.localGet(CPU_LOCAL)
  code.localGet(TAIL_CALLS_LOCAL)
  code.memory(OP['i32.store'], 2, CPU_BLOCK.fields.tailCalls.offsetBytes)
}
