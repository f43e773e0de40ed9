import { createHash } from 'node:crypto'
import {
  allocateCpu,
  CALL_STACK_BYTES,
  type CompiledProgram,
  CPU_BLOCK,
  type Cpu,
  type Engine,
  type EngineThread,
  type HelperFunction,
  type ProgArrayLayout,
  type ProgramImage,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import type { Insn } from '@bpfoundry/isa'
import { createRemoteArm64Engine, remoteArm64Available } from '@bpfoundry/native-exec'

export const PROG_ARRAY: ProgArrayLayout = { maxEntriesOffsetBytes: 8, slotsOffsetBytes: 64 }

const found = remoteArm64Available()
/** Where arm64 code can't run, the reason; else undefined. */
export const CANNOT_RUN: string | undefined = found.available ? undefined : found.reason

/** An image of instructions as they are. Subprograms are found by the calls when none are named. */
export function imageOf(insns: readonly Insn[], more: Partial<ProgramImage> = {}): ProgramImage {
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

export const INTERPRETER: Engine = createInterpreter({ fuel: 50_000_000 })
/** On any host the process of one's own, so that a crash is a failed test. */
export const ARM64: Engine = createRemoteArm64Engine({ progArray: PROG_ARRAY })
/** With the passes that all back ends share, which take a verified program for granted. */
export const OPTIMISED: Engine = createRemoteArm64Engine({ progArray: PROG_ARRAY, optimise: true })
export const UNCOUNTED: Engine = createRemoteArm64Engine({ progArray: PROG_ARRAY, count: false })
/** For CPUs without FEAT_LSE, where there is qemu on one of them. */
const emulated = process.arch === 'arm64' ? {} : { cpu: 'cortex-a53' }
export const WITHOUT_LSE: Engine = createRemoteArm64Engine({ progArray: PROG_ARRAY, lse: false, ...emulated })

export const BUFFER_BYTES = 2 ** 18

/** Everything that a run leaves. */
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

/** One engine with memory of its own, laid out the same for every engine, so that all addresses are the same. */
export interface Bench {
  readonly engine: Engine
  readonly cpu: Cpu
  readonly memory: GuestMemory
  readonly thread: EngineThread
  /** Guest address of {@link BUFFER_BYTES} bytes for programs to work on. */
  readonly buffer: number
  /** Guest address of a program array of 8 slots. */
  readonly progArray: number
  install(image: ProgramImage): CompiledProgram
  outcome(program: CompiledProgram, ctx: number): Outcome
}

const PROG_ARRAY_ENTRIES = 8

export function createBench(engine: Engine, helpers: readonly (HelperFunction | undefined)[] = []): Bench {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 26 })
  const cpu = allocateCpu(memory, 0)
  const buffer = memory.allocate('buffer', 'scratch', BUFFER_BYTES).address
  const progArray = memory.allocate(
    'prog array',
    'scratch',
    PROG_ARRAY.slotsOffsetBytes + 4 * PROG_ARRAY_ENTRIES,
  ).address
  memory.u32[(progArray + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] = PROG_ARRAY_ENTRIES
  const programs = new Map<number, CompiledProgram>()
  const tailCallTarget = (map: number, index: number): CompiledProgram | undefined => {
    const entries = memory.u32[(map + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] as number
    const id = memory.u32[(map + PROG_ARRAY.slotsOffsetBytes + 4 * index) >>> 2] as number
    return index < entries && id !== 0 ? programs.get(id) : undefined
  }
  const thread = engine.open({ memory, helpers, tailCallTarget })
  const digest = (address: number, bytes: number): string =>
    createHash('sha1').update(memory.read(address, bytes)).digest('hex')
  const counter = (field: 'executedInsns' | 'helperCalls'): number =>
    (cpu.block + CPU_BLOCK.fields[field].offsetBytes) >>> 3
  return {
    engine,
    cpu,
    memory,
    thread,
    buffer,
    progArray,
    install(image) {
      const program = thread.install(engine.translate(image))
      programs.set(image.id, program)
      return program
    },
    outcome(program, ctx) {
      memory.u8.fill(0, cpu.stackTop - CALL_STACK_BYTES, cpu.stackTop)
      const counters = [counter('executedInsns'), counter('helperCalls')] as const
      for (const at of counters) memory.f64[at] = 0
      const low = program.run(cpu, ctx)
      return {
        low,
        r0: Buffer.from(memory.read(cpu.block, 8)).toString('hex'),
        stack: digest(cpu.stackTop - CALL_STACK_BYTES, CALL_STACK_BYTES),
        buffer: digest(buffer, BUFFER_BYTES),
        executedInsns: memory.f64[counters[0]] as number,
        helperCalls: memory.f64[counters[1]] as number,
        tailCalls: memory.u32[(cpu.block + CPU_BLOCK.fields.tailCalls.offsetBytes) >>> 2] as number,
      }
    },
  }
}

/** The interpreter, and the engines that are held against it. */
export interface Benches {
  readonly interpreter: Bench
  readonly arm64: readonly (readonly [name: string, bench: Bench])[]
}

export function createBenches(helpers: readonly (HelperFunction | undefined)[] = []): Benches {
  return {
    interpreter: createBench(INTERPRETER, helpers),
    arm64: [
      ['with LSE', createBench(ARM64, helpers)],
      ['without LSE', createBench(WITHOUT_LSE, helpers)],
    ],
  }
}
