import { ExecutionFault } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_JMP,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  BPF_TAIL_CALL,
  BPF_W,
} from '@bpfoundry/isa'
import { acceptedPrograms } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStepper } from '../src/index.ts'
import { createHarness, imageOf } from './harness.ts'

const program = [
  ...BPF_LD_IMM64(0, (1n << 40n) + 1n),
  BPF_CALL_REL(1),
  BPF_EXIT_INSN(),
  BPF_ALU64_IMM(BPF_ADD, 0, 1),
  BPF_EXIT_INSN(),
]

describe('stepper', () => {
  it('goes one instruction at a time, into subprograms, to the result', () => {
    const { cpu, environment } = createHarness()
    const stepper = createStepper(imageOf(program), environment, cpu, 0)
    const slots: number[][] = []
    do slots.push(stepper.frames.map(({ pc }) => pc))
    while (stepper.step())
    expect(slots).toEqual([[0], [2], [3, 4], [3, 5], [3]])
    expect(stepper.result).toBe((1n << 40n) + 2n)
    expect([stepper.finished, stepper.executedInsns, stepper.step()]).toEqual([true, 5, false])
  })

  it('shows and sets registers', () => {
    const { cpu, environment } = createHarness()
    const stepper = createStepper(imageOf(program), environment, cpu, 1234)
    expect([stepper.register(1), stepper.register(10)]).toEqual([1234n, BigInt(cpu.stackTop)])
    stepper.step()
    stepper.setRegister(0, -2n)
    while (stepper.step());
    expect(stepper.result).toBe((1n << 64n) - 1n)
  })

  it('follows a tail call into its program', () => {
    const harness = createHarness()
    const target = harness.compile([BPF_MOV64_IMM(0, 8), BPF_EXIT_INSN()])
    harness.slots[0] = target
    const image = imageOf([BPF_RAW_INSN(BPF_JMP | BPF_TAIL_CALL, 0, 0, 0, 0), BPF_EXIT_INSN()])
    const stepper = createStepper(image, harness.environment, harness.cpu, 0)
    expect(stepper.image).toBe(image)
    stepper.step()
    expect([stepper.image, stepper.pc]).toEqual([target.image, 0])
    while (stepper.step());
    expect(stepper.result).toBe(8n)
  })

  it('stops at a fault, there', () => {
    const { cpu, environment } = createHarness()
    const image = imageOf([BPF_MOV64_IMM(1, 0), BPF_LDX_MEM(BPF_W, 0, 1, 0), BPF_EXIT_INSN()])
    const stepper = createStepper(image, environment, cpu, 0)
    stepper.step()
    expect(() => stepper.step()).toThrow(ExecutionFault)
    expect([stepper.pc, stepper.finished, stepper.result]).toEqual([1, true, undefined])
  })

  it('runs out of fuel as the loop does', () => {
    const { cpu, environment } = createHarness()
    const stepper = createStepper(imageOf(program), environment, cpu, 0, { fuel: 2 })
    stepper.step()
    stepper.step()
    expect(() => stepper.step()).toThrow('used up its instructions')
  })

  it('comes to the same end as the loop, with the same number of instructions', () => {
    const harness = createHarness()
    const ctx = harness.memory.allocate('ctx', 'scratch', 64).address
    const packet = harness.memory.allocate('packet', 'scratch', 512).address
    harness.memory.u32[ctx >>> 2] = packet
    harness.memory.u32[(ctx + 4) >>> 2] = packet + 256
    fc.assert(
      fc.property(acceptedPrograms(), ({ insns, packet: bytes }) => {
        let seen = 0
        harness.memory.write(packet, bytes)
        const result = BigInt(harness.compile(insns).run(harness.cpu, ctx))
        const left = harness.memory.read(packet, 256)
        harness.memory.write(packet, bytes)
        const stepper = createStepper(imageOf(insns), harness.environment, harness.cpu, ctx)
        do seen++
        while (stepper.step())
        expect(BigInt.asUintN(32, stepper.result as bigint)).toBe(result)
        expect(harness.memory.read(packet, 256)).toEqual(left)
        expect(stepper.executedInsns).toBe(seen)
      }),
      { numRuns: 30 },
    )
  })
})

describe('onInsn', () => {
  it('sees every instruction before it runs', () => {
    const seen: [number, number][] = []
    const harness = createHarness({ onInsn: (_, pc, cpu) => seen.push([pc, cpu.regs[0] as number]) })
    expect(harness.run(program)).toBe((1n << 40n) + 2n)
    expect(seen).toEqual([
      [0, 0],
      [2, 1],
      [4, 1],
      [5, 2],
      [3, 2],
    ])
  })

  it('may throw, and the program can run again', () => {
    let calls = 0
    const onInsn = (): void => {
      calls++
      if (calls === 2) throw new RangeError('enough')
    }
    const harness = createHarness({ onInsn })
    expect(() => harness.run(program)).toThrow('enough')
    expect(harness.run(program)).toBe((1n << 40n) + 2n)
  })
})
