import {
  allocateCpu,
  type CompiledProgram,
  CPU_BLOCK,
  type Cpu,
  type Engine,
  type EngineEnvironment,
  type EngineThread,
  ExecutionFault,
  type HelperFunction,
  type ProgArrayLayout,
  type ProgramImage,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import type { Insn } from '@bpfoundry/isa'
import { createWasmEngine, type WasmEngineOptions } from '../src/index.ts'

/** Where the tests' program arrays have their length and slots. */
export const PROG_ARRAY: ProgArrayLayout = { maxEntriesOffsetBytes: 4, slotsOffsetBytes: 16 }
const SLOTS = 1024
const FUEL = 50_000_000

/** An image of instructions as they are. */
export function imageOf(insns: readonly Insn[], more: Partial<ProgramImage> = {}): ProgramImage {
  const subprograms = [{ name: 'test', start: 0, end: insns.length, stackDepthBytes: 512 }]
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name: 'test', insns, subprograms, ...rest, ...more }
}

/** An engine on a memory of its own, with a program array and a scratch area at addresses that are always the same. */
export class Machine {
  readonly memory: GuestMemory = GuestMemory.create({ maximumBytes: 2 ** 26 })
  readonly cpu: Cpu = allocateCpu(this.memory, 0)
  /** Guest address of the program array. */
  readonly progArray: number = this.memory.allocate('programs', 'map', 16 + 4 * SLOTS).address
  /** Guest address of 8 KiB for whatever a test needs. */
  readonly scratch: number = this.memory.allocate('scratch', 'scratch', 8192).address
  readonly thread: EngineThread
  readonly #engine: Engine
  readonly #installed = new Map<number, CompiledProgram>()

  constructor(engine: Engine, helpers: readonly (HelperFunction | undefined)[] = []) {
    this.#engine = engine
    this.memory.u32[(this.progArray + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] = SLOTS
    const environment: EngineEnvironment = {
      memory: this.memory,
      helpers,
      tailCallTarget: (map, index) => this.#target(map, index),
    }
    this.thread = engine.open(environment)
  }

  #target(map: number, index: number): CompiledProgram | undefined {
    if (index >= this.memory.u32[(map + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2]!) return undefined
    return this.#installed.get(this.memory.u32[(map + PROG_ARRAY.slotsOffsetBytes) / 4 + index] as number)
  }

  install(image: ProgramImage): CompiledProgram {
    const program = this.thread.install(this.#engine.translate(image))
    this.#installed.set(image.id, program)
    return program
  }

  remove(id: number): void {
    this.thread.remove(id)
    this.#installed.delete(id)
  }

  /** Puts a program's id into a slot of the program array; 0 empties it. */
  setSlot(index: number, id: number): void {
    this.memory.u32[(this.progArray + PROG_ARRAY.slotsOffsetBytes) / 4 + index] = id
  }

  word(field: 'tailCalls'): number {
    return this.memory.u32[(this.cpu.block + CPU_BLOCK.fields[field].offsetBytes) >>> 2] as number
  }

  count(field: 'executedInsns' | 'helperCalls'): number {
    return this.memory.f64[(this.cpu.block + CPU_BLOCK.fields[field].offsetBytes) >>> 3] as number
  }

  /** r0 of the last run, 64 bits unsigned. */
  get r0(): bigint {
    return registerOf(this.cpu, 0)
  }
}

/** Rn, 64 bits unsigned. */
export function registerOf(cpu: Cpu, n: number): bigint {
  return (BigInt(cpu.regs[2 * n + 1]! >>> 0) << 32n) | BigInt(cpu.regs[2 * n]! >>> 0)
}

/** What can be seen of a run. */
export interface Outcome {
  /** 64 bits of r0, and what `run` answered; the code of a fault instead. */
  readonly r0: string
  readonly insns: number
  readonly helperCalls: number
  readonly tailCalls: number
  readonly scratch: string
}

/** Runs a program on a machine; what the scratch area held before is `content`, the rest of it 0. */
export function observe(machine: Machine, program: CompiledProgram, ctx: number, content: Uint8Array): Outcome {
  const { memory, cpu, scratch } = machine
  memory.u8.fill(0, scratch, scratch + 8192)
  memory.write(scratch, content)
  const before = [machine.count('executedInsns'), machine.count('helperCalls')] as const
  const r0 = resultOf(cpu, program, ctx)
  return {
    r0,
    insns: machine.count('executedInsns') - before[0],
    helperCalls: machine.count('helperCalls') - before[1],
    tailCalls: machine.word('tailCalls'),
    scratch: Buffer.from(memory.read(scratch, content.length)).toString('hex'),
  }
}

function resultOf(cpu: Cpu, program: CompiledProgram, ctx: number): string {
  try {
    const answer = program.run(cpu, ctx)
    return `${registerOf(cpu, 0).toString(16)} ${answer}`
  } catch (error) {
    if (error instanceof ExecutionFault) return error.code
    throw error
  }
}

/** The specification and the engine under test, in the same state. */
export class Twins {
  readonly interpreter: Machine
  readonly wasm: Machine

  constructor(helpers: readonly (HelperFunction | undefined)[] = [], options: Partial<WasmEngineOptions> = {}) {
    this.interpreter = new Machine(createInterpreter({ fuel: FUEL }), helpers)
    this.wasm = new Machine(createWasmEngine({ progArray: PROG_ARRAY, ...options }), helpers)
  }

  get both(): readonly [Machine, Machine] {
    return [this.interpreter, this.wasm]
  }

  /** Outcomes of a run on both, with r1 the scratch area unless `ctx` is given. */
  run(
    insns: readonly Insn[] | ProgramImage,
    content: Uint8Array = new Uint8Array(64),
    ctx?: number,
  ): [Outcome, Outcome] {
    const image = 'insns' in insns ? insns : imageOf(insns)
    const [interpreter, wasm] = this.both.map((machine) =>
      observe(machine, machine.install(image), ctx ?? machine.scratch, content),
    )
    return [interpreter as Outcome, wasm as Outcome]
  }
}
