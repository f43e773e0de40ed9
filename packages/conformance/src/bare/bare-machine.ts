import { allocateCpu, CPU_STACK_BYTES, type Cpu, type Engine, type ProgramImage } from '@bpfoundry/engine'
import { GuestMemory, type Region } from '@bpfoundry/guest-memory'
import type { Insn } from '@bpfoundry/isa'
import { bareImage } from './bare-program.ts'
import { createPlacedExecutor, type ImageExecutor } from './placed-executor.ts'

/** What a program with the calling convention of bpf_conformance is given. */
export interface BareRun {
  readonly name: string
  readonly insns: readonly Insn[]
  readonly memory: Uint8Array
}

/** What programs with a convention of their own are given. */
export interface ImageRun {
  /** The memory that is theirs, all of it zero but what is given; may be empty. */
  readonly memory: Uint8Array
  /** Made when the memory has its address, 0 without any. The first runs, the others can be tail-called. */
  readonly images: (address: number) => readonly ProgramImage[]
  /** Whether r1 is the memory's address, or 0. */
  readonly context: 'memory' | 'none'
  /** How often it runs, on the memory as the last run left it. */
  readonly times: number
}

/** What it gave. */
export interface BareResult {
  /** All 64 bits, unsigned; of the last run. */
  readonly r0: bigint
  /** The memory as the program left it. */
  readonly memory: Uint8Array
  /** Of all runs. */
  readonly durationNs: number
}

/**
 * Runs programs that no verifier sees on one engine, with the helpers of bpf_conformance. A wrong address is caught by the
 * sandbox for the interpreter and for WebAssembly only; machine code needs a process of its own.
 */
export interface BareMachine {
  readonly engine: string
  /**
   * @throws IsaError, ConformanceError for a program that every runtime refuses; the engine's own error for one that it
   *   can't translate; ExecutionFault, WebAssembly.RuntimeError for a run that faults
   */
  run(run: BareRun): Promise<BareResult>
  /** @throws as `run`, and what making the images throws */
  runImages(run: ImageRun): Promise<BareResult>
  close(): void
}

/** What runs an image elsewhere, in a child process say, and brings guest memory back as a run in place leaves it. */
export interface ContainedExecutor {
  /**
   * The first image, `times` times on the same memory.
   *
   * @throws ExecutionFault where the run faulted, another Diagnostic where the engine refused the program
   */
  run(images: readonly ProgramImage[], cpu: Cpu, ctx: number, times: number): Promise<unknown>
  close(): void
}

/** Enough for cases as they are written by hand. */
const MAXIMUM_BYTES = 2 ** 28

/** A machine in this process. */
export function createBareMachine(engine: Engine): BareMachine {
  const bench = createBench()
  return machineOf(engine.name, bench, createPlacedExecutor(engine, bench.memory))
}

/** A machine that survives what its programs do: for machine code. */
export function createContainedMachine(engine: string, executor: ContainedExecutor): BareMachine {
  return machineOf(engine, createBench(), {
    async run(images, cpu, ctx, times) {
      const started = performance.now()
      await executor.run(images, cpu, ctx, times)
      return performance.now() - started
    },
    close: () => executor.close(),
  })
}

/** Guest memory with one CPU. */
interface Bench {
  readonly memory: GuestMemory
  readonly cpu: Cpu
}

function createBench(): Bench {
  const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
  return { memory, cpu: allocateCpu(memory, 0) }
}

function machineOf(engine: string, bench: Bench, executor: ImageExecutor): BareMachine {
  const runImages = (run: ImageRun): Promise<BareResult> => runOn(bench, executor, run)
  return {
    engine,
    run: ({ name, insns, memory }) =>
      runImages({ memory, images: () => [bareImage(name, insns, memory.length)], context: 'memory', times: 1 }),
    runImages,
    close: () => executor.close(),
  }
}

async function runOn({ memory, cpu }: Bench, executor: ImageExecutor, run: ImageRun): Promise<BareResult> {
  const region = place(memory, run.memory)
  try {
    const address = region?.address ?? 0
    memory.u8.fill(0, cpu.stackTop - CPU_STACK_BYTES, cpu.stackTop)
    const ctx = run.context === 'memory' ? address : 0
    const ms = await executor.run(run.images(address), cpu, ctx, run.times)
    const after = region === undefined ? new Uint8Array() : memory.read(address, run.memory.length)
    return { r0: registerZero(cpu), memory: after, durationNs: Math.round(ms * 1e6) }
  } finally {
    if (region !== undefined) memory.free(region)
  }
}

function place(memory: GuestMemory, bytes: Uint8Array): Region | undefined {
  if (bytes.length === 0) return undefined
  const region = memory.allocate('conformance memory', 'scratch', bytes.length)
  memory.write(region.address, bytes)
  return region
}

function registerZero(cpu: Cpu): bigint {
  return (BigInt((cpu.regs[1] as number) >>> 0) << 32n) | BigInt((cpu.regs[0] as number) >>> 0)
}
