import type { Engine, EngineOptions, ProgramImage } from '@bpfoundry/engine'
import { JitWasmError } from './jit-wasm-error.ts'
import { insnPositions, programModule } from './program-code.ts'
import { type ProgramPlan, planProgram } from './program-plan.ts'
import { WasmThread, type WasmTranslation } from './wasm-thread.ts'

/**
 * The engine that compiles a program to a WebAssembly module of its own. It runs wherever JavaScript runs.
 *
 * `translate` throws CodegenError for flow that leaves the program, JitWasmError for what can't be compiled; a run throws
 * ExecutionFault where WebAssembly traps.
 */
export function createWasmEngine(options: EngineOptions): Engine {
  const locate = (image: ProgramImage) => insnPositions(planProgram(image), options)
  return {
    name: 'wasm',
    compiles: true,
    translate(image): WasmTranslation {
      const plan = planProgram(image)
      return { image, module: compile(image, plan, options), helpers: plan.helpers }
    },
    open: (environment) => new WasmThread(environment, locate),
  }
}

/** The bytes of a program's module: for storing it, and for looking at it. */
export function emitWasm(image: ProgramImage, options: EngineOptions): Uint8Array<ArrayBuffer> {
  return programModule(planProgram(image), options)
}

/** Has the host compile the module. Hosts bound the size of a function; any other refusal is a defect of ours. */
function compile(image: ProgramImage, plan: ProgramPlan, options: EngineOptions): WebAssembly.Module {
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
