import {
  allocateCpu,
  CPU_STACK_BYTES,
  type Cpu,
  type Engine,
  type EngineEnvironment,
  type EngineThread,
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
  const memory = GuestMemory.create({ maximumBytes: MAXIMUM_BYTES })
  const cpu = allocateCpu(memory, 0)
  const environment: EngineEnvironment = { memory, helpers: BARE_HELPERS, tailCallTarget: () => undefined }
  const thread = engine.open(environment)
  return {
    engine: engine.name,
    run: (run) => runOnce(engine, thread, cpu, run),
    close: () => thread.close?.(),
  }
}

function runOnce(engine: Engine, thread: EngineThread, cpu: Cpu, run: BareRun): BareResult {
  const image = bareImage(run.name, run.insns, run.memory.length)
  const translation = engine.translate(image)
  const program = thread.install(translation)
  const { memory } = cpu
  const region = placeMemory(memory, run.memory)
  memory.u8.fill(0, cpu.stackTop - CPU_STACK_BYTES, cpu.stackTop)
  try {
    const started = performance.now()
    program.run(cpu, region?.address ?? 0)
    const durationNs = Math.round((performance.now() - started) * 1e6)
    const after = region === undefined ? new Uint8Array() : memory.read(region.address, run.memory.length)
    return { r0: registerZero(cpu), memory: after, durationNs }
  } finally {
    thread.remove(image.id)
    engine.release?.(translation)
    if (region !== undefined) memory.free(region)
  }
}

function placeMemory(memory: GuestMemory, bytes: Uint8Array): Region | undefined {
  if (bytes.length === 0) return undefined
  const region = memory.allocate('conformance memory', 'scratch', bytes.length)
  memory.write(region.address, bytes)
  return region
}

function registerZero(cpu: Cpu): bigint {
  return (BigInt((cpu.regs[1] as number) >>> 0) << 32n) | BigInt((cpu.regs[0] as number) >>> 0)
}
