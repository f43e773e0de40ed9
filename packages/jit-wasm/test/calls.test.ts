import { type HelperFunction, MAX_RUN_FRAMES, MAX_TAIL_CALLS, returnU64, type Subprogram } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP,
  BPF_JMP_IMM,
  BPF_JNE,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MUL,
  BPF_RAW_INSN,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_TAIL_CALL,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { imageOf, type Machine, registerOf, Twins } from './twins.ts'

const TAIL_CALL: Insn = BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0)
const CALLX = (register: number): Insn => BPF_RAW_INSN(0x8d, register, 0, 0, 0)
const number = (r0: string): number => Number(r0.split(' ')[1])

/** Both outcomes are the same; answers what `run` answered. */
function agree(twins: Twins, insns: readonly Insn[]): number {
  const [expected, got] = twins.run(imageOf(insns, { id: 999 }))
  expect(got).toEqual(expected)
  return number(got.r0)
}

describe('BPF-to-BPF calls', () => {
  it('give the callee a frame of its own and keep r6 to r10 for the caller', () => {
    const main = [
      ...[6, 7, 8, 9].map((n) => BPF_MOV64_IMM(n, n)),
      BPF_ST_MEM(BPF_DW, 10, -8, 42),
      BPF_MOV64_IMM(1, 5),
      BPF_CALL_REL(7),
      ...[6, 7, 8, 9].map((n) => BPF_ALU64_REG(BPF_ADD, 0, n)),
      BPF_LDX_MEM(BPF_DW, 1, 10, -8),
      BPF_ALU64_REG(BPF_ADD, 0, 1),
      BPF_EXIT_INSN(),
    ]
    const callee = [BPF_ST_MEM(BPF_DW, 10, -8, 99), ...[6, 7, 8, 9].map((n) => BPF_MOV64_IMM(n, -1))]
    expect(agree(new Twins(), [...main, ...callee, BPF_MOV64_REG(0, 1), BPF_EXIT_INSN()])).toBe(77)
  })

  it('pass r1 to r5 and a pointer into the caller’s frame', () => {
    const main = [
      BPF_ST_MEM(BPF_DW, 10, -16, 1000),
      BPF_MOV64_REG(1, 10),
      BPF_ALU64_IMM(BPF_ADD, 1, -16),
      ...[2, 3, 4, 5].map((n) => BPF_MOV64_IMM(n, n * 10)),
      BPF_CALL_REL(1),
      BPF_EXIT_INSN(),
    ]
    const callee = [BPF_LDX_MEM(BPF_DW, 0, 1, 0), ...[2, 3, 4, 5].map((n) => BPF_ALU64_REG(BPF_ADD, 0, n))]
    expect(agree(new Twins(), [...main, ...callee, BPF_EXIT_INSN()])).toBe(1140)
  })

  /** Recursion that many frames deep besides the first. */
  const nested = (depth: number): Insn[] => [
    BPF_MOV64_IMM(1, depth),
    BPF_CALL_REL(1),
    BPF_EXIT_INSN(),
    BPF_STX_MEM(BPF_DW, 10, 1, -8),
    BPF_MOV64_IMM(0, 1),
    BPF_JMP_IMM(BPF_JEQ, 1, 0, 5),
    BPF_ALU64_IMM(BPF_SUB, 1, 1),
    BPF_CALL_REL(-5),
    BPF_ALU64_IMM(BPF_MUL, 0, 3),
    BPF_LDX_MEM(BPF_DW, 1, 10, -8),
    BPF_ALU64_REG(BPF_ADD, 0, 1),
    BPF_EXIT_INSN(),
  ]

  it('nest as deep as verified programs can need; one frame more faults', () => {
    const twins = new Twins()
    expect(agree(twins, nested(6))).toBeGreaterThan(3 ** 6)
    agree(twins, nested(MAX_RUN_FRAMES - 2))
    const [expected, got] = twins.run(nested(MAX_RUN_FRAMES - 1))
    expect([expected.r0, got.r0]).toEqual(['FAULT_CALL_DEPTH', 'FAULT_CALL_DEPTH'])
  })
})

describe('helper calls', () => {
  const sum: HelperFunction = (cpu) => {
    const total = [1, 2, 3, 4, 5].reduce((rest, n) => rest + registerOf(cpu, n), 0n)
    returnU64(cpu, Number(BigInt.asIntN(32, total)), Number(BigInt.asIntN(32, total >> 32n)))
  }
  const args = [1, 2, 3, 4, 5].flatMap((n) => BPF_LD_IMM64(n, 1n << BigInt(12 * n)) as readonly Insn[])
  const total = [1n, 2n, 3n, 4n, 5n].reduce((rest, n) => rest + (1n << (12n * n)), 0n)

  it('pass r1 to r5 and take r0, all 64 bits, by number and by register', () => {
    const twins = new Twins([undefined, sum])
    agree(twins, [...args, BPF_EMIT_CALL(1), BPF_EXIT_INSN()])
    expect(twins.wasm.r0).toBe(total)
    agree(twins, [BPF_MOV64_IMM(6, 1), ...args, CALLX(6), BPF_EXIT_INSN()])
    expect(twins.wasm.r0).toBe(total)
  })

  it('keep r1 to r5, whatever the helper leaves in the block', () => {
    const scribble: HelperFunction = (cpu) => cpu.regs.fill(7, 0, 2)
    const twins = new Twins([scribble])
    agree(twins, [...args, BPF_EMIT_CALL(0), BPF_MOV64_REG(0, 5), BPF_ALU64_REG(BPF_ADD, 0, 1), BPF_EXIT_INSN()])
  })

  it('are counted, in loops and on every way', () => {
    const count: HelperFunction = (cpu) => returnU64(cpu, cpu.regs[2]! + 1, 0)
    const twins = new Twins([count])
    const loop = [
      BPF_MOV64_IMM(6, 10),
      BPF_MOV64_IMM(1, 0),
      BPF_EMIT_CALL(0),
      BPF_MOV64_REG(1, 0),
      BPF_ALU64_IMM(BPF_SUB, 6, 1),
      BPF_JMP_IMM(BPF_JEQ, 6, 0, 2),
      BPF_JMP_IMM(BPF_JEQ, 6, 3, -5),
      BPF_RAW_INSN(0x05, 0, 0, -6, 0),
      BPF_EXIT_INSN(),
    ]
    expect(agree(twins, loop)).toBe(10)
  })

  it('that are not there fault, with the instruction', () => {
    const twins = new Twins([])
    for (const insns of [[BPF_EMIT_CALL(7)], [BPF_EMIT_CALL(-1)], [BPF_MOV64_IMM(3, -1), CALLX(3)]]) {
      const [expected, got] = twins.run([...insns, BPF_EXIT_INSN()])
      expect([expected.r0, got.r0]).toEqual(['FAULT_UNKNOWN_HELPER', 'FAULT_UNKNOWN_HELPER'])
    }
  })

  it('that throw end the run with what they threw, and the program can run again', () => {
    let fail = true
    const failing: HelperFunction = (cpu) => {
      if (fail) throw new RangeError('defect')
      returnU64(cpu, 3, 0)
    }
    const { wasm } = new Twins([failing])
    const program = wasm.install(imageOf([BPF_EMIT_CALL(0), BPF_EXIT_INSN()]))
    expect(() => program.run(wasm.cpu, 0)).toThrow(new RangeError('defect'))
    fail = false
    expect(program.run(wasm.cpu, 0)).toBe(3)
  })
})

describe('hidden subprograms', () => {
  const triple: HelperFunction = (cpu) => returnU64(cpu, 3 * cpu.regs[2]!, 0)
  const hidden = (start: number, end: number): Subprogram => ({
    name: 'triple',
    start,
    end,
    stackDepthBytes: 8,
    hidden: true,
  })

  it('are compiled in a helper’s place, counted as its call, and their instructions not at all', () => {
    const twins = new Twins([undefined, triple])
    const own = (call: Insn): Insn[] => [BPF_MOV64_IMM(1, 14), call, BPF_ALU64_IMM(BPF_ADD, 0, 1), BPF_EXIT_INSN()]
    const inlined = [
      ...own(BPF_CALL_REL(2)),
      BPF_STX_MEM(BPF_DW, 10, 1, -8),
      BPF_LDX_MEM(BPF_DW, 0, 10, -8),
      BPF_ALU64_IMM(BPF_MUL, 0, 3),
      BPF_EXIT_INSN(),
    ]
    const main = { name: 'test', start: 0, end: 4, stackDepthBytes: 0 }
    const image = imageOf(own(BPF_EMIT_CALL(1)), {
      inlined: { insns: inlined, subprograms: [main, hidden(4, 8)], lines: [] },
    })
    const [expected, got] = twins.run(image)
    expect(got).toEqual(expected)
    expect([got.r0, got.insns, got.helperCalls]).toEqual(['2b 43', 4, 1])
  })

  it('have a frame below the eighth', () => {
    const twins = new Twins([undefined, triple])
    const main = (call: Insn): Insn[] => [
      BPF_MOV64_IMM(1, 6),
      BPF_CALL_REL(1),
      BPF_EXIT_INSN(),
      BPF_JMP_IMM(BPF_JEQ, 1, 0, 3),
      BPF_ALU64_IMM(BPF_SUB, 1, 1),
      BPF_CALL_REL(-3),
      BPF_EXIT_INSN(),
      BPF_MOV64_IMM(1, 5),
      call,
      BPF_EXIT_INSN(),
    ]
    const ranges = (end: number): Subprogram[] => [
      { name: 'test', start: 0, end: 3, stackDepthBytes: 0 },
      { name: 'nest', start: 3, end, stackDepthBytes: 0 },
    ]
    const body = [BPF_STX_MEM(BPF_DW, 10, 1, -512), BPF_LDX_MEM(BPF_DW, 0, 10, -512), BPF_EXIT_INSN()]
    const inlined = [...main(BPF_CALL_REL(1)), ...body]
    const image = imageOf(main(BPF_EMIT_CALL(1)), {
      subprograms: ranges(10),
      inlined: { insns: inlined, subprograms: [...ranges(10), hidden(10, 13)], lines: [] },
    })
    const program = twins.wasm.install(image)
    expect(program.run(twins.wasm.cpu, 0)).toBe(5)
  })
})

describe('tail calls', () => {
  const call = (machine: Machine, index: number): Insn[] => [
    ...(BPF_LD_IMM64(2, machine.progArray) as readonly Insn[]),
    BPF_MOV64_IMM(3, index),
    TAIL_CALL,
  ]
  const answer = (value: number): Insn[] => [BPF_MOV64_IMM(0, value), BPF_EXIT_INSN()]
  /** Installs a program on both machines and puts it into a slot. */
  const place = (twins: Twins, index: number, id: number, insns: readonly Insn[]): void => {
    for (const machine of twins.both) {
      machine.install(imageOf(insns, { id }))
      machine.setSlot(index, id)
    }
  }

  it('never return, and keep context and stack', () => {
    const twins = new Twins()
    const target = [BPF_LDX_MEM(BPF_DW, 0, 10, -8), BPF_LDX_MEM(BPF_DW, 1, 1, 0), BPF_ALU64_REG(BPF_ADD, 0, 1)]
    place(twins, 0, 50, [...target, BPF_EXIT_INSN()])
    expect(agree(twins, [BPF_ST_MEM(BPF_DW, 10, -8, 40), ...call(twins.wasm, 0), ...answer(-1)])).toBe(40)
  })

  it('fall through an empty slot, a slot out of range, and a program that was removed, without counting', () => {
    const twins = new Twins()
    place(twins, 1, 60, answer(60))
    for (const machine of twins.both) machine.remove(60)
    for (const machine of twins.both) machine.setSlot(2, 100_000)
    for (const index of [0, 1, 2, 1023, 1024, 0x7fffffff, -1]) {
      expect(agree(twins, [...call(twins.wasm, index), ...answer(7)])).toBe(7)
      expect(twins.wasm.word('tailCalls')).toBe(0)
    }
  })

  it('find a program that was installed again under its id', () => {
    const twins = new Twins()
    place(twins, 1, 60, answer(60))
    place(twins, 1, 60, answer(61))
    expect(agree(twins, [...call(twins.wasm, 1), ...answer(7)])).toBe(61)
  })

  it(`fall through after ${MAX_TAIL_CALLS}, and a further run has as many`, () => {
    const twins = new Twins()
    const again = [BPF_LDX_MEM(BPF_DW, 4, 1, 0), BPF_ALU64_IMM(BPF_ADD, 4, 1), BPF_STX_MEM(BPF_DW, 1, 4, 0)]
    const insns = [...again, ...call(twins.wasm, 0), BPF_LDX_MEM(BPF_DW, 0, 1, 0), BPF_EXIT_INSN()]
    place(twins, 0, 999, insns)
    for (let run = 0; run < 2; run++) expect(agree(twins, insns)).toBe(MAX_TAIL_CALLS + 1)
    expect(twins.wasm.word('tailCalls')).toBe(MAX_TAIL_CALLS)
  })

  it('out of a subprogram return to its caller, in its program, with all of r0', () => {
    const twins = new Twins()
    const wide = BPF_LD_IMM64(0, 0x1234567890n) as readonly Insn[]
    place(twins, 0, 50, [BPF_MOV64_IMM(6, -1), ...wide, BPF_EXIT_INSN()])
    const main = [BPF_MOV64_IMM(6, 11), BPF_CALL_REL(2), BPF_ALU64_REG(BPF_ADD, 0, 6), BPF_EXIT_INSN()]
    agree(twins, [...main, ...call(twins.wasm, 0), ...answer(1)])
    expect(twins.wasm.r0).toBe(0x1234567890n + 11n)
    expect(agree(twins, [...main, ...call(twins.wasm, 5), ...answer(1)])).toBe(12)
  })

  it('out of subprograms nest frames of several programs, as many as there are tail calls', () => {
    const twins = new Twins()
    // Each program calls a subprogram, which tail-calls the next program.
    const link = (next: number): Insn[] => [
      BPF_CALL_REL(2),
      BPF_ALU64_IMM(BPF_ADD, 0, 1),
      BPF_EXIT_INSN(),
      ...call(twins.wasm, next),
      ...answer(100),
    ]
    for (let index = 0; index < 20; index++) place(twins, index, 50 + index, link(index + 1))
    expect(agree(twins, link(14))).toBe(100 + 7)
    expect(agree(twins, link(0))).toBe(100 + 21)
    place(twins, 20, 70, link(20))
    expect(agree(twins, link(20))).toBe(100 + 1 + MAX_TAIL_CALLS)
  })

  it('count the instructions of both programs, and none behind a call that was taken', () => {
    const twins = new Twins()
    place(twins, 0, 50, answer(5))
    const before = twins.wasm.count('executedInsns')
    expect(agree(twins, [...call(twins.wasm, 0), ...answer(1)])).toBe(5)
    expect(twins.wasm.count('executedInsns') - before).toBe(5)
  })

  it('begin anew for each run that a hidden loop makes of the program, in the loop’s own frame', () => {
    const { wasm } = new Twins()
    const turns = 3
    const again = [BPF_LDX_MEM(BPF_DW, 4, 1, 0), BPF_ALU64_IMM(BPF_ADD, 4, 1), BPF_STX_MEM(BPF_DW, 1, 4, 0)]
    const own = [...again, ...call(wasm, 0), BPF_MOV64_REG(0, 10), BPF_EXIT_INSN()]
    const loop = [
      BPF_MOV64_REG(6, 1),
      BPF_MOV64_IMM(7, turns),
      BPF_MOV64_REG(1, 6),
      BPF_CALL_REL(3),
      BPF_ALU64_IMM(BPF_SUB, 7, 1),
      BPF_JMP_IMM(BPF_JNE, 7, 0, -4),
      BPF_EXIT_INSN(),
    ]
    const subprograms: Subprogram[] = [
      { name: 'loop', start: 0, end: loop.length, stackDepthBytes: 0, hidden: true },
      { name: 'test', start: loop.length, end: loop.length + own.length, stackDepthBytes: 0 },
    ]
    wasm.install(imageOf(own, { id: 50 }))
    wasm.setSlot(0, 50)
    const program = wasm.install(imageOf([...loop, ...own], { id: 70_000, subprograms }))
    expect(program.run(wasm.cpu, wasm.scratch)).toBe(wasm.cpu.stackTop)
    expect(wasm.memory.u32[wasm.scratch >>> 2]).toBe(turns * (MAX_TAIL_CALLS + 1))
    // Six instructions of each program up to its tail call, and the two behind the one that was not taken.
    expect(wasm.count('executedInsns')).toBe(turns * (6 * (MAX_TAIL_CALLS + 1) + 2))
  })
})
