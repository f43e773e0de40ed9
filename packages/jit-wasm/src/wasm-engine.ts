import type { Engine, ProgramImage } from '@bpfoundry/engine'
import { JitWasmError } from './jit-wasm-error.ts'
import { prepare, type WasmEngineOptions } from './prepared-program.ts'
import { type InsnPosition, insnPositions, programModule } from './program-code.ts'
import { type ProgramPlan, planProgram } from './program-plan.ts'
import { WasmThread, type WasmTranslation } from './wasm-thread.ts'

/**
 * The engine that compiles a program to a WebAssembly module of its own. It runs wherever JavaScript runs.
 *
 * `translate` throws CodegenError for flow that leaves the program, JitWasmError for what can't be compiled; a run throws
 * ExecutionFault where WebAssembly traps.
 */
export function createWasmEngine(options: WasmEngineOptions): Engine {
  return {
    name: 'wasm',
    translate(image): WasmTranslation {
      const plan = planProgram(prepare(image, options))
      return { image, module: compile(image, plan, options), helpers: plan.helpers }
    },
    open: (environment) => new WasmThread(environment, (image) => positionsIn(image, options)),
  }
}

/** The bytes of a program's module: for storing it, and for looking at it. */
export function emitWasm(image: ProgramImage, options: WasmEngineOptions): Uint8Array<ArrayBuffer> {
  return programModule(planProgram(prepare(image, options)), options)
}

/** Where in a program's module the instructions of the image's program are. */
export function positionsIn(image: ProgramImage, options: WasmEngineOptions): readonly InsnPosition[] {
  const program = prepare(image, options)
  return insnPositions(planProgram(program), options).map(({ pc, offsetBytes }) => ({
    pc: program.pcBefore(pc),
    offsetBytes,
  }))
}

/** Has the host compile the module. Hosts bound the size of a function; any other refusal is a defect of ours. */
function compile(image: ProgramImage, plan: ProgramPlan, options: WasmEngineOptions): WebAssembly.Module {
  const bytes = programModule(plan, options)
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    throw new JitWasmError({
      code: 'JIT_WASM_MODULE',
      message: 'the host refuses the module',
      where: { program: image.name },
      got: `${bytes.length} bytes`,
      cause: error,
    })
  }
}
