import { allocateCpu, attachCpu, type Cpu, compileProgram, ExecutionFault, returnU32 } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { describe, expect, it } from 'vitest'
import type { NativeTranslation } from '../src/native-translation.ts'
import { countsOf, engineByHand, imageOf, machine } from './harness.ts'
import { needs } from './host.ts'
import { callingHelper, returning, tailCalling } from './machine-code.ts'
import { mappings, protectionOf } from './memory-map.ts'

describe('an engine of hand-written code', () => {
  needs('System V x86-64')

  it('answers what the code answers, unsigned', () => {
    const { cpu, environment } = machine()
    const run = (value: number): number =>
      compileProgram(engineByHand({ 1: returning(value) }), imageOf(1), environment).run(cpu, 0)
    expect([0, 1, 0x7fffffff, 0x80000000, 0xffffffff].map(run)).toEqual([0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
  })

  it('hands r1 to helpers and takes r0 from them, and counts', () => {
    const seen: number[] = []
    const helper = (cpu: Cpu): void => {
      seen.push(cpu.regs[2]! >>> 0)
      returnU32(cpu, 77)
    }
    const { cpu, environment } = machine([undefined, helper])
    const program = compileProgram(engineByHand({ 1: callingHelper(1, 3) }), imageOf(1), environment)
    expect(program.run(cpu, 0xfedcba98)).toBe(77)
    expect(seen).toEqual([0xfedcba98, 0xfedcba98, 0xfedcba98])
    expect(countsOf(cpu)).toEqual({ executedInsns: 1, helperCalls: 3, tailCalls: 0 })
    program.run(cpu, 0)
    expect(countsOf(cpu)).toEqual({ executedInsns: 2, helperCalls: 6, tailCalls: 0 })
  })

  it('ends a run at the helper that throws, with what it threw, and runs again', () => {
    const thrown = new RangeError('from a helper')
    let calls = 0
    const helper = (cpu: Cpu): void => {
      if (++calls === 3) throw thrown
      returnU32(cpu, calls)
    }
    const { cpu, environment } = machine([helper])
    const program = compileProgram(engineByHand({ 1: callingHelper(0, 10) }), imageOf(1), environment)
    expect(() => program.run(cpu, 0)).toThrow(thrown)
    expect(calls).toBe(3)
    expect(program.run(cpu, 0)).toBe(13)
  })

  it('passes on even undefined that a helper throws', () => {
    const helper = (): void => {
      throw undefined
    }
    const { cpu, environment } = machine([helper])
    const program = compileProgram(engineByHand({ 1: callingHelper(0, 1) }), imageOf(1), environment)
    let caught: unknown = 'nothing'
    try {
      program.run(cpu, 0)
    } catch (error) {
      caught = error
    }
    expect(caught).toBeUndefined()
  })

  it('survives a helper that overflows the JavaScript stack', () => {
    const endless = (): number => endless() + 1
    const { cpu, environment } = machine([() => void endless()])
    const program = compileProgram(engineByHand({ 1: callingHelper(0, 5) }), imageOf(1), environment)
    for (let turn = 0; turn < 3; turn++) expect(() => program.run(cpu, 0)).toThrow(RangeError)
  })

  it('faults where there is no helper, and says at which instruction', () => {
    const { cpu, environment } = machine()
    const program = compileProgram(engineByHand({ 1: callingHelper(9, 1) }), imageOf(1), environment)
    const fault = { code: 'FAULT_UNKNOWN_HELPER', got: 9, where: { program: 'p1', pc: 0 } }
    expect(() => program.run(cpu, 0)).toThrow(ExecutionFault)
    expect(() => program.run(cpu, 0)).toThrow(expect.objectContaining(fault))
  })

  it('runs one program at a time on a thread', () => {
    const inner = (cpu: Cpu): void => void program.run(cpu, 0)
    const { cpu, environment } = machine([inner])
    const program = compileProgram(engineByHand({ 1: callingHelper(0, 1) }), imageOf(1), environment)
    expect(() => program.run(cpu, 0)).toThrow('already running')
    expect(() => program.run(cpu, 0)).toThrow('already running')
  })

  it('lets a helper run programs of another machine', () => {
    const other = machine([(cpu) => returnU32(cpu, 5)])
    const engine = engineByHand({ 1: callingHelper(0, 2) })
    const theirs = compileProgram(engine, imageOf(1), other.environment)
    const { cpu, environment } = machine([(mine) => returnU32(mine, theirs.run(other.cpu, 0) + 1)])
    expect(compileProgram(engine, imageOf(1), environment).run(cpu, 0)).toBe(6)
  })

  it('keeps CPUs apart, and knows a CPU by its block', () => {
    const { memory, cpu, environment } = machine([(cpu) => returnU32(cpu, cpu.id)])
    const second = allocateCpu(memory, 7)
    const program = compileProgram(engineByHand({ 1: callingHelper(0, 1) }), imageOf(1), environment)
    const cpus = [cpu, second, attachCpu(memory, cpu.block), attachCpu(memory, second.block)]
    expect(cpus.map((each) => program.run(each, 0))).toEqual([0, 7, 0, 7])
    expect([cpu, second].map((each) => countsOf(each).helperCalls)).toEqual([2, 2])
  })

  it('goes on when guest memory grew', () => {
    const { memory, cpu, environment } = machine([(cpu) => returnU32(cpu, 3)])
    const program = compileProgram(engineByHand({ 1: callingHelper(0, 1) }), imageOf(1), environment)
    expect(program.run(cpu, 0)).toBe(3)
    memory.allocate('much', 'scratch', 1 << 24)
    expect(program.run(cpu, 0)).toBe(3)
  })
})

describe('tail calls', () => {
  needs('System V x86-64')

  const codes = { 1: tailCalling(2), 2: returning(22), 3: tailCalling(5000), 5000: returning(55) }

  it('reach programs by id, also when the table grew after contexts were made', () => {
    const { cpu, environment } = machine()
    const engine = engineByHand(codes)
    const thread = engine.open(environment)
    const install = (id: number): ((cpu: Cpu, ctx: number) => number) => {
      const program = thread.install(engine.translate(imageOf(id)))
      return (cpu, ctx) => program.run(cpu, ctx)
    }
    const [first, third] = [install(1), install(3)]
    expect(first(cpu, 0)).toBe(0xffffffff)
    install(2)
    expect(first(cpu, 0)).toBe(22)
    expect(countsOf(cpu).tailCalls).toBe(1)
    install(5000)
    expect([first(cpu, 0), third(cpu, 0)]).toEqual([22, 55])
    thread.remove(2)
    thread.remove(9999)
    expect(first(cpu, 0)).toBe(0xffffffff)
  })

  it.each([-1, 1.5, 2 ** 20, Number.NaN])('refuse id %s', (id) => {
    const { environment } = machine()
    const engine = engineByHand({ 1: returning(1) })
    const translation = engine.translate(imageOf(1))
    const hostile = { ...translation, image: imageOf(id) }
    expect(() => engine.open(environment).install(hostile)).toThrow(
      expect.objectContaining({ code: 'NATIVE_PROGRAM_ID' }),
    )
    engine.release?.(translation)
  })
})

describe('translations', () => {
  needs('System V x86-64')

  const engine = engineByHand({ 1: returning(1) })
  const translate = (): NativeTranslation => engine.translate(imageOf(1)) as NativeTranslation

  it('are released once, by structure or by clone', () => {
    const translation = translate()
    engine.release?.(structuredClone(translation))
    const again = expect.objectContaining({ code: 'NATIVE_NOT_LIVE' })
    expect(() => engine.release?.(translation)).toThrow(again)
  })

  it('of another process or engine are refused', () => {
    const { environment } = machine()
    const translation = translate()
    const foreign = expect.objectContaining({ code: 'NATIVE_FOREIGN' })
    const thread = engine.open(environment)
    expect(() => thread.install({ ...translation, processId: 1 } as NativeTranslation)).toThrow(foreign)
    expect(() => thread.install({ image: imageOf(1) })).toThrow(foreign)
    engine.release?.(translation)
  })

  it('with entries outside of the code are a defect of the back end', () => {
    expect(() => engineByHand({ 1: new Uint8Array(0) }).translate(imageOf(1))).toThrow('entries at 0 and 0 in 0 bytes')
  })
})

describe('closing', () => {
  needs('System V x86-64')

  it('a thread may be made again and again', () => {
    const memory = GuestMemory.create({ maximumBytes: 1 << 22 })
    const cpu = allocateCpu(memory, 0)
    const environment = { memory, helpers: [(cpu: Cpu) => returnU32(cpu, 1)], tailCallTarget: () => undefined }
    const engine = engineByHand({ 1: callingHelper(0, 1) })
    const translation = engine.translate(imageOf(1))
    for (let turn = 0; turn < 500; turn++) {
      const thread = engine.open(environment)
      expect(thread.install(translation).run(cpu, 0)).toBe(1)
      thread.close?.()
    }
    engine.release?.(translation)
  })
})

describe('W^X while machine code runs', () => {
  needs('System V x86-64')
  needs('linux')

  it('shows the program in pages that are r-x, and nothing there once released', () => {
    let during: ReturnType<typeof mappings> = []
    const look = (): void => {
      during = mappings()
    }
    const { cpu, environment } = machine([look])
    const engine = engineByHand({ 1: callingHelper(0, 1) })
    const translation = engine.translate(imageOf(1)) as NativeTranslation
    engine.open(environment).install(translation).run(cpu, 0)
    const { address, lengthBytes } = translation.code
    const ours = during.filter(({ start, end }) => start < address + lengthBytes && end > address)
    expect(ours.map(({ protection }) => protection)).toEqual(['r-xp'])
    engine.release?.(translation)
    expect(protectionOf(address)).not.toContain('x')
  })
})
