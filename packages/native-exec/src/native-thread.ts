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
import { type HelperTarget, helperDispatcher, runAs } from './helper-dispatch.ts'
import { NativeContext } from './native-context.ts'
import { endsIn, type NativeTranslation, requireNative, slotBehind } from './native-translation.ts'
import { ProgramTable } from './program-table.ts'

const TWO_32 = 2 ** 32

/** What a helper threw; wrapped, for it may have thrown undefined. */
interface Failure {
  readonly error: unknown
}

/** Stubs of contexts that nobody closed: tests and short runs forget to. */
const forgotten = new FinalizationRegistry<NativeContext[]>((contexts) => {
  for (const context of contexts) context.close()
})

/** A machine-code engine in one thread: a context a CPU, the table of tail calls, the way to the helpers. */
export class NativeThread implements EngineThread, HelperTarget {
  readonly #engine: string
  readonly #environment: EngineEnvironment
  readonly #memoryBase: number
  readonly #programs = new ProgramTable()
  readonly #installed = new Map<number, NativeTranslation>()
  readonly #contexts = new Map<number, NativeContext>()
  /** The same contexts, held where the finalizer finds them. */
  readonly #open: NativeContext[] = []
  /** The views that {@link #memoryBase} was last checked with. */
  #checkedViews: Uint8Array
  #context: NativeContext | undefined
  #failure: Failure | undefined
  #helping = false

  /** @throws NativeExecError NATIVE_NO_KOFFI */
  constructor(engine: string, environment: EngineEnvironment) {
    this.#engine = engine
    this.#environment = environment
    environment.memory.refresh()
    this.#checkedViews = environment.memory.u8
    this.#memoryBase = addressOf(environment.memory.u8.buffer)
    forgotten.register(this, this.#open, this)
  }

  /** @throws NativeExecError NATIVE_FOREIGN, NATIVE_PROGRAM_ID */
  install(translation: Translation): CompiledProgram {
    const native = requireNative(this.#engine, translation)
    const moved = this.#programs.set(native.image.id, native.code.address + native.tailOffsetBytes)
    if (moved) for (const context of this.#open) context.usePrograms(this.#programs)
    this.#installed.set(native.image.id, native)
    return new NativeProgram(this, native)
  }

  remove(id: number): void {
    this.#programs.clear(id)
    this.#installed.delete(id)
  }

  close(): void {
    forgotten.unregister(this)
    for (const context of this.#open.splice(0)) context.close()
    this.#contexts.clear()
    this.#context = undefined
  }

  /** Runs the code at a host address, given as two words. */
  run(image: ProgramImage, entryLow: number, entryHigh: number, cpu: Cpu, ctx: number): number {
    // JavaScript runs inside of machine code only in a helper.
    if (this.#helping) throw new Error(`${image.name}: the engine is already running on this thread`)
    const context = this.#context?.cpu === cpu ? this.#context : this.#contextOf(cpu)
    if (this.#environment.memory.u8 !== this.#checkedViews) this.#checkBase()
    runAs(this)
    context.run(entryLow, entryHigh, ctx)
    context.book()
    if (this.#failure !== undefined) throw this.#takeFailure(context)
    return cpu.regs[0]! >>> 0
  }

  /** Called by machine code, through the dispatcher. */
  help(): void {
    const context = this.#context as NativeContext
    this.#helping = true
    try {
      const id = context.helper
      const helper = this.#environment.helpers[id]
      if (helper === undefined) throw unknownHelper(id)
      helper(context.cpu)
      context.goOn()
    } catch (error) {
      this.#failure = { error }
    }
    this.#helping = false
    // The helper may have run a program of another environment.
    runAs(this)
  }

  #contextOf(cpu: Cpu): NativeContext {
    const known = this.#contexts.get(cpu.block)
    // The same block seen through another object: two of them, used in turn, must not make a new context each time.
    if (known !== undefined) known.cpu = cpu
    this.#context = known ?? this.#makeContext(cpu)
    return this.#context
  }

  #makeContext(cpu: Cpu): NativeContext {
    const callback = helperDispatcher()
    const context = new NativeContext({ cpu, memoryBase: this.#memoryBase, callback, programs: this.#programs })
    this.#contexts.set(cpu.block, context)
    this.#open.push(context)
    return context
  }

  /** Guest memory grew in place: machine code holds its base, so this must never find it elsewhere. */
  #checkBase(): void {
    const { u8 } = this.#environment.memory
    if (addressOf(u8.buffer) !== this.#memoryBase) throw new Error('guest memory moved')
    this.#checkedViews = u8
  }

  #takeFailure(context: NativeContext): unknown {
    const { error } = this.#failure as Failure
    this.#failure = undefined
    return error instanceof ExecutionFault ? this.#locate(error, context.helperReturn) : error
  }

  /** The same fault, with the program and, where that has code of its own, the instruction whose call led to it. */
  #locate(fault: ExecutionFault, behind: number): ExecutionFault {
    const native = [...this.#installed.values()].find((each) => endsIn(each, behind))
    if (native === undefined) return fault
    const program = native.image.name
    const pc = slotBehind(native, behind)
    return fault.at(pc === undefined ? { program } : { program, pc, ...sourceOf(native.image, pc) })
  }
}

/** The source line of the instruction at `pc`, as the interpreter tells it. */
function sourceOf(image: ProgramImage, pc: number): Pick<Place, 'source'> {
  const line = (image.inlined ?? image).lines.findLast((entry) => entry.pc <= pc)
  if (line === undefined) return {}
  return { source: { file: line.file, line: line.line, column: line.column, text: line.text } }
}

function unknownHelper(id: number): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_UNKNOWN_HELPER',
    message: `no helper ${id}`,
    got: id,
    hint: 'the environment of this program has no such helper',
  })
}

class NativeProgram implements CompiledProgram {
  readonly image: ProgramImage
  readonly #thread: NativeThread
  readonly #entryLow: number
  readonly #entryHigh: number

  constructor(thread: NativeThread, { image, code, runOffsetBytes }: NativeTranslation) {
    this.image = image
    this.#thread = thread
    const entry = code.address + runOffsetBytes
    // As int32, which JavaScript passes on without allocating.
    this.#entryLow = (entry % TWO_32) | 0
    this.#entryHigh = Math.floor(entry / TWO_32)
  }

  run(cpu: Cpu, ctx: number): number {
    return this.#thread.run(this.image, this.#entryLow, this.#entryHigh, cpu, ctx)
  }
}
