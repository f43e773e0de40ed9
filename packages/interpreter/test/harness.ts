import {
  allocateCpu,
  type CompiledProgram,
  type Cpu,
  compileProgram,
  type EngineEnvironment,
  type HelperFunction,
  type ProgramImage,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import type { Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { createInterpreter, type InterpreterOptions } from '../src/index.ts'

/** An image of instructions as they are, without maps, lines or subprograms. */
export function imageOf(insns: readonly Insn[], type: number = PROG_TYPE.SOCKET_FILTER): ProgramImage {
  return {
    id: 1,
    name: 'test',
    tag: '0000000000000000',
    type,
    expectedAttachType: 0,
    insns,
    subprograms: [{ name: 'test', start: 0, end: insns.length, stackDepthBytes: 512 }],
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}

/** One CPU with its memory, and an environment whose tail calls go to `slots`. */
export interface Harness {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly environment: EngineEnvironment
  readonly slots: (CompiledProgram | undefined)[]
  compile(insns: readonly Insn[], type?: number): CompiledProgram
  /** r0 after a run, 64 bits unsigned. */
  run(insns: readonly Insn[], ctx?: number): bigint
}

export function createHarness(
  options: InterpreterOptions = {},
  helpers: readonly (HelperFunction | undefined)[] = [],
): Harness {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 26 })
  const cpu = allocateCpu(memory, 0)
  const slots: (CompiledProgram | undefined)[] = []
  const environment: EngineEnvironment = { memory, helpers, tailCallTarget: (_map, index) => slots[index] }
  const engine = createInterpreter({ fuel: 50_000_000, ...options })
  const compile = (insns: readonly Insn[], type?: number): CompiledProgram =>
    compileProgram(engine, imageOf(insns, type), environment)
  return {
    memory,
    cpu,
    environment,
    slots,
    compile,
    run(insns, ctx = 0) {
      compile(insns).run(cpu, ctx)
      return registerOf(cpu, 0)
    },
  }
}

/** Rn, 64 bits unsigned. */
export function registerOf(cpu: Cpu, n: number): bigint {
  return (BigInt(cpu.regs[2 * n + 1]! >>> 0) << 32n) | BigInt(cpu.regs[2 * n]! >>> 0)
}

/** Sets Rn. */
export function setRegister(cpu: Cpu, n: number, value: bigint): void {
  cpu.regs[2 * n] = Number(BigInt.asIntN(32, value))
  cpu.regs[2 * n + 1] = Number(BigInt.asIntN(32, value >> 32n))
}
