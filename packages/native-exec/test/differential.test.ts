/** The host's engine against the interpreter: what goes between JavaScript and machine code. Arithmetic is the back ends'. */
import { allocateCpu, type CompiledProgram, type Cpu, type Engine, ExecutionFault, returnU64 } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_STX_MEM,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNativeEngine, nativeEngineAvailable } from '../src/index.ts'
import { countsOf, imageOf, PROG_ARRAY } from './harness.ts'

const TAIL_CALL = BPF_RAW_INSN(0xf5, 0, 0, 0, 0)
const CALLX = (register: number): Insn => BPF_RAW_INSN(0x8d, register, 0, 0, 0)
const availability = nativeEngineAvailable()

/** Helper numbers. */
const ADD_UP = 1
const THROW = 2
const MISSING = 3
const COUNT_DOWN = 4

const SLOTS = 8
const BUFFER_BYTES = 4096

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

class HelperError extends Error {}

/** One engine on a machine of its own; all machines are laid out alike. */
class Rig {
  readonly memory: GuestMemory = GuestMemory.create({ maximumBytes: 1 << 24 })
  readonly cpu: Cpu = allocateCpu(this.memory, 0)
  readonly buffer: number = this.memory.allocate('buffer', 'scratch', BUFFER_BYTES).address
  readonly progArray: number = this.memory.allocate('programs', 'map', 64).address
  readonly trace: string[] = []
  readonly #programs = new Map<number, CompiledProgram>()
  #left = 0
  #before: ReturnType<typeof countsOf> = { executedInsns: 0, helperCalls: 0, tailCalls: 0 }

  constructor(engine: Engine, programs: Readonly<Record<number, readonly Insn[]>>) {
    const { u32 } = this.memory
    u32[(this.progArray + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] = SLOTS
    const slotOf = (index: number): number => (this.progArray + PROG_ARRAY.slotsOffsetBytes + 4 * index) >>> 2
    const thread = engine.open({
      memory: this.memory,
      helpers: this.#helpers(),
      tailCallTarget: (_, index) => (index < SLOTS ? this.#programs.get(u32[slotOf(index)] as number) : undefined),
    })
    for (const [id, insns] of Object.entries(programs)) {
      const image = imageOf(Number(id), insns)
      this.#programs.set(image.id, thread.install(engine.translate(image)))
      u32[slotOf(image.id)] = image.id
    }
  }

  /** Everything that a run of program 1 leaves. */
  outcome(): unknown {
    this.trace.length = 0
    this.#left = 3
    this.#before = countsOf(this.cpu)
    const result = this.#run()
    const { cpu, memory, buffer } = this
    const r0 = result.failed === undefined ? [cpu.regs[0], cpu.regs[1]] : []
    const stack = hex(memory.read(cpu.stackTop - 1024, 1024))
    // A run that was given up counts up to its last basic block or helper call.
    const counts = result.failed === undefined ? this.#countedSince() : []
    return { ...result, r0, trace: [...this.trace], stack, counts, buffer: hex(memory.read(buffer, BUFFER_BYTES)) }
  }

  /** What was counted since the last time; tail calls are of the last run anyway. */
  #countedSince(): object {
    const { executedInsns, helperCalls, tailCalls } = countsOf(this.cpu)
    return {
      executedInsns: executedInsns - this.#before.executedInsns,
      helperCalls: helperCalls - this.#before.helperCalls,
      tailCalls,
    }
  }

  #run(): { readonly retval?: number; readonly failed?: unknown } {
    try {
      return { retval: (this.#programs.get(1) as CompiledProgram).run(this.cpu, this.buffer) }
    } catch (error) {
      return { failed: error instanceof ExecutionFault ? error.toJSON() : (error as Error).message }
    }
  }

  #helpers(): ((cpu: Cpu) => void)[] {
    const helpers: ((cpu: Cpu) => void)[] = []
    helpers[ADD_UP] = ({ regs }) => {
      this.trace.push([...regs.subarray(2, 12)].join())
      returnU64(this.cpu, [2, 4, 6, 8, 10].reduce((sum, at) => sum + (regs[at] as number), 0) | 0, regs[3] as number)
    }
    helpers[THROW] = () => {
      throw new HelperError('thrown by a helper')
    }
    helpers[COUNT_DOWN] = (cpu) => {
      if (this.#left === 0) throw new HelperError('counted down')
      returnU64(cpu, this.#left--, 0)
    }
    return helpers
  }
}

const store = (register: number, offset: number): Insn => BPF_STX_MEM(BPF_DW, 9, register, offset)
const keepCtx = BPF_MOV64_REG(9, 1)
const progArrayTo2 = (address: number): readonly Insn[] => BPF_LD_IMM64(2, BigInt(address))
const arrayAddress = new Rig(createInterpreter(), {}).progArray

/** Program 1 of each begins; the others are in the slots of their ids. */
const CASES: Readonly<Record<string, Readonly<Record<number, readonly Insn[]>>>> = {
  'a helper is given r1 to r5, 64 bits, and changes r0 only': {
    1: [
      keepCtx,
      ...[1, 2, 3, 4, 5].flatMap((n) => BPF_LD_IMM64(n, 0x1234_5678_0000_0000n * BigInt(n) + BigInt(n))),
      ...[6, 7, 8].map((n) => BPF_MOV64_IMM(n, -n)),
      BPF_EMIT_CALL(ADD_UP),
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => store(n, 8 * n)),
      BPF_EXIT_INSN(),
    ],
  },
  'a helper by the number in a register': {
    1: [...BPF_LD_IMM64(7, 0xffff_ffff_0000_0001n), BPF_MOV64_IMM(2, 5), CALLX(7), BPF_EXIT_INSN()],
  },
  'a helper that throws ends the run before the next store': {
    1: [keepCtx, store(9, 0), BPF_EMIT_CALL(THROW), store(9, 8), BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()],
  },
  'a helper that throws after three turns of an endless loop': {
    1: [keepCtx, BPF_EMIT_CALL(COUNT_DOWN), store(0, 0), BPF_JMP_IMM(BPF_JNE, 0, 77, -3), BPF_EXIT_INSN()],
  },
  'a helper that throws two frames down': {
    1: [
      keepCtx,
      BPF_CALL_REL(1),
      BPF_EXIT_INSN(),
      BPF_CALL_REL(1),
      BPF_EXIT_INSN(),
      store(9, 0),
      BPF_EMIT_CALL(THROW),
      BPF_EXIT_INSN(),
    ],
  },
  'a helper that is not there': { 1: [keepCtx, store(9, 0), BPF_EMIT_CALL(MISSING), store(9, 8), BPF_EXIT_INSN()] },
  'subprograms have frames of their own, and keep r6 to r9 of the caller': {
    1: [
      keepCtx,
      ...[6, 7, 8].map((n) => BPF_MOV64_IMM(n, n)),
      BPF_STX_MEM(BPF_DW, 10, 6, -8),
      BPF_CALL_REL(7),
      ...[6, 7, 8].map((n) => store(n, 8 * n)),
      store(10, 80),
      BPF_LDX_MEM(BPF_DW, 1, 10, -8),
      BPF_ALU64_REG(BPF_ADD, 0, 1),
      BPF_EXIT_INSN(),
      ...[6, 7, 8].map((n) => BPF_MOV64_IMM(n, 100 + n)),
      BPF_STX_MEM(BPF_DW, 10, 7, -8),
      BPF_MOV64_REG(0, 10),
      BPF_EXIT_INSN(),
    ],
  },
  'a tail call takes registers and frame along': {
    1: [
      keepCtx,
      BPF_MOV64_IMM(8, 88),
      BPF_STX_MEM(BPF_DW, 10, 8, -16),
      ...progArrayTo2(arrayAddress),
      BPF_MOV64_IMM(3, 2),
      TAIL_CALL,
      BPF_EXIT_INSN(),
    ],
    2: [BPF_LDX_MEM(BPF_DW, 0, 10, -16), BPF_ALU64_REG(BPF_ADD, 0, 8), store(10, 0), BPF_EXIT_INSN()],
  },
  'two programs tail-call each other until there are no more, then fall through': {
    1: [BPF_ALU64_IMM(BPF_ADD, 0, 1), ...progArrayTo2(arrayAddress), BPF_MOV64_IMM(3, 2), TAIL_CALL, BPF_EXIT_INSN()],
    2: [
      BPF_ALU64_IMM(BPF_ADD, 0, 1000),
      ...progArrayTo2(arrayAddress),
      BPF_MOV64_IMM(3, 1),
      TAIL_CALL,
      BPF_EXIT_INSN(),
    ],
  },
  'tail calls to an empty slot, past the end and far past it fall through': {
    1: [
      BPF_MOV64_IMM(0, 0),
      ...[5, SLOTS, -1].flatMap((index) => [
        ...progArrayTo2(arrayAddress),
        BPF_MOV64_IMM(3, index),
        TAIL_CALL,
        BPF_ALU64_IMM(BPF_ADD, 0, 1),
      ]),
      BPF_EXIT_INSN(),
    ],
  },
  'a tail call from a subprogram returns to the caller, who is of another program': {
    1: [
      keepCtx,
      BPF_MOV64_IMM(6, 6),
      BPF_CALL_REL(3),
      BPF_ALU64_REG(BPF_ADD, 0, 6),
      store(10, 0),
      BPF_EXIT_INSN(),
      BPF_MOV64_IMM(6, 60),
      ...progArrayTo2(arrayAddress),
      BPF_MOV64_IMM(3, 2),
      TAIL_CALL,
      BPF_EXIT_INSN(),
    ],
    2: [BPF_MOV64_REG(0, 6), store(10, 8), BPF_EXIT_INSN()],
  },
  'a helper that throws in the program that a tail call led to': {
    1: [keepCtx, ...progArrayTo2(arrayAddress), BPF_MOV64_IMM(3, 2), TAIL_CALL, BPF_EXIT_INSN()],
    2: [store(9, 0), BPF_EMIT_CALL(THROW), store(9, 8), BPF_EXIT_INSN()],
  },
}

describe('the host’s machine code leaves what the interpreter leaves', () => {
  it.each(Object.entries(CASES))('%s', (_, programs, context?: { skip(note: string): never }) => {
    if (!availability.available) return context?.skip(availability.reason)
    const native = new Rig(createNativeEngine({ progArray: PROG_ARRAY }), programs)
    const interpreted = new Rig(createInterpreter({ fuel: 100_000 }), programs)
    // The second run finds what the first left, also when that was given up.
    for (let turn = 0; turn < 2; turn++) expect(native.outcome()).toEqual(interpreted.outcome())
  })

  it('any sequence of helper calls, also when one of them throws', (context) => {
    if (!availability.available) return context.skip(availability.reason)
    const step = fc.oneof(
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer()).map(([n, imm]) => [BPF_ALU64_IMM(BPF_XOR, n, imm | 0)]),
      fc.constant([BPF_EMIT_CALL(ADD_UP)]),
      fc.constant([BPF_EMIT_CALL(COUNT_DOWN)]),
      fc.integer({ min: 0, max: 100 }).map((at) => [store(0, 8 * at)]),
    )
    const zeroed = [1, 2, 3, 4, 5].map((n) => BPF_MOV64_IMM(n, 0))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const programs = { 1: [keepCtx, ...zeroed, BPF_MOV64_IMM(0, 0), ...steps.flat(), BPF_EXIT_INSN()] }
        const native = new Rig(createNativeEngine({ progArray: PROG_ARRAY }), programs)
        expect(native.outcome()).toEqual(new Rig(createInterpreter(), programs).outcome())
      }),
      { numRuns: 60 },
    )
  })
})
