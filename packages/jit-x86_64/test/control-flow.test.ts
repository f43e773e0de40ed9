/** Calls of all kinds, against the interpreter: registers, frames, counters, faults. */
import { ExecutionFault, type HelperFunction, returnU64 } from '@bpfoundry/engine'
import {
  assembleLlvm,
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import {
  type Bench,
  CANNOT_RUN,
  createBench,
  createBenches,
  hostFeatures,
  imageOf,
  type Outcome,
  x86Engine,
} from './harness.ts'

const asm = (text: string): readonly Insn[] => assembleLlvm(text).insns

/** r0 = r1 ^ r2 ^ r3 ^ r4 ^ r5 */
const xorAll: HelperFunction = (cpu) => {
  let [lo, hi] = [0, 0]
  for (let n = 1; n <= 5; n++) [lo, hi] = [lo ^ cpu.regs[2 * n]!, hi ^ cpu.regs[2 * n + 1]!]
  returnU64(cpu, lo, hi)
}
const fails: HelperFunction = () => {
  throw new RangeError('helper failed')
}
const HELPERS: readonly (HelperFunction | undefined)[] = [undefined, xorAll, fails]

interface Case {
  readonly name: string
  readonly insns: readonly Insn[]
}

const TAIL_CALL = BPF_RAW_INSN(0xf5, 0, 0, 0, 0)
const MAY_GOTO = (off: number): Insn => BPF_RAW_INSN(0xe5, 0, 0, off, 0)
const CALLX = (register: number): Insn => BPF_RAW_INSN(0x8d, register, 0, 0, 0)

/** Eight frames, each with a number of its own that is added up on the way back; the last goes on at `last`. */
const DEEPEST = `
  r1 = 6
  call f
  exit
  f: *(u64 *)(r10 - 8) = r1
  if r1 == 0 goto last
  r1 -= 1
  call f
  r1 = *(u64 *)(r10 - 8)
  r0 += r1
  exit`

/** r6..r9 and the stack are set, a subprogram changes all of them, and the caller's own are added up. */
const keepsRegisters = asm(`
  r6 = 6
  r7 = 7
  r8 = 8
  r9 = 9
  *(u64 *)(r10 - 8) = r6
  r1 = 1
  call sub
  r0 += r6
  r0 += r7
  r0 += r8
  r0 += r9
  r1 = *(u64 *)(r10 - 8)
  r0 += r1
  exit
sub:
  r6 = 60
  r7 = 70
  r8 = 80
  r9 = 90
  *(u64 *)(r10 - 8) = r9
  r0 = *(u64 *)(r10 - 8)
  r0 += r1
  exit
`)

const nested = asm(`
  r6 = r1
  r1 = 3
  call first
  r0 += r6
  exit
first:
  r6 = r1
  r6 <<= 4
  *(u64 *)(r10 - 16) = r6
  call second
  r1 = *(u64 *)(r10 - 16)
  r0 += r1
  r0 += r6
  exit
second:
  *(u64 *)(r10 - 16) = r1
  r0 = r10
  r1 = *(u64 *)(r10 - 16)
  r0 += r1
  exit
`)

const helperCall = asm(`
  r6 = 0x1122334455667788 ll
  r1 = r6
  r2 = 2
  r3 = -3
  r4 = 4
  r5 = r10
  call 1
  r0 += r6
  r1 += r2
  r0 += r1
  r0 += r5
  exit
`)

const helperInSubprogram = asm(`
  r6 = 6
  r1 = 1
  call sub
  r0 += r6
  exit
sub:
  r6 = 5
  r2 = 2
  r3 = 3
  r4 = 4
  r5 = 5
  call 1
  r0 += r6
  exit
`)

const CASES: readonly Case[] = [
  { name: 'a callee’s r6 to r9 and frame are its own', insns: keepsRegisters },
  { name: 'nested calls have nested frames', insns: nested },
  { name: 'a helper sees r1 to r5 and gives r0', insns: helperCall },
  { name: 'a helper is called from a subprogram', insns: helperInSubprogram },
  {
    name: 'callx calls the helper in the register',
    insns: [...asm('r6 = 1\nr1 = 9\nr2 = 8\nr3 = 7\nr4 = 6\nr5 = 5'), CALLX(6), BPF_EXIT_INSN()],
  },
  {
    name: 'may_goto leaves its loop when the budget is used up',
    insns: [
      BPF_MOV64_IMM(0, 0),
      MAY_GOTO(2),
      BPF_ALU64_IMM(BPF_ADD, 0, 1),
      BPF_JMP_A(-3),
      MAY_GOTO(1),
      BPF_EXIT_INSN(),
      BPF_EXIT_INSN(),
    ],
  },
  {
    name: 'may_goto has a budget in each frame, with helpers called meanwhile',
    insns: [
      ...asm('r6 = 3\nr0 = 0'),
      MAY_GOTO(2),
      BPF_CALL_REL(4),
      BPF_ALU64_IMM(BPF_ADD, 6, -1),
      BPF_JMP_IMM(BPF_JNE, 6, 0, -4),
      BPF_EXIT_INSN(),
      BPF_EXIT_INSN(),
      ...asm('r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5'),
      MAY_GOTO(1),
      BPF_RAW_INSN(0x85, 0, 0, 0, 1),
      BPF_EXIT_INSN(),
    ],
  },
  { name: 'unreachable code is left out', insns: asm('r0 = 1\ngoto l1\nr0 = 2\nl1:\nexit') },
  {
    name: 'a loop whose begin is the program’s',
    insns: asm('r1 += 1\nif r1 & 15 goto -2\nr0 = r1\nexit'),
  },
  {
    name: 'far jumps are long',
    insns: [
      ...asm('r0 = 0\nr1 &= 1\nif r1 == 7 goto +60'),
      ...Array.from({ length: 60 }, () => BPF_ALU64_IMM(BPF_ADD, 0, 1000)),
      BPF_EXIT_INSN(),
    ],
  },
]

describe.skipIf(CANNOT_RUN !== undefined)(`calls and jumps do what the interpreter does ${CANNOT_RUN ?? ''}`, () => {
  const { interpreter, natives } = createBenches(HELPERS)
  const run = (bench: Bench, insns: readonly Insn[]): Outcome => {
    const program = bench.install(imageOf(insns))
    return bench.outcome(() => program.run(bench.cpu, bench.buffer))
  }

  it.each(CASES.map((c) => [c.name, c] as const))('%s', (_, { insns }) => {
    const expected = run(interpreter, insns)
    for (const [name, bench] of natives) expect({ name, ...run(bench, insns) }).toEqual({ name, ...expected })
  })

  it('an error of a helper ends the run there, with what was executed counted', () => {
    const insns = asm('r0 = 1\nr1 = 1\nr2 = 1\nr3 = 1\nr4 = 1\nr5 = 1\ncall 2\nr0 = 5\nexit')
    for (const bench of [interpreter, ...natives.map(([, native]) => native)]) {
      const program = bench.install(imageOf(insns))
      expect(() => program.run(bench.cpu, 0)).toThrow(new RangeError('helper failed'))
      expect(bench.outcome(() => 0).executedInsns).toBe(7)
    }
  })

  it('a helper that is not there is a fault', () => {
    const insns = asm('r1 = 1\ncall 9\nexit')
    for (const [, bench] of natives) {
      const program = bench.install(imageOf(insns))
      expect(() => program.run(bench.cpu, 0)).toThrow(ExecutionFault)
    }
  })
})

describe.skipIf(CANNOT_RUN !== undefined)(`tail calls do what the interpreter does ${CANNOT_RUN ?? ''}`, () => {
  /** Programs by id, with the address of the array. */
  const withTails = (map: number): Readonly<Record<number, readonly Insn[]>> => ({
    1: [...asm(`r6 += 1\nr2 = ${map}\nr3 = 1`), TAIL_CALL, ...asm('r0 = r6\nexit')],
    2: [
      ...asm('r6 = 100\nr7 = 1'),
      BPF_CALL_REL(3),
      ...asm('r0 += r6\nr0 += r7\nexit'),
      ...asm(`r6 = 3\nr2 = ${map}\nr3 = 3`),
      TAIL_CALL,
      ...asm('r0 = 7\nexit'),
    ],
    3: asm('r8 = 5\nr7 = 8\n*(u64 *)(r10 - 8) = r8\nr0 = r6\nr0 += r8\nexit'),
    4: [...asm(`r2 = ${map}\nr3 = 7`), TAIL_CALL, ...asm('r0 = 44\nexit')],
    5: [...asm(`r2 = ${map}\nr3 = 8`), TAIL_CALL, ...asm('r0 = 55\nexit')],
    6: [...asm(`r2 = ${map}\nr3 = 6`), TAIL_CALL, ...asm('r0 = 66\nexit')],
    7: [...asm(`r2 = ${map}\nr3 = 2`), TAIL_CALL, ...asm('r0 = 77\nexit')],
    8: [...asm(`${DEEPEST}\nlast: r2 = ${map}\nr3 = 0`), TAIL_CALL, ...asm('r0 = 1000\nexit')],
  })
  // Slot n holds program n, slot 0 program 8; slot 6 one that does not exist, slot 7 none.
  const fill = (bench: Bench): void => {
    const slots = bench.progArray + 64
    for (const n of [1, 2, 3, 4, 5]) bench.memory.u32[(slots + 4 * n) >>> 2] = n
    bench.memory.u32[slots >>> 2] = 8
    bench.memory.u32[(slots + 4 * 6) >>> 2] = 4711
  }
  const start = (bench: Bench): ReadonlyMap<number, () => Outcome> => {
    fill(bench)
    const programs = Object.entries(withTails(bench.progArray)).map(([id, insns]) => {
      const program = bench.install(imageOf(insns, { id: Number(id) }))
      return [Number(id), () => bench.outcome(() => program.run(bench.cpu, bench.buffer))] as const
    })
    return new Map(programs)
  }
  const { interpreter, natives } = createBenches(HELPERS)
  const [expected, found] = [start(interpreter), natives.map(([name, bench]) => [name, start(bench)] as const)]

  it.each([
    [1, 'itself, 33 times'],
    [2, 'from a subprogram, whose caller goes on'],
    [4, 'of an empty slot goes on'],
    [5, 'behind the array goes on'],
    [6, 'of a program that is not there goes on'],
    [7, 'of a program that tail-calls in a subprogram'],
    [8, 'itself, 33 times, each out of eight frames that are all needed afterwards'],
  ])('program %i: %s', (id) => {
    const outcome = expected.get(id)!()
    for (const [name, programs] of found) expect({ name, ...programs.get(id)!() }).toEqual({ name, ...outcome })
  })
})

describe.skipIf(CANNOT_RUN !== undefined)(`hidden subprograms ${CANNOT_RUN ?? ''}`, () => {
  it('are not counted, their calls are helper calls', () => {
    const own = asm('r1 = 5\ncall 1\nr0 += 1\nexit')
    const inlined = [...asm('r1 = 5'), BPF_CALL_REL(2), ...asm('r0 += 1\nexit'), ...asm('r0 = r1\nr0 *= 3\nexit')]
    const subprograms = [
      { name: 'own', start: 0, end: 4, stackDepthBytes: 0 },
      { name: 'triple', start: 4, end: 7, stackDepthBytes: 0, hidden: true },
    ]
    const bench = createBench(x86Engine(hostFeatures()))
    const program = bench.install(imageOf(own, { inlined: { insns: inlined, subprograms, lines: [] } }))
    const { low, executedInsns, helperCalls } = bench.outcome(() => program.run(bench.cpu, 0))
    expect({ low, executedInsns, helperCalls }).toEqual({ low: 16, executedInsns: 4, helperCalls: 1 })
  })
})
