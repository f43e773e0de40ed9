/**
 * Programs that no verifier saw, as machine code: in a child process, which takes the crash. What machine code can't
 * check itself, the operating system does: a signal becomes the fault that the interpreter would have told of, as far as
 * the signal says. On x86-64 Linux the child survives and tells address and instruction (fault-handler.ts); elsewhere it
 * dies, and the next run starts another.
 */
import { type Cpu, type EngineOptions, ExecutionFault, type ProgramImage } from '@bpfoundry/engine'
import { ContainedChild, type Ending, ownModule } from './contained-child.ts'
import type { ContainedSetup, ModuleExport } from './contained-messages.ts'
import { changedPages, putPages } from './guest-pages.ts'
import { NativeExecError } from './native-exec-error.ts'
import { SIGNALS } from './signal-fault.ts'

/** What a {@link ContainedRunner} is made with. */
export interface ContainedOptions {
  readonly options: EngineOptions
  /** What makes the engine in the child, `(options) => Engine`; this host's native one by default. */
  readonly engine?: ModuleExport
  /** What makes the helper table there, `(memory) => HelperTable`; without it every helper call faults. */
  readonly helpers?: ModuleExport
  /** What one run may take, wall time; 1000 by default. */
  readonly timeLimitMs?: number
}

const DEFAULT_TIME_LIMIT_MS = 1000
/** Node starts in 40 ms, and in seconds on a machine that is busy. */
const START_LIMIT_MS = 30_000
const MAXIMUM_BYTES = 65_535 * 65_536

/** Runs unverified programs on copies of guest memory in a child process, which is replaced when it dies. */
export class ContainedRunner {
  readonly #setup: ContainedSetup
  readonly #timeLimitMs: number
  #child: ContainedChild | undefined
  #queue: Promise<unknown> = Promise.resolve()
  /** Children started so far: 1, and one more after each death. */
  starts: number = 0

  constructor({ options, engine, helpers, timeLimitMs }: ContainedOptions) {
    this.#timeLimitMs = timeLimitMs ?? DEFAULT_TIME_LIMIT_MS
    this.#setup = {
      engine: engine ?? { url: ownModule('native-engine'), name: 'createNativeEngine' },
      ...(helpers === undefined ? {} : { helpers }),
      options,
      maximumBytes: MAXIMUM_BYTES,
    }
  }

  /**
   * Runs the first of `images` on `cpu` with r1 = `ctx`, `times` times; the others can be tail-called. Afterwards guest
   * memory, the CPU block in it, is as after runs in place, also after a fault; but as before when the child died of it.
   *
   * @returns the low 32 bits of r0 of the last run, unsigned
   * @throws ExecutionFault where a helper faulted, a signal ended the run, or the time limit did (FAULT_OUT_OF_FUEL)
   * @throws NativeExecError NATIVE_CHILD where the engine refused a program, or the child did not start
   */
  run(images: readonly ProgramImage[], cpu: Cpu, ctx: number, times: number = 1): Promise<number> {
    const result = this.#queue.then(() => this.#run(images, cpu, ctx, times))
    this.#queue = result.catch(() => {})
    return result
  }

  /** Ends the child. */
  close(): void {
    this.#child?.kill()
    this.#child = undefined
  }

  async #run(images: readonly ProgramImage[], cpu: Cpu, ctx: number, times: number): Promise<number> {
    const child = await this.#living()
    const { memory } = cpu
    memory.refresh()
    const { byteLength } = memory
    const request = { images, cpuBlock: cpu.block, ctx, times, byteLength, pages: changedPages(memory) }
    const ending = await child.ask(request, this.#timeLimitMs)
    if ('pages' in ending) putPages(memory, ending.pages)
    if (ending.kind === 'done') return ending.retval
    throw this.#failure(ending, images[0]?.name ?? 'no program')
  }

  async #living(): Promise<ContainedChild> {
    if (this.#child?.alive) return this.#child
    const child = new ContainedChild()
    this.starts++
    this.#child = child
    const ending = await child.ask(this.#setup, START_LIMIT_MS)
    if (ending.kind === 'ready') return child
    child.kill()
    throw this.#failure(ending, 'the engine')
  }

  #failure(ending: Ending, program: string): Error {
    if (ending.kind === 'fault')
      return new ExecutionFault(ending.fault as ConstructorParameters<typeof ExecutionFault>[0])
    if (ending.kind === 'error') return refused(program, ending.message, ending.code)
    if (ending.kind !== 'died') throw new Error(`unexpected ${ending.kind} of the child process`)
    return ending.late ? outOfTime(program, this.#timeLimitMs) : crash(program, ending.signal)
  }
}

function refused(program: string, message: string, code: string | undefined): NativeExecError {
  return new NativeExecError({
    code: 'NATIVE_CHILD',
    message: `child process: ${message}`,
    where: { program },
    ...(code === undefined ? {} : { got: code }),
  })
}

function outOfTime(program: string, timeLimitMs: number): ExecutionFault {
  return new ExecutionFault({
    code: 'FAULT_OUT_OF_FUEL',
    message: 'program did not end in time',
    where: { program },
    expected: `an end within ${timeLimitMs} ms`,
    hint: 'look for a loop without end',
  })
}

function crash(program: string, signal: NodeJS.Signals | null): Error {
  const known = SIGNALS.find(({ name }) => name === signal)
  if (known === undefined) return refused(program, `died by ${signal ?? 'itself'}`, undefined)
  const { code, message, name } = known
  return new ExecutionFault({ code, message, where: { program }, got: name })
}
