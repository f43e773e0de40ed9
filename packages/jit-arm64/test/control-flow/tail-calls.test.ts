/** Tail calls, and the instruction that counts a loop, against the interpreter. */
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_LD_IMM64,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  BPF_STX_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { createRemoteArm64Engine } from '@bpfoundry/native-exec'
import { describe, expect, it } from 'vitest'
import { CANNOT_RUN, createBench, imageOf, PROG_ARRAY } from '../harness.ts'
import { asm, benches, callSlot, mayGoto, running, runTailCalls, tailCall } from './running.ts'

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
