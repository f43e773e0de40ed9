import { createHash } from 'node:crypto'
import {
  allocateCpu,
  CALL_STACK_BYTES,
  type CompiledProgram,
  CPU_BLOCK,
  type Cpu,
  type Engine,
  type EngineEnvironment,
  type EngineThread,
  type HelperFunction,
  type InlinedProgram,
  type ProgArrayLayout,
  type ProgramImage,
  type Subprogram,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import type { Insn } from '@bpfoundry/isa'
import { createEngineOf, x86Features } from '@bpfoundry/native-exec'
import { translateX86, type X86Features, type X86Options } from '../src/index.ts'

export const PROG_ARRAY: ProgArrayLayout = { maxEntriesOffsetBytes: 8, slotsOffsetBytes: 64 }

/** Where machine code can't run, the reason; else undefined. */
export const CANNOT_RUN: string | undefined =
  process.arch === 'x64' ? undefined : `x86-64 code does not run on ${process.arch}`

/** What the CPU at hand has of what the back end can use. */
export function hostFeatures(): X86Features {
  const present = x86Features()
  return { bmi2: present.has('bmi2'), movbe: present.has('movbe') }
}

/** An image of instructions as they are. Subprograms are found by the calls when none are named. */
export function imageOf(
  insns: readonly Insn[],
  more: { readonly id?: number; readonly subprograms?: readonly Subprogram[]; readonly inlined?: InlinedProgram } = {},
): ProgramImage {
  return {
    id: 1,
    name: 'test',
    tag: '0000000000000000',
    type: 1,
    expectedAttachType: 0,
    insns,
    subprograms: [],
    mapReferences: [],
    lines: [],
    gplCompatible: true,
    ...more,
  }
}

export function x86Engine(features: X86Features, more: Partial<X86Options> = {}): Engine {
  const abi = process.platform === 'win32' ? 'windows' : 'system-v'
  const options: X86Options = { progArray: PROG_ARRAY, features, abi, ...more }
  return createEngineOf({ name: 'jit-x86_64', translate: (image) => translateX86(image, options) }, options)
}

/** What generated vectors reach. */
const BUFFER_BYTES = 2 ** 18
const COMPARED_BYTES = 4096

/** One engine with memory of its own, laid out the same for every engine, so that all addresses are the same. */
export interface Bench {
  readonly cpu: Cpu
  readonly memory: GuestMemory
  /** Guest address of memory for programs to work on; outcomes tell of the first 4096 bytes. */
  readonly buffer: number
  /** Guest address of a program array of 8 slots. */
  readonly progArray: number
  readonly thread: EngineThread
  readonly engine: Engine
  install(image: ProgramImage): CompiledProgram
  /** Everything that a run leaves: r0, the stacks, the buffer, the counters. */
  outcome(run: () => number): Outcome
}

export interface Outcome {
  readonly low: number
  readonly r0: string
  /** Digests. */
  readonly stack: string
  readonly buffer: string
  readonly executedInsns: number
  readonly helperCalls: number
  readonly tailCalls: number
}

export function createBench(engine: Engine, helpers: readonly (HelperFunction | undefined)[] = []): Bench {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 26 })
  const cpu = allocateCpu(memory, 0)
  const buffer = memory.allocate('buffer', 'scratch', BUFFER_BYTES).address
  const progArray = memory.allocate('prog array', 'scratch', PROG_ARRAY.slotsOffsetBytes + 4 * 8).address
  memory.u32[(progArray + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] = 8
  const programs = new Map<number, CompiledProgram>()
  const environment: EngineEnvironment = {
    memory,
    helpers,
    tailCallTarget: (map, index) => {
      const entries = memory.u32[(map + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] as number
      const id = memory.u32[(map + PROG_ARRAY.slotsOffsetBytes + 4 * index) >>> 2] as number
      return index < entries && id !== 0 ? programs.get(id) : undefined
    },
  }
  const thread = engine.open(environment)
  const hex = (address: number, bytes: number): string => Buffer.from(memory.read(address, bytes)).toString('hex')
  const digest = (address: number, bytes: number): string =>
    createHash('sha1').update(memory.read(address, bytes)).digest('hex')
  const take = (field: 'executedInsns' | 'helperCalls'): number => {
    const at = (cpu.block + CPU_BLOCK.fields[field].offsetBytes) >>> 3
    const value = memory.f64[at] as number
    memory.f64[at] = 0
    return value
  }
  return {
    cpu,
    memory,
    buffer,
    progArray,
    thread,
    engine,
    install(image) {
      const translation = engine.translate(image)
      const program = thread.install(translation)
      programs.set(image.id, program)
      return program
    },
    outcome(run) {
      const low = run()
      return {
        low,
        r0: hex(cpu.block, 8),
        stack: digest(cpu.stackTop - CALL_STACK_BYTES, CALL_STACK_BYTES),
        buffer: digest(buffer, COMPARED_BYTES),
        executedInsns: take('executedInsns'),
        helperCalls: take('helperCalls'),
        tailCalls: memory.u32[(cpu.block + CPU_BLOCK.fields.tailCalls.offsetBytes) >>> 2] as number,
      }
    },
  }
}

/** Translates, runs with r1 = `ctx`, and gives the code back. */
export function runImage(bench: Bench, image: ProgramImage, ctx: number = bench.buffer): Outcome {
  const translation = bench.engine.translate(image)
  const program = bench.thread.install(translation)
  const outcome = bench.outcome(() => program.run(bench.cpu, ctx))
  bench.engine.release?.(translation)
  return outcome
}

export const INTERPRETER: Engine = createInterpreter({ fuel: 50_000_000 })

/**
 * Interpreter and machine code side by side, the latter with and without what the host's CPU has beyond the baseline,
 * and after the passes of codegen.
 */
export function createBenches(helpers: readonly (HelperFunction | undefined)[] = []): {
  readonly interpreter: Bench
  readonly natives: readonly (readonly [name: string, bench: Bench])[]
} {
  return {
    interpreter: createBench(INTERPRETER, helpers),
    natives: [
      ['x86-64-v1', createBench(x86Engine({}), helpers)],
      ['host features', createBench(x86Engine(hostFeatures()), helpers)],
      ['with passes', createBench(x86Engine(hostFeatures(), { optimise: true }), helpers)],
    ],
  }
}
