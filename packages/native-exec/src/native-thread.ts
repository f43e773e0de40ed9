import type { Place } from '@bpfoundry/diagnostics'
import {
  type CompiledProgram,
  type Cpu,
  type EngineEnvironment,
  type EngineThread,
  ExecutionFault,
  type ProgramImage,
  type Translation,
} from '@bpfoundry/engine'
import { addressOf } from './foreign-functions.ts'
import { type Gate, threadGate, type WordPair, wordPair } from './gate.ts'
import { NativeContext } from './native-context.ts'
import { endsIn, type NativeTranslation, requireNative, slotBehind } from './native-translation.ts'
import { ProgramTable } from './program-table.ts'
import { type MachineFault, signalFault } from './signal-fault.ts'

/** A machine-code engine in one thread: a context a CPU, the table of tail calls, the way to the helpers. */
export class NativeThread implements EngineThread {
  readonly #engine: string
  readonly #environment: EngineEnvironment
  readonly #gate: Gate = threadGate()
  readonly #memoryBase: number
  readonly #programs = new ProgramTable()
  readonly #installed = new Map<number, NativeTranslation>()
  readonly #contexts = new Map<number, NativeContext>()
  /** The views that {@link #memoryBase} was last checked with. */
  #checkedViews: Uint8Array
  #context: NativeContext | undefined
  #helping = false

  /** @throws NativeExecError NATIVE_NO_KOFFI, NATIVE_PLATFORM, NATIVE_MAP, NATIVE_PROTECT */
  constructor(engine: string, environment: EngineEnvironment) {
    this.#engine = engine
    this.#environment = environment
    environment.memory.refresh()
    this.#checkedViews = environment.memory.u8
    this.#memoryBase = addressOf(environment.memory.u8.buffer)
  }

  /** @throws NativeExecError NATIVE_FOREIGN, NATIVE_PROGRAM_ID */
  install(translation: Translation): CompiledProgram {
    const native = requireNative(this.#engine, translation)
    const moved = this.#programs.set(native.image.id, native.code.address + native.tailOffsetBytes)
    if (moved) for (const context of this.#contexts.values()) context.usePrograms(this.#programs)
    this.#installed.set(native.image.id, native)
    return new NativeProgram(this, native)
  }

  remove(id: number): void {
    this.#programs.clear(id)
    this.#installed.delete(id)
  }

  close(): void {
    this.#contexts.clear()
    this.#installed.clear()
    this.#context = undefined
  }

  /** Runs the code at a host address. */
  run(image: ProgramImage, entry: WordPair, cpu: Cpu, ctx: number): number {
    const gate = this.#gate
    if (gate.waits) return this.#runInside(image, entry, cpu, ctx)
    const context = this.#context?.cpu === cpu ? this.#context : this.#contextOf(cpu)
    if (this.#environment.memory.u8 !== this.#checkedViews) this.#checkBase()
    gate.enter(entry, context.address, ctx)
    if (gate.waits) this.#help(context, image)
    context.book()
    return cpu.regs[0]! >>> 0
  }

  /** A helper runs a program: of another environment, for this one's CPU waits. */
  #runInside(image: ProgramImage, entry: WordPair, cpu: Cpu, ctx: number): number {
    if (this.#helping) throw new Error(`${image.name}: the engine is already running on this thread`)
    const outer = this.#gate.suspend()
    try {
      return this.run(image, entry, cpu, ctx)
    } finally {
      this.#gate.restore(outer)
    }
  }

  /** Calls helpers for the code that waits, until it ends. @throws what a helper throws, and FAULT_UNKNOWN_HELPER */
  #help(context: NativeContext, image: ProgramImage): void {
    const gate = this.#gate
    const { helpers } = this.#environment
    this.#helping = true
    try {
      do {
        const crash = gate.takeFault()
        if (crash !== undefined) throw this.#crashed(crash).at({ program: image.name })
        const helper = helpers[gate.helper] ?? unknownHelper(gate.helper)
        helper(context.cpu)
        gate.resume()
      } while (gate.waits)
    } catch (error) {
      gate.abandon()
      context.book()
      // A fault that knows its place came from a crash, or from a program that the helper ran.
      if (error instanceof ExecutionFault && error.where === undefined) this.#locate(error, gate.helperReturn)
      throw error
    } finally {
      this.#helping = false
    }
  }

  #contextOf(cpu: Cpu): NativeContext {
    const known = this.#contexts.get(cpu.block)
    // The same block seen through another object: two of them, used in turn, must not make a new context each time.
    if (known !== undefined) known.cpu = cpu
    this.#context = known ?? this.#makeContext(cpu)
    return this.#context
  }

  #makeContext(cpu: Cpu): NativeContext {
    const [memoryBase, { callHelper }, programs] = [this.#memoryBase, this.#gate, this.#programs]
    const context = new NativeContext({ cpu, memoryBase, callHelper, programs })
    this.#contexts.set(cpu.block, context)
    return context
  }

  /** Guest memory grew in place: machine code holds its base, so this must never find it elsewhere. */
  #checkBase(): void {
    const { u8 } = this.#environment.memory
    if (addressOf(u8.buffer) !== this.#memoryBase) throw new Error('guest memory moved')
    this.#checkedViews = u8
  }

  #crashed(crash: MachineFault): ExecutionFault {
    const fault = signalFault(crash, this.#memoryBase)
    // The instruction that crashed is not behind the program counter yet.
    this.#locate(fault, crash.pc + 1)
    return fault
  }

  /** Tells a fault the program and, where that has code of its own, the instruction that ends at a host address. */
  #locate(fault: ExecutionFault, behind: number): void {
    const native = [...this.#installed.values()].find((each) => endsIn(each, behind))
    if (native === undefined) return
    const program = native.image.name
    const pc = slotBehind(native, behind)
    fault.at(pc === undefined ? { program } : { program, pc, ...sourceOf(native.image, pc) })
  }
}

/** The source line of the instruction at `pc`, as the interpreter tells it. */
function sourceOf(image: ProgramImage, pc: number): Pick<Place, 'source'> {
  const line = (image.inlined ?? image).lines.findLast((entry) => entry.pc <= pc)
  if (line === undefined) return {}
  return { source: { file: line.file, line: line.line, column: line.column, text: line.text } }
}

function unknownHelper(id: number): never {
  throw new ExecutionFault({
    code: 'FAULT_UNKNOWN_HELPER',
    message: `no helper ${id}`,
    got: id,
    hint: 'the environment of this program has no such helper',
  })
}

class NativeProgram implements CompiledProgram {
  readonly image: ProgramImage
  readonly #thread: NativeThread
  readonly #entry: WordPair

  constructor(thread: NativeThread, { image, code, runOffsetBytes }: NativeTranslation) {
    this.image = image
    this.#thread = thread
    this.#entry = wordPair(code.address + runOffsetBytes)
  }

  run(cpu: Cpu, ctx: number): number {
    return this.#thread.run(this.image, this.#entry, cpu, ctx)
  }
}
