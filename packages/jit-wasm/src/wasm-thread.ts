import {
  type CompiledProgram,
  CPU_BLOCK,
  type Cpu,
  type EngineEnvironment,
  type EngineThread,
  FRAME_BYTES,
  type ProgramImage,
  type Translation,
} from '@bpfoundry/engine'
import { IMPORTED } from './module-layout.ts'
import type { InsnPosition } from './program-code.ts'
import { callDepthFault, faultOf, sourceAt, trapOffsetBytes, unknownHelper } from './traps.ts'

/** A program's module, compiled by the host: it can be posted to workers. */
export interface WasmTranslation extends Translation {
  readonly module: WebAssembly.Module
  /** Numbers of the helpers that the module imports. */
  readonly helpers: readonly number[]
}

/** (CPU block, lowest byte of the entry's frame, r1, tail calls so far) -> lower half of r0. */
type Entry = (cpuBlock: number, frame: number, ctx: number, tailCalls: number) => number

/** Finds out which instruction is at an offset in a program's module. */
export type Locate = (image: ProgramImage) => readonly InsnPosition[]

/** The engine in one thread: the table of its programs, and the CPU that runs now. */
export class WasmThread implements EngineThread {
  readonly #environment: EngineEnvironment
  readonly #locate: Locate
  /** Entries by program id, where compiled tail calls find them. */
  readonly #programs = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
  /** What helpers are called with. */
  cpu!: Cpu

  constructor(environment: EngineEnvironment, locate: Locate) {
    this.#environment = environment
    this.#locate = locate
  }

  install(translation: Translation): CompiledProgram {
    const { image, module, helpers } = translation as WasmTranslation
    const instance = new WebAssembly.Instance(module, this.#imports(helpers))
    const entry = instance.exports['entry'] as Entry
    if (!isHidden(image)) this.#place(image.id, entry)
    return new WasmProgram(image, entry, this, this.#locate)
  }

  remove(id: number): void {
    if (id < this.#programs.length) this.#programs.set(id, null)
  }

  #imports(helpers: readonly number[]): WebAssembly.Imports {
    const callByRegister = (id: number): void => this.#helper(id >>> 0)()
    return {
      env: { memory: this.#environment.memory.memory, programs: this.#programs },
      functions: {
        ...Object.fromEntries(helpers.map((id) => [String(id), this.#helper(id)])),
        [IMPORTED.callByRegister]: callByRegister,
        [IMPORTED.callDepth]: () => {
          throw callDepthFault()
        },
      },
    }
  }

  /** A helper as WebAssembly calls it. */
  #helper(id: number): () => void {
    const helper = this.#environment.helpers[id]
    if (helper !== undefined) return () => helper(this.cpu)
    return () => {
      throw unknownHelper(id)
    }
  }

  /** Lets tail calls find a program. */
  #place(id: number, entry: Entry): void {
    const missing = id + 1 - this.#programs.length
    if (missing > 0) this.#programs.grow(Math.max(missing, this.#programs.length))
    this.#programs.set(id, entry)
  }
}

/** True for what drivers run for themselves. Its ids are high, and no tail call may find it. */
function isHidden(image: ProgramImage): boolean {
  return (image.inlined ?? image).subprograms[0]?.hidden === true
}

class WasmProgram implements CompiledProgram {
  readonly image: ProgramImage
  readonly #entry: Entry
  readonly #thread: WasmThread
  readonly #locate: Locate

  constructor(image: ProgramImage, entry: Entry, thread: WasmThread, locate: Locate) {
    this.image = image
    this.#entry = entry
    this.#thread = thread
    this.#locate = locate
  }

  run(cpu: Cpu, ctx: number): number {
    if (this.#thread.cpu !== cpu) this.#thread.cpu = cpu
    try {
      return this.#entry(cpu.block, cpu.stackTop - FRAME_BYTES, ctx, 0) >>> 0
    } catch (error) {
      throw this.#explain(error, cpu)
    }
  }

  /** An error as a fault of the program, with its instruction and source line where they can be told. */
  #explain(error: unknown, cpu: Cpu): unknown {
    const fault = faultOf(error)
    if (fault === undefined) return error
    const { image } = this
    // After a tail call the offset may be one in another program's module.
    if (tailCallsOf(cpu) > 0) return fault
    const offset = trapOffsetBytes(error)
    const at = offset === undefined ? undefined : this.#locate(image).findLast((insn) => insn.offsetBytes <= offset)
    if (at === undefined) return fault.at({ program: image.name })
    const source = sourceAt(image.inlined ?? image, at.pc)
    return fault.at({ program: image.name, pc: at.pc, ...(source === undefined ? {} : { source }) })
  }
}

function tailCallsOf({ memory, block }: Cpu): number {
  return memory.u32[(block + CPU_BLOCK.fields.tailCalls.offsetBytes) >>> 2] as number
}
