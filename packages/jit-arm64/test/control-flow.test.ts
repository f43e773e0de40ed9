/** Calls, tail calls, helpers, may_goto, far branches: everything a row alone does not show, against the interpreter. */
import {
  CPU_BLOCK,
  type ExecutionFault,
  type HelperFunction,
  type ProgramImage,
  type Subprogram,
} from '@bpfoundry/engine'
import {
  assembleLlvm,
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JA,
  BPF_JEQ,
  BPF_JGT,
  BPF_JMP,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JSET,
  BPF_JSLT,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_STX_MEM,
  BPF_TAIL_CALL,
  type Insn,
  instructionRow,
} from '@bpfoundry/isa'
import { createRemoteArm64Engine } from '@bpfoundry/native-exec'
import { describe, expect, it, type TestContext } from 'vitest'
import { MAX_SLOT_BYTES } from '../src/emission.ts'
import { translateArm64 } from '../src/index.ts'
import { type Bench, CANNOT_RUN, createBench, createBenches, imageOf, PROG_ARRAY, UNCOUNTED } from './harness.ts'

const boom = new Error('boom')
/** What helpers saw of r1..r5. */
const trace: string[] = []
const helpers: (HelperFunction | undefined)[] = []
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

const benches = CANNOT_RUN === undefined ? createBenches(helpers) : undefined
const tailCall = BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0)
const mayGoto = (off: number): Insn => BPF_RAW_INSN(instructionRow('MAY_GOTO').opcode, 0, 0, off, 0)
const asm = (source: string): readonly Insn[] => assembleLlvm(source).insns

/** The same on every engine; what that is. */
function everywhere<T>(run: (bench: Bench) => T): T {
  const { interpreter, arm64 } = benches as NonNullable<typeof benches>
  const expected = run(interpreter)
  for (const [name, bench] of arm64) expect({ name, got: run(bench) }).toEqual({ name, got: expected })
  return expected
}

const runAll = (insns: readonly Insn[], more: Partial<ProgramImage> = {}): unknown =>
  everywhere((bench) => {
    trace.length = 0
    const outcome = bench.outcome(bench.install(imageOf(insns, more)), bench.buffer)
    return { outcome, trace: trace.join(' ') }
  })

/** Puts programs in slots 0, 1, ... of the array, ids from 11 on, and runs the first. */
function runTailCalls(programs: readonly (readonly Insn[])[], empty: readonly number[] = []): unknown {
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
const callSlot = (index: number): Insn[] => [...BPF_LD_IMM64(2, BigInt(progArray)), BPF_MOV64_IMM(3, index), tailCall]

/** The body of a test that needs to run code. */
const running =
  (body: () => void) =>
  (ctx: TestContext): void => {
    if (CANNOT_RUN !== undefined) ctx.skip(CANNOT_RUN)
    else body()
  }

describe('calls of subprograms', () => {
  it(
    'keep r6 to r9 and r10 for the caller, and leave r0 to r5 as the callee did',
    running(() => {
      runAll(
        asm(`
r6 = 6
r7 = 7
r8 = 8
r9 = 9
r1 = 1
call f
*(u64 *)(r10 - 8) = r6
*(u64 *)(r10 - 16) = r7
*(u64 *)(r10 - 24) = r8
*(u64 *)(r10 - 32) = r9
*(u64 *)(r10 - 40) = r1
*(u64 *)(r10 - 48) = r5
r0 += r6
exit
f: r6 = 66
r7 = r6
r8 = r10
r9 = -1
r5 = 55
r1 += 100
*(u64 *)(r10 - 8) = r8
r0 = 1000
exit`),
      )
    }),
  )

  it(
    'nest eight deep, each in a frame of its own',
    running(() => {
      const depth = 7
      const frame = (n: number): Insn[] => [
        BPF_MOV64_IMM(6, n),
        BPF_STX_MEM(BPF_DW, 10, 6, -8),
        ...(n < depth ? [BPF_CALL_REL(3)] : [BPF_MOV64_IMM(0, 0)]),
        BPF_LDX_MEM(BPF_DW, 1, 10, -8),
        BPF_RAW_INSN(0x0f, 0, 6, 0, 0),
        BPF_EXIT_INSN(),
      ]
      runAll(Array.from({ length: depth + 1 }, (_, n) => frame(n)).flat())
    }),
  )

  it(
    'may recurse through any of several entries',
    running(() => {
      runAll(
        asm(`
r1 = 5
call f
exit
f: if r1 == 0 goto none
r6 = r1
r1 += -1
call f
r0 += r6
exit
none: r0 = 0
exit`),
      )
    }),
  )

  it(
    'lose host addresses: the callee uses the same registers for its own',
    running(() => {
      runAll(
        asm(`
r6 = r1
*(u64 *)(r6 + 8) = 1
call f
r0 = *(u64 *)(r6 + 8)
exit
f: r7 = r10
r7 += -64
*(u64 *)(r7 + 8) = 2
r8 = r7
*(u64 *)(r8 + 16) = 3
exit`),
      )
    }),
  )
})

describe('helper calls', () => {
  it(
    'get r1 to r5 and give r0; other registers stay',
    running(() => {
      runAll([
        ...BPF_LD_IMM64(1, 0x1122334455667788n),
        ...BPF_LD_IMM64(2, -2n),
        BPF_MOV64_IMM(3, 3),
        BPF_MOV64_IMM(4, -4),
        BPF_MOV64_REG(5, 10),
        BPF_MOV64_IMM(6, 6),
        BPF_EMIT_CALL(1),
        BPF_STX_MEM(BPF_DW, 10, 1, -8),
        BPF_STX_MEM(BPF_DW, 10, 5, -16),
        BPF_STX_MEM(BPF_DW, 10, 6, -24),
        BPF_EXIT_INSN(),
      ])
    }),
  )

  it(
    'leave r1 to r5 as the helper does',
    running(() => {
      const stores = [1, 2, 3, 4, 5].map((n) => BPF_STX_MEM(BPF_DW, 10, n, -8 * n))
      runAll([BPF_EMIT_CALL(2), ...stores, BPF_EXIT_INSN()])
    }),
  )

  it(
    'from subprograms come back to them',
    running(() => {
      runAll(asm('r1 = 2\ncall f\nr0 += 1\nexit\nf: r6 = 40\nr2 = 0\ncall 1\nr0 += r6\nexit'))
    }),
  )

  it(
    'by a register: its low 32 bits are the number',
    running(() => {
      const callx = BPF_RAW_INSN(instructionRow('CALLX').opcode, 3, 0, 0, 0)
      runAll([...BPF_LD_IMM64(3, 0x700000001n), callx, BPF_EXIT_INSN()])
    }),
  )

  it(
    'may make memory grow, and what grew can be used at once',
    running(() => {
      runAll([BPF_EMIT_CALL(4), BPF_LDX_MEM(BPF_DW, 0, 0, 0), BPF_EXIT_INSN()])
    }),
  )

  it(
    'that throw end the run there, with the counts so far',
    running(() => {
      const source = 'r0 = 1\nif r0 == 0 goto out\ncall 3\nr0 = 2\nout: exit'
      everywhere((bench) => {
        const { memory, cpu } = bench
        const at = (cpu.block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3
        memory.f64[at] = 0
        const program = bench.install(imageOf(asm(source)))
        expect(() => program.run(cpu, 0)).toThrow(boom)
        return memory.f64[at]
      })
    }),
  )

  it(
    'that are missing are a fault with its place',
    running(() => {
      everywhere((bench) => {
        const program = bench.install(imageOf(asm('r0 = 1\nr1 = 2\ncall 99\nexit')))
        try {
          program.run(bench.cpu, 0)
          return 'no fault'
        } catch (error) {
          const { code, where } = error as ExecutionFault
          return { code, where }
        }
      })
    }),
  )
})

describe('tail calls', () => {
  const leaf = (value: number): Insn[] => [BPF_ALU64_IMM(BPF_ADD, 0, value), BPF_EXIT_INSN()]

  it(
    'go on in the other program with all registers',
    running(() => {
      const seen = [0, 1, 6, 7, 8, 9].map((n, at) => BPF_STX_MEM(BPF_DW, 10, n, -8 * (at + 1)))
      const sets = [0, 6, 7, 8, 9].map((n) => BPF_MOV64_IMM(n, 100 + n))
      runTailCalls([
        [...sets, ...callSlot(1), ...leaf(1)],
        [...seen, ...leaf(2)],
      ])
    }),
  )

  it(
    'end after 33, and count',
    running(() => {
      runTailCalls([[BPF_ALU64_IMM(BPF_ADD, 0, 1), ...callSlot(0), ...leaf(1000)]])
    }),
  )

  it(
    'fall through: index out of range, empty slot, a program that is not there',
    running(() => {
      runTailCalls([[...callSlot(8), ...callSlot(-1), ...callSlot(1), ...callSlot(2), ...leaf(5)], leaf(1)], [1])
    }),
  )

  it(
    'fall through once the program was removed',
    running(() => {
      const caller = [...callSlot(1), ...leaf(5)]
      for (const [, bench] of (benches as NonNullable<typeof benches>).arm64) {
        const at = (bench.progArray + PROG_ARRAY.slotsOffsetBytes + 4) >>> 2
        bench.memory.u32[at] = 12
        const program = bench.install(imageOf(caller, { id: 11 }))
        bench.install(imageOf(leaf(1), { id: 12 }))
        expect(program.run(bench.cpu, 0)).toBe(1)
        bench.thread.remove(12)
        expect(program.run(bench.cpu, 0)).toBe(5)
      }
    }),
  )

  it(
    'from a subprogram return to its caller, whatever program that is of',
    running(() => {
      const caller = [
        BPF_MOV64_IMM(6, 7),
        BPF_CALL_REL(3),
        BPF_RAW_INSN(0x0f, 0, 6, 0, 0),
        BPF_STX_MEM(BPF_DW, 10, 6, -8),
        BPF_EXIT_INSN(),
        BPF_MOV64_IMM(6, 8),
        ...callSlot(1),
        ...leaf(-1),
      ]
      const callee = [
        BPF_MOV64_IMM(6, 9),
        BPF_STX_MEM(BPF_DW, 10, 6, -8),
        BPF_CALL_REL(1),
        ...leaf(100).slice(1),
        BPF_MOV64_IMM(0, 50),
        BPF_EXIT_INSN(),
      ]
      runTailCalls([caller, callee])
    }),
  )

  it(
    'out of eight frames, 33 times, leave every frame as it was',
    running(() => {
      const frames = asm(`
r1 = 6
call f
exit
f: *(u64 *)(r10 - 8) = r1
if r1 == 0 goto last
r1 -= 1
call f
r1 = *(u64 *)(r10 - 8)
r0 += r1
exit
last: r0 = 1000`)
      runTailCalls([[...frames, ...callSlot(0), BPF_EXIT_INSN()]])
    }),
  )

  it.each([
    [4, 16_380],
    [16_384, 16_388],
    [40_004, 70_004],
    [0x1_2344, 0x2_0008],
  ])('find the array’s fields at offsets %i and %i', (maxEntriesOffsetBytes, slotsOffsetBytes) => {
    if (CANNOT_RUN !== undefined) return console.log(`not run: ${CANNOT_RUN}`)
    const engine = createRemoteArm64Engine({ progArray: { maxEntriesOffsetBytes, slotsOffsetBytes } })
    const { buffer, memory, cpu, thread } = createBench(engine)
    memory.u32[(buffer + maxEntriesOffsetBytes) >>> 2] = 3
    memory.u32[(buffer + slotsOffsetBytes + 8) >>> 2] = 12
    const call = (index: number): Insn[] => [...BPF_LD_IMM64(2, BigInt(buffer)), BPF_MOV64_IMM(3, index), tailCall]
    const caller = imageOf([...call(3), ...call(1), ...call(2), ...leaf(5)], { id: 11 })
    thread.install(engine.translate(imageOf(leaf(1), { id: 12 })))
    expect(thread.install(engine.translate(caller)).run(cpu, 0)).toBe(1)
  })
})

describe('may_goto', () => {
  it(
    'leaves its loop after 8 Mi turns, of each frame',
    running(() => {
      const loop = [mayGoto(2), BPF_ALU64_IMM(BPF_ADD, 0, 1), BPF_JMP_A(-3)]
      const image = imageOf([BPF_CALL_REL(4), ...loop, BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 0), ...loop, BPF_EXIT_INSN()])
      // The interpreter's own test has the budget; here it is known.
      for (const [name, bench] of (benches as NonNullable<typeof benches>).arm64) {
        expect({ name, turns: bench.install(image).run(bench.cpu, 0) }).toEqual({ name, turns: 2 * 8 * 1024 * 1024 })
      }
    }),
  )

  it(
    'has its turns back after a call, and anew in a program that was tail called',
    running(() => {
      const spend = (turns: number): Insn[] => [
        BPF_MOV64_IMM(1, turns),
        mayGoto(3),
        BPF_ALU64_IMM(BPF_ADD, 0, 1),
        BPF_ALU64_IMM(BPF_ADD, 1, -1),
        BPF_JMP_IMM(0x50, 1, 0, -4),
      ]
      runTailCalls([
        [
          ...spend(5),
          BPF_CALL_REL(6),
          ...spend(7),
          ...callSlot(1).slice(0, 1),
          BPF_EXIT_INSN(),
          ...spend(3),
          BPF_EXIT_INSN(),
        ].filter((insn) => insn.opcode !== 0x18 && insn.opcode !== 0),
        [...spend(2), BPF_EXIT_INSN()],
      ])
    }),
  )
})

describe('jumps', () => {
  it(
    'reach over more code than one conditional branch can, taken and not',
    running(() => {
      const taken = [
        BPF_JMP_IMM(BPF_JEQ, 1, 1, 0),
        BPF_JMP_IMM(BPF_JEQ, 2, 0, 0),
        BPF_JMP_IMM(BPF_JSET, 1, 1, 0),
        BPF_JMP_IMM(BPF_JSLT, 3, 0, 0),
        BPF_JMP_IMM(BPF_JGT, 1, 0, 0),
      ]
      const untaken = [
        BPF_JMP_IMM(BPF_JEQ, 1, 4, 0),
        BPF_JMP_IMM(BPF_JEQ, 1, 0, 0),
        BPF_JMP_IMM(BPF_JSET, 1, 4, 0),
        BPF_JMP_IMM(BPF_JSLT, 1, 0, 0),
        BPF_JMP_IMM(BPF_JGT, 2, 0, 0),
      ]
      const filler = Array.from({ length: 12_000 }, (_, n) => BPF_LD_IMM64(4, BigInt(n) * 0x1234_5678_9abcn)).flat()
      const jumps = [...taken, ...untaken]
      // Jump n stands at start + 2 n and leads to a pair behind the filler: r0 += 2 ** n, and back.
      const start = 3
      const behind = start + 2 * jumps.length + 1 + filler.length
      runAll([
        BPF_MOV64_IMM(1, 1),
        BPF_MOV64_IMM(2, 0),
        BPF_MOV64_IMM(3, -1),
        ...jumps.flatMap((insn, n) => [{ ...insn, off: behind - start - 1 }, BPF_MOV64_IMM(5, n)]),
        BPF_JMP_A(filler.length + 2 * jumps.length),
        ...filler,
        ...jumps.flatMap((_, n) => [BPF_ALU64_IMM(BPF_ADD, 0, 2 ** n), BPF_JMP_A(start - behind - 1)]),
        BPF_EXIT_INSN(),
      ])
    }),
  )

  it(
    'into loops with two entries, and past code that nothing reaches',
    running(() => {
      runAll(
        asm(`
r0 = 0
r2 = 3
if r1 > 100 goto second
first: r0 += 1
goto second
r0 = 99
second: r0 += 10
r2 += -1
if r2 s> 0 goto first
exit`),
      )
    }),
  )

  it(
    'that leave the program behind its last instruction are a fault',
    running(() => {
      everywhere((bench) => {
        const program = bench.install(imageOf([BPF_MOV64_IMM(0, 3)]))
        try {
          return program.run(bench.cpu, 0)
        } catch (error) {
          return (error as ExecutionFault).code
        }
      })
    }),
  )

  it.each([
    ['out of the program', [BPF_JMP_A(5), BPF_EXIT_INSN()], 'ARM64_JUMP', 0],
    ['before the program', [BPF_MOV64_IMM(0, 0), BPF_JMP_A(-3), BPF_EXIT_INSN()], 'ARM64_JUMP', 1],
    ['into an immediate', [BPF_JMP_A(1), ...BPF_LD_IMM64(0, 1n), BPF_EXIT_INSN()], 'ARM64_JUMP', 0],
    ['half an immediate', [BPF_LD_IMM64(0, 1n)[0] as Insn, BPF_EXIT_INSN()], 'ARM64_LD_IMM64', 0],
  ] as const)('are refused: %s', (_, insns, code, pc) => {
    const refusal = expect.objectContaining({ code, where: { pc } })
    expect(() => translateArm64(imageOf(insns), { progArray: PROG_ARRAY })).toThrow(refusal)
  })

  it(
    'to the next instruction are none, and count',
    running(() => {
      runAll([
        BPF_MOV64_IMM(0, 3),
        BPF_JMP_A(0),
        BPF_RAW_INSN(BPF_JMP | BPF_JA, 0, 0, 1, 0),
        BPF_MOV64_IMM(0, 4),
        BPF_EXIT_INSN(),
      ])
    }),
  )
})

describe('r10', () => {
  it(
    'may be written, though no verified program does',
    running(() => {
      runAll([
        BPF_ALU64_IMM(BPF_ADD, 10, -64),
        BPF_STX_MEM(BPF_DW, 10, 10, -8),
        BPF_MOV64_REG(1, 10),
        BPF_MOV64_REG(10, 1),
        BPF_LDX_MEM(BPF_DW, 0, 10, -8),
        BPF_LDX_MEM(BPF_DW, 10, 10, -8),
        BPF_RAW_INSN(0x1f, 0, 10, 0, 0),
        BPF_EXIT_INSN(),
      ])
    }),
  )
})

describe('inlined helpers', () => {
  const subprograms: readonly Subprogram[] = [
    { name: 'main', start: 0, end: 6, stackDepthBytes: 0 },
    { name: 'inlined', start: 6, end: 12, stackDepthBytes: 0, hidden: true },
  ]
  const main = (call: Insn): Insn[] => [
    BPF_MOV64_IMM(1, 2),
    BPF_MOV64_IMM(2, 0),
    BPF_MOV64_IMM(6, 5),
    call,
    BPF_RAW_INSN(0x0f, 0, 6, 0, 0),
    BPF_EXIT_INSN(),
  ]
  const hidden = [...asm('r0 = r1\nr0 *= 3\nr6 = 1\nif r6 == 1 goto out\nr0 = 9\nout: exit')]
  const image = imageOf(main(BPF_EMIT_CALL(1)), {
    subprograms: [{ name: 'main', start: 0, end: 6, stackDepthBytes: 0 }],
    inlined: { insns: [...main(BPF_CALL_REL(2)), ...hidden], subprograms, lines: [] },
  })

  it(
    'count as the helper call that they are',
    running(() => {
      everywhere((bench) => bench.outcome(bench.install(image), 0))
    }),
  )

  it(
    'cost nothing where nothing is counted',
    running(() => {
      const bench = createBench(UNCOUNTED, helpers)
      const outcome = bench.outcome(bench.install(image), 0)
      expect(outcome).toMatchObject({ low: 11, executedInsns: 0, helperCalls: 0 })
      const options = { progArray: PROG_ARRAY }
      expect(translateArm64(image, { ...options, count: false }).bytes.length).toBeLessThan(
        translateArm64(image, options).bytes.length,
      )
    }),
  )
})

describe('offsets of instructions', () => {
  it('rise, end with the code of the last one, and are at most MAX_SLOT_BYTES apart', () => {
    const insns = [
      ...callSlot(0),
      ...asm(
        'r1 = 0x1234567812345678 ll\nr6 = 1\nr7 = 2\nr8 = 3\nr9 = 4\ncall f\nr0 = r6\nr0 += r7\nr0 += r8\nr0 += r9\nexit\nf: r6 = 1\nr7 = 1\nr8 = 1\nr9 = 1\nexit',
      ),
    ]
    const worst = { maxEntriesOffsetBytes: 70_004, slotsOffsetBytes: 0x12_3456 * 4 }
    const { insnOffsetsBytes, bytes, tailOffsetBytes } = translateArm64(imageOf(insns), {
      progArray: worst,
      lse: false,
    })
    expect(insnOffsetsBytes.length).toBe(insns.length + 1)
    expect(insnOffsetsBytes[0]).toBeGreaterThanOrEqual(tailOffsetBytes)
    expect(insnOffsetsBytes.at(-1)).toBeLessThanOrEqual(bytes.length)
    const lengths = [...insnOffsetsBytes].slice(1).map((offset, slot) => offset - insnOffsetsBytes[slot]!)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_SLOT_BYTES)
  })
})
