/** Far jumps, the frame pointer, inlined helpers, offsets of instructions, against the interpreter. */
import type { ExecutionFault, Subprogram } from '@bpfoundry/engine'
import {
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
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { MAX_SLOT_BYTES } from '../../src/emission.ts'
import { translateArm64 } from '../../src/index.ts'
import { createBench, imageOf, PROG_ARRAY, UNCOUNTED } from '../harness.ts'
import { asm, callSlot, everywhere, helpers, runAll, running } from './running.ts'

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
