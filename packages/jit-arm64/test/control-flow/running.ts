/** Programs run on the interpreter and on arm64, plain and otherwise: results, memory and what helpers saw are the same. */
import type { HelperFunction, ProgramImage } from '@bpfoundry/engine'
import {
  assembleLlvm,
  BPF_JMP,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  BPF_TAIL_CALL,
  type Insn,
  instructionRow,
} from '@bpfoundry/isa'
import { expect, type TestContext } from 'vitest'
import { type Bench, CANNOT_RUN, createBenches, imageOf, PROG_ARRAY } from '../harness.ts'

export const boom = new Error('boom')
/** What helpers saw of r1..r5. */
export const trace: string[] = []
export const helpers: (HelperFunction | undefined)[] = []
helpers[1] = (cpu) => {
  trace.push([...cpu.regs.subarray(2, 12)].join())
  cpu.regs[0] = (cpu.regs[2]! * 3) | 0
  cpu.regs[1] = cpu.regs[4]!
}
helpers[2] = (cpu) => cpu.regs.fill(-1, 0, 12)
helpers[3] = () => {
  throw boom
}
/** Allocates, so that memory grows in the middle of a run; answers the new region's address. */
helpers[4] = (cpu) => {
  const region = cpu.memory.allocate('grown', 'scratch', 2 ** 20)
  cpu.memory.u32[region.address >>> 2] = 77
  cpu.regs[0] = region.address
  cpu.regs[1] = 0
}

export const benches = CANNOT_RUN === undefined ? createBenches(helpers) : undefined
export const tailCall = BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0)
export const mayGoto = (off: number): Insn => BPF_RAW_INSN(instructionRow('MAY_GOTO').opcode, 0, 0, off, 0)
export const asm = (source: string): readonly Insn[] => assembleLlvm(source).insns

/** The same on every engine; what that is. */
export function everywhere<T>(run: (bench: Bench) => T): T {
  const { interpreter, arm64 } = benches as NonNullable<typeof benches>
  const expected = run(interpreter)
  for (const [name, bench] of arm64) expect({ name, got: run(bench) }).toEqual({ name, got: expected })
  return expected
}

export const runAll = (insns: readonly Insn[], more: Partial<ProgramImage> = {}): unknown =>
  everywhere((bench) => {
    trace.length = 0
    const outcome = bench.outcome(bench.install(imageOf(insns, more)), bench.buffer)
    return { outcome, trace: trace.join(' ') }
  })

/** Puts programs in slots 0, 1, ... of the array, ids from 11 on, and runs the first. */
export function runTailCalls(programs: readonly (readonly Insn[])[], empty: readonly number[] = []): unknown {
  return everywhere((bench) => {
    const installed = programs.map((insns, slot) => {
      const at = (bench.progArray + PROG_ARRAY.slotsOffsetBytes + 4 * slot) >>> 2
      bench.memory.u32[at] = empty.includes(slot) ? 0 : slot + 11
      return bench.install(imageOf(insns, { id: slot + 11 }))
    })
    return bench.outcome(installed[0]!, bench.buffer)
  })
}

const progArray = benches?.interpreter.progArray ?? 0
/** r2 = the array, r3 = index, tail call. */
export const callSlot = (index: number): Insn[] => [
  ...BPF_LD_IMM64(2, BigInt(progArray)),
  BPF_MOV64_IMM(3, index),
  tailCall,
]

/** The body of a test that needs to run code. */
export const running =
  (body: () => void) =>
  (ctx: TestContext): void => {
    if (CANNOT_RUN !== undefined) ctx.skip(CANNOT_RUN)
    else body()
  }
