import {
  allocateCpu,
  CPU_STACK_BYTES,
  type Cpu,
  type Engine,
  type EngineThread,
  type ProgramImage,
} from '@bpfoundry/engine'
import { GuestMemory, type Region } from '@bpfoundry/guest-memory'
import type { Insn } from '@bpfoundry/isa'
import { BARE_HELPERS } from './bare-helpers.ts'
import { bareImage } from './bare-program.ts'

/** What a program that no verifier sees is given. */
export interface BareRun {
  readonly name: string
  readonly insns: readonly Insn[]
  readonly memory: Uint8Array
}

/** What it gave. */
export interface BareResult {
  /** All 64 bits, unsigned. */
  readonly r0: bigint
  /** The memory as the program left it. */
  readonly memory: Uint8Array
  readonly durationNs: number
}

/**
 * Runs programs that no verifier sees: the calling convention and the helpers of bpf_conformance, on one engine. A wrong
 * address is caught by the sandbox for the interpreter and for WebAssembly only; machine code needs a process of its own.
 */
export interface BareMachine {
  readonly engine: string
  /**
   * @throws IsaError, ConformanceError for a program that every runtime refuses; the engine's own error for one that it
   *   can't translate; ExecutionFault, WebAssembly.RuntimeError for a run that faults
   */
  run(run: BareRun): BareResult | Promise<BareResult>
  close(): void
}

/** Enough for cases as they are written by hand. */
const MAXIMUM_BYTES = 2 ** 28

/** A machine in this process. */
export function createBareMachine(engine: Engine): BareMachine {
  const bench = createBench()
  const environment = { memory: bench.memory, helpers: BARE_HELPERS, tailCallTarget: () => undefined }
  const thread = engine.open(environment)
  return {
    engine: engine.name,
    run: (run) => runOnce(bench, run, (image, ctx) => runInPlace(engine, thread, bench.cpu, image, ctx)),
    close: () => thread.close?.(),
  }
}

/** What runs an image elsewhere, in a child process say, and brings guest memory back as a run in place leaves it. */
export interface ContainedExecutor {
  /** @throws ExecutionFault where the run faulted, another Diagnostic where the engine refused the program */
  run(images: readonly ProgramImage[], cpu: Cpu, ctx: number): Promise<unknown>
  close(): void
}

/** A machine that survives what its programs do: for machine code. */
export function createContainedMachine(engine: string, executor: ContainedExecutor): BareMachine {
  const bench = createBench()
  return {
    engine,
    run: async (run) => {
      const place = prepare(bench, run)
      try {
        const started = performance.now()
        await executor.run([place.image], bench.cpu, place.ctx)
        return finish(bench, run, place, performance.now() - started)
      } finally {
        release(bench, place)
      }
    },
    close: () => executor.close(),
  }
}

/** Guest memory with one CPU. */
interface Bench {
  readonly memory: GuestMemory
  readonly cpu: Cpu
}

/** One run's image and argument. */
interface Place {
  readonly image: ProgramImage
  readonly region: Region | undefined
  readonly ctx: number
}

function createBench(): Bench {
  const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
  return { memory, cpu: allocateCpu(memory, 0) }
}

function runOnce(bench: Bench, run: BareRun, execute: (image: ProgramImage, ctx: number) => number): BareResult {
  const place = prepare(bench, run)
  try {
    return finish(bench, run, place, execute(place.image, place.ctx))
  } finally {
    release(bench, place)
  }
}

/** Translates, runs, forgets. @returns wall time of the run in ms */
function runInPlace(engine: Engine, thread: EngineThread, cpu: Cpu, image: ProgramImage, ctx: number): number {
  const translation = engine.translate(image)
  try {
    const program = thread.install(translation)
    const started = performance.now()
    program.run(cpu, ctx)
    return performance.now() - started
  } finally {
    thread.remove(image.id)
    engine.release?.(translation)
  }
}

function prepare({ memory, cpu }: Bench, run: BareRun): Place {
  const image = bareImage(run.name, run.insns, run.memory.length)
  memory.u8.fill(0, cpu.stackTop - CPU_STACK_BYTES, cpu.stackTop)
  if (run.memory.length === 0) return { image, region: undefined, ctx: 0 }
  const region = memory.allocate('conformance memory', 'scratch', run.memory.length)
  memory.write(region.address, run.memory)
  return { image, region, ctx: region.address }
}

function finish({ memory, cpu }: Bench, run: BareRun, { region }: Place, ms: number): BareResult {
  const after = region === undefined ? new Uint8Array() : memory.read(region.address, run.memory.length)
  return { r0: registerZero(cpu), memory: after, durationNs: Math.round(ms * 1e6) }
}

function release({ memory }: Bench, { region }: Place): void {
  if (region !== undefined) memory.free(region)
}

function registerZero(cpu: Cpu): bigint {
  return (BigInt((cpu.regs[1] as number) >>> 0) << 32n) | BigInt((cpu.regs[0] as number) >>> 0)
}
