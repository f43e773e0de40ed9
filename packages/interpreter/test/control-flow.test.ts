import {
  CPU_BLOCK,
  ExecutionFault,
  FRAME_BYTES,
  type HelperFunction,
  MAX_RUN_FRAMES,
  MAX_TAIL_CALLS,
  returnU64,
} from '@bpfoundry/engine'
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
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_JMP32_A,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_RAW_INSN,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_TAIL_CALL,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { MAX_LOOPS } from '../src/index.ts'
import { createHarness, registerOf, setRegister } from './harness.ts'

const MAY_GOTO = (off: number): Insn => BPF_RAW_INSN(0xe5, 0, 0, off, 0)
const TAIL_CALL: Insn = BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0)
const CALLX = (register: number): Insn => BPF_RAW_INSN(0x8d, register, 0, 0, 0)

function faultOf(run: () => unknown): ExecutionFault {
  try {
    run()
  } catch (error) {
    if (error instanceof ExecutionFault) return error
    throw error
  }
  throw new Error('no fault')
}

describe('jumps', () => {
  const { run } = createHarness()

  it('goto and gotol lead forwards and backwards', () => {
    expect(run([BPF_JMP_A(2), BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN(), BPF_JMP_A(-3)])).toBe(1n)
    expect(run([BPF_JMP32_A(2), BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN(), BPF_JMP32_A(-3)])).toBe(2n)
  })

  it('outside the program they fault, with the slot of the jump', () => {
    for (const [insn, slot] of [
      [BPF_JMP_A(5), 'slot 7'],
      [BPF_JMP_A(-3), 'slot -1'],
      [BPF_JMP32_A(100_000), 'slot 100002'],
    ] as const) {
      const fault = faultOf(() => run([BPF_MOV64_IMM(0, 0), insn, BPF_EXIT_INSN()]))
      expect([fault.code, fault.where?.pc, fault.got]).toEqual(['FAULT_BAD_PC', 1, slot])
    }
  })

  it('off the end of the program is a fault', () => {
    expect(faultOf(() => run([BPF_MOV64_IMM(0, 0)])).code).toBe('FAULT_BAD_PC')
    expect(faultOf(() => run([])).code).toBe('FAULT_BAD_PC')
  })

  it('into the second slot of a 64-bit immediate is a fault', () => {
    const fault = faultOf(() => run([BPF_JMP_A(1), ...BPF_LD_IMM64(0, 1), BPF_EXIT_INSN()]))
    expect([fault.code, fault.where?.pc]).toEqual(['FAULT_BAD_OPCODE', 2])
  })

  it('may_goto leaves a loop after its budget', () => {
    const insns = [BPF_MOV64_IMM(0, 0), MAY_GOTO(2), BPF_ALU64_IMM(BPF_ADD, 0, 1), BPF_JMP_A(-3), BPF_EXIT_INSN()]
    expect(run(insns)).toBe(BigInt(MAX_LOOPS))
  })
})

describe('calls', () => {
  it('a subprogram has a frame of its own, and r6 to r9 are the caller’s again after it', () => {
    const { run, cpu } = createHarness()
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
    const callee = [
      BPF_ST_MEM(BPF_DW, 10, -8, 99),
      ...[6, 7, 8, 9].map((n) => BPF_MOV64_IMM(n, -1)),
      BPF_MOV64_REG(0, 1),
      BPF_EXIT_INSN(),
    ]
    expect(run([...main, ...callee])).toBe(BigInt(5 + 6 + 7 + 8 + 9 + 42))
    expect(registerOf(cpu, 10)).toBe(BigInt(cpu.stackTop))
  })

  it(`a callee's frame pointer is ${FRAME_BYTES} below its caller's`, () => {
    const { run } = createHarness()
    const main = [BPF_CALL_REL(3), BPF_ALU64_REG(BPF_SUB, 0, 10), BPF_EXIT_INSN(), BPF_EXIT_INSN()]
    const minus512 = BigInt.asUintN(64, BigInt(-FRAME_BYTES))
    expect(run([...main, BPF_MOV64_REG(0, 10), BPF_EXIT_INSN()])).toBe(minus512)
  })

  it('as many frames are allowed as verified programs can need, one more faults', () => {
    const { run } = createHarness()
    const nested = (depth: number): Insn[] => [
      BPF_MOV64_IMM(1, depth),
      BPF_CALL_REL(1),
      BPF_EXIT_INSN(),
      BPF_MOV64_REG(0, 10),
      BPF_JMP_IMM(BPF_JEQ, 1, 0, 2),
      BPF_ALU64_IMM(BPF_SUB, 1, 1),
      BPF_CALL_REL(-4),
      BPF_EXIT_INSN(),
    ]
    expect(run(nested(MAX_RUN_FRAMES - 2))).toBeGreaterThan(0n)
    const fault = faultOf(() => run(nested(MAX_RUN_FRAMES - 1)))
    expect([fault.code, fault.where?.pc, fault.got]).toEqual(['FAULT_CALL_DEPTH', 6, MAX_RUN_FRAMES + 1])
  })

  it('a helper gets r1 to r5 and answers in r0', () => {
    const sum: HelperFunction = (cpu) => {
      const args = [1, 2, 3, 4, 5].map((n) => registerOf(cpu, n))
      setRegister(
        cpu,
        0,
        args.reduce((a, b) => a + b, 0n),
      )
    }
    const { run } = createHarness({}, [undefined, sum])
    const args = [1, 2, 3, 4, 5].flatMap((n) => BPF_LD_IMM64(n, 1n << BigInt(12 * n)))
    const expected = [1n, 2n, 3n, 4n, 5n].reduce((a, n) => a + (1n << (12n * n)), 0n)
    expect(run([...args, BPF_EMIT_CALL(1), BPF_EXIT_INSN()])).toBe(expected)
    expect(run([BPF_MOV64_IMM(6, 1), ...args, CALLX(6), BPF_EXIT_INSN()])).toBe(expected)
  })

  it('a helper that is not there faults', () => {
    const { run } = createHarness({}, [])
    const fault = faultOf(() => run([BPF_EMIT_CALL(7), BPF_EXIT_INSN()]))
    expect([fault.code, fault.where?.pc, fault.got]).toEqual(['FAULT_UNKNOWN_HELPER', 0, 7])
    expect(faultOf(() => run([BPF_EMIT_CALL(-1), BPF_EXIT_INSN()])).code).toBe('FAULT_UNKNOWN_HELPER')
    expect(faultOf(() => run([BPF_MOV64_IMM(3, -1), CALLX(3), BPF_EXIT_INSN()])).code).toBe('FAULT_UNKNOWN_HELPER')
  })

  it('what a helper throws passes through, and the program can run again', () => {
    const failing: HelperFunction = () => {
      throw new RangeError('defect')
    }
    const harness = createHarness({}, [failing, (cpu) => returnU64(cpu, 3, 0)])
    expect(() => harness.run([BPF_EMIT_CALL(0), BPF_EXIT_INSN()])).toThrow(RangeError)
    expect(harness.run([BPF_EMIT_CALL(1), BPF_EXIT_INSN()])).toBe(3n)
  })
})

describe('tail calls', () => {
  const call = (index: number): Insn[] => [BPF_MOV64_IMM(2, 0x10000), BPF_MOV64_IMM(3, index), TAIL_CALL]
  const answer = (value: number): Insn[] => [BPF_MOV64_IMM(0, value), BPF_EXIT_INSN()]

  it('never return, and keep context and stack', () => {
    const harness = createHarness()
    harness.slots[0] = harness.compile([BPF_LDX_MEM(BPF_DW, 0, 10, -8), BPF_ALU64_REG(BPF_ADD, 0, 1), BPF_EXIT_INSN()])
    expect(harness.run([BPF_ST_MEM(BPF_DW, 10, -8, 40), ...call(0), ...answer(-1)], 2)).toBe(42n)
  })

  it('fall through an empty slot without counting', () => {
    const harness = createHarness()
    const count = (): number =>
      harness.memory.u32[(harness.cpu.block + CPU_BLOCK.fields.tailCalls.offsetBytes) >>> 2] as number
    expect(harness.run([...call(5), ...answer(7)])).toBe(7n)
    expect(count()).toBe(0)
    harness.slots[0] = harness.compile(answer(1))
    harness.run([...call(5), ...call(0), ...answer(7)])
    expect(count()).toBe(1)
  })

  it(`fall through after ${MAX_TAIL_CALLS}`, () => {
    const harness = createHarness()
    const counter = harness.memory.allocate('counter', 'scratch', 8).address
    const again = [
      BPF_LDX_MEM(BPF_DW, 4, 1, 0),
      BPF_ALU64_IMM(BPF_ADD, 4, 1),
      BPF_STX_MEM(BPF_DW, 1, 4, 0),
      ...call(0),
      BPF_LDX_MEM(BPF_DW, 0, 1, 0),
      BPF_EXIT_INSN(),
    ]
    harness.slots[0] = harness.compile(again)
    expect(harness.slots[0].run(harness.cpu, counter)).toBe(MAX_TAIL_CALLS + 1)
  })

  it('out of a subprogram return to its caller, in its program', () => {
    const harness = createHarness()
    harness.slots[0] = harness.compile([BPF_MOV64_IMM(6, -1), BPF_MOV64_IMM(0, 100), BPF_EXIT_INSN()])
    const main = [BPF_MOV64_IMM(6, 11), BPF_CALL_REL(2), BPF_ALU64_REG(BPF_ADD, 0, 6), BPF_EXIT_INSN()]
    expect(harness.run([...main, ...call(0), ...answer(1)])).toBe(111n)
  })

  it('reach a program of another engine by its image', () => {
    const harness = createHarness()
    const { image } = harness.compile(answer(9))
    harness.slots[0] = {
      image,
      run: () => {
        throw new Error('not to be run')
      },
    }
    expect(harness.run([...call(0), ...answer(1)])).toBe(9n)
  })
})

describe('instructions that are none', () => {
  const { run } = createHarness()
  // biome-ignore format: table
  const cases: readonly (readonly [string, Insn])[] = [
    ['an unknown opcode',             BPF_RAW_INSN(0xff, 0, 0, 0, 0)],
    ['an unknown atomic operation',   BPF_RAW_INSN(0xdb, 10, 0, -8, 0x123)],
    ['register 12',                   BPF_RAW_INSN(0xbf, 12, 0, 0, 0)],
    ['source register 15',            BPF_RAW_INSN(0xbf, 0, 15, 0, 0)],
    ['an LD_IMM64 without its half',  BPF_RAW_INSN(0x18, 0, 0, 0, 0)],
    ['an unresolved map reference',   BPF_RAW_INSN(0x18, 0, 1, 0, 0)],
    ['a packet load',                 BPF_RAW_INSN(0x30, 0, 0, 0, 0)],
    ['a cast of address spaces',      BPF_RAW_INSN(0xbf, 0, 1, 1, 1)],
  ]
  it.each(cases)('%s faults where it is reached, not before', (_, insn) => {
    const fault = faultOf(() => run([BPF_MOV64_IMM(0, 0), insn, BPF_EXIT_INSN()]))
    expect([fault.code, fault.where?.pc]).toEqual(['FAULT_BAD_OPCODE', 1])
    expect(run([BPF_MOV64_IMM(0, 3), BPF_JMP_A(1), insn, BPF_EXIT_INSN()])).toBe(3n)
  })
})

describe('fuel and counters', () => {
  const endless = [BPF_MOV64_IMM(0, 0), BPF_JMP_A(-1)]
  const counted = (harness: ReturnType<typeof createHarness>, field: 'executedInsns' | 'helperCalls'): number =>
    harness.memory.f64[(harness.cpu.block + CPU_BLOCK.fields[field].offsetBytes) >>> 3] as number

  it('a run ends when its fuel is used up, and exactly then', () => {
    const harness = createHarness({ fuel: 1000 })
    expect(faultOf(() => harness.run(endless)).code).toBe('FAULT_OUT_OF_FUEL')
    expect(counted(harness, 'executedInsns')).toBe(1000)
    const program = (length: number): Insn[] => [
      ...Array.from({ length: length - 1 }, () => BPF_MOV64_IMM(0, 1)),
      BPF_EXIT_INSN(),
    ]
    expect(harness.run(program(1000))).toBe(1n)
    expect(faultOf(() => harness.run(program(1001))).code).toBe('FAULT_OUT_OF_FUEL')
  })

  it('instructions and helper calls are counted, also of runs that fault', () => {
    const harness = createHarness({}, [(cpu) => returnU64(cpu, 0, 0)])
    harness.run([BPF_EMIT_CALL(0), ...BPF_LD_IMM64(1, 1), BPF_EMIT_CALL(0), BPF_EXIT_INSN()])
    expect(counted(harness, 'executedInsns')).toBe(4)
    expect(counted(harness, 'helperCalls')).toBe(2)
    faultOf(() => harness.run([BPF_EMIT_CALL(0), BPF_LDX_MEM(BPF_DW, 0, 0, 0), BPF_EXIT_INSN()]))
    expect(counted(harness, 'executedInsns')).toBe(6)
    expect(counted(harness, 'helperCalls')).toBe(3)
  })

  it('registers are zero on entry but for r1 and r10', () => {
    const harness = createHarness()
    harness.cpu.regs.fill(-1)
    const fold = [2, 3, 4, 5, 6, 7, 8, 9].map((n) => BPF_ALU64_REG(BPF_ADD, 0, n))
    expect(harness.run([...fold, BPF_EXIT_INSN()])).toBe(0n)
  })
})
