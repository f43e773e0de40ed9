import {
  type CompiledProgram,
  CPU_BLOCK,
  type Cpu,
  type EngineEnvironment,
  ExecutionFault,
  FRAME_BYTES,
  MAX_RUN_FRAMES,
  MAX_TAIL_CALLS,
  type ProgramImage,
} from '@bpfoundry/engine'
import type { AccessRules } from './access-rules.ts'
import { type BrokenRule, MemoryAccess } from './memory-access.ts'
import type { Operation } from './operation.ts'
import { R1, R2, R3, R6, R10, R10_HI, type Registers, type Slot } from './registers.ts'

/** Turns of may_goto in one frame before it leaves its loop. @see BPF_MAX_LOOPS in include/linux/bpf.h */
export const MAX_LOOPS: number = 8 * 1024 * 1024

const EXECUTED_INSNS = CPU_BLOCK.fields.executedInsns.offsetBytes
const HELPER_CALLS = CPU_BLOCK.fields.helperCalls.offsetBytes
const TAIL_CALLS = CPU_BLOCK.fields.tailCalls.offsetBytes

/** What a frame keeps of its caller: r6..r10, both words. */
const SAVED_WORDS = 10

/** What a machine runs with, besides its environment. */
export interface MachineOptions {
  readonly rules: AccessRules | undefined
  /** The first operation, for this machine, of a program of any engine: where a tail call leads. */
  readonly entryOf: (target: CompiledProgram) => Operation
}

/**
 * The state that operations work on besides the registers: memory access, call frames, tail calls, counters. One is made
 * for each environment, that is for each thread; operations are closures over it.
 */
export class Machine extends MemoryAccess {
  readonly environment: EngineEnvironment
  readonly #rules: AccessRules | undefined
  readonly #entryOf: (target: CompiledProgram) => Operation

  cpu!: Cpu
  /** r1 of the run. */
  ctx = 0
  /** The program that the run began with. */
  image!: ProgramImage
  running = false
  /** Frames in use besides the first. */
  depth = 0
  tailCalls = 0
  helperCalls = 0
  readonly #saved = new Int32Array(SAVED_WORDS * MAX_RUN_FRAMES)
  /** What goes on after the call that made frame n + 1. */
  readonly #returnTo: (Operation | undefined)[] = new Array(MAX_RUN_FRAMES).fill(undefined)
  readonly #loops = new Int32Array(MAX_RUN_FRAMES)

  constructor(environment: EngineEnvironment, options: MachineOptions) {
    super(environment.memory, options.rules !== undefined)
    this.environment = environment
    this.#rules = options.rules
    this.#entryOf = options.entryOf
  }

  protected override judge(address: number, sizeBytes: number, write: boolean): BrokenRule | undefined {
    return this.#rules?.(this, address, sizeBytes, write)
  }

  /** Begins a run: registers as at a program's entry, everything else zero so that runs repeat exactly. */
  begin(image: ProgramImage, cpu: Cpu, ctx: number, r: Registers): void {
    if (this.running) throw new Error(`${image.name}: the interpreter is already running on this thread`)
    this.running = true
    // Memory may have grown since: operations take the views before they look at an address.
    if (this.u8 !== this.memory.u8) this.refresh()
    this.image = image
    this.cpu = cpu
    this.ctx = ctx
    this.depth = 0
    this.tailCalls = 0
    this.helperCalls = 0
    this.#loops[0] = MAX_LOOPS
    this.#storeTailCalls()
    for (let slot = 0; slot < R10; slot++) r[slot as Slot] = 0
    r[R1] = ctx
    r[R10] = cpu.stackTop
    r[R10_HI] = 0
  }

  /** Ends a run, however it ended, and books what it did. */
  end(executedInsns: number): void {
    const { block, memory } = this.cpu
    memory.f64[(block + EXECUTED_INSNS) >>> 3]! += executedInsns
    if (this.helperCalls > 0) memory.f64[(block + HELPER_CALLS) >>> 3]! += this.helperCalls
    this.running = false
  }

  /** Calls a helper by its number. @throws ExecutionFault FAULT_UNKNOWN_HELPER */
  help(id: number): void {
    const helper = this.environment.helpers[id]
    if (helper === undefined) {
      throw new ExecutionFault({
        code: 'FAULT_UNKNOWN_HELPER',
        message: `no helper ${id}`,
        got: id,
        hint: 'the environment of this program has no such helper',
      })
    }
    this.helperCalls++
    helper(this.cpu)
  }

  /** Enters a subprogram: a new frame below, r6..r9 and the frame pointer kept. @throws ExecutionFault FAULT_CALL_DEPTH */
  enter(r: Registers, { next, target }: Operation): Operation {
    const depth = this.depth
    if (depth + 1 >= MAX_RUN_FRAMES) {
      throw new ExecutionFault({
        code: 'FAULT_CALL_DEPTH',
        message: 'too many nested calls',
        got: depth + 2,
        expected: `at most ${MAX_RUN_FRAMES} frames`,
      })
    }
    const base = depth * SAVED_WORDS
    for (let word = 0; word < 8; word++) this.#saved[base + word] = r[(R6 + word) as Slot]
    this.#saved[base + 8] = r[R10]
    this.#saved[base + 9] = r[R10_HI]
    this.#returnTo[depth] = next
    this.depth = depth + 1
    this.#loops[depth + 1] = MAX_LOOPS
    r[R10] -= FRAME_BYTES
    return target
  }

  /** Leaves a subprogram, or with undefined the program. After a tail call the caller may be of another program. */
  leave(r: Registers): Operation | undefined {
    if (this.depth === 0) return undefined
    const depth = --this.depth
    const base = depth * SAVED_WORDS
    for (let word = 0; word < 8; word++) r[(R6 + word) as Slot] = this.#saved[base + word] as number
    r[R10] = this.#saved[base + 8] as number
    r[R10_HI] = this.#saved[base + 9] as number
    return this.#returnTo[depth]
  }

  /** bpf_tail_call(r1 ctx, r2 map, r3 index): never returns, or goes on when there is no such program or no call left. */
  tailCall(r: Registers, next: Operation): Operation {
    if (this.tailCalls >= MAX_TAIL_CALLS) return next
    const target = this.environment.tailCallTarget(r[R2] >>> 0, r[R3] >>> 0)
    if (target === undefined) return next
    this.tailCalls++
    this.#storeTailCalls()
    this.#loops[this.depth] = MAX_LOOPS
    return this.#entryOf(target)
  }

  #storeTailCalls(): void {
    this.cpu.memory.u32[(this.cpu.block + TAIL_CALLS) >>> 2] = this.tailCalls
  }

  /** One turn of may_goto: false once the frame's budget is used up. */
  mayGoOn(): boolean {
    const left = this.#loops[this.depth] as number
    if (left === 0) return false
    this.#loops[this.depth] = left - 1
    return true
  }

  /** What goes on in frame `depth` after its call, 0 being the first frame. */
  returnOf(depth: number): Operation {
    return this.#returnTo[depth] as Operation
  }
}
