import { createInterpreter } from '@bpfoundry/interpreter'
import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { Kernel, KernelError, ProgramNotCompiled } from '../src/index.ts'

const PROGRAM = {
  name: 'odd',
  type: PROG_TYPE.XDP,
  expectedAttachType: 0,
  insns: [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()],
  license: 'GPL',
  flags: 0,
}

describe('a program that the verifier takes and the engine does not', () => {
  it('is refused with ENOTSUPP, with the verdict in the error', () => {
    const refusing = new KernelError(ERRNO.EINVAL, { code: 'ENGINE_ODD', message: 'opcode 0xff', where: { pc: 1 } })
    const translate = (): never => {
      throw refusing
    }
    const kernel = Kernel.create({ engine: { ...createInterpreter(), name: 'odd', translate } })
    const load = (): unknown => kernel.loadProgram({ ...PROGRAM, logLevel: 4 })
    expect(load).toThrow(ProgramNotCompiled)
    try {
      load()
    } catch (error) {
      const { code, errno, where, stats, cause } = error as ProgramNotCompiled
      expect({ code, errno, pc: where?.pc }).toEqual({ code: 'KERNEL_NOT_COMPILED', errno: ERRNO.ENOTSUPP, pc: 1 })
      expect(stats.insnsProcessed).toBe(2)
      expect(cause).toBe(refusing)
    }
  })

  it('is our defect where the engine throws something else', () => {
    const translate = (): never => {
      throw new TypeError('a bug')
    }
    const kernel = Kernel.create({ engine: { ...createInterpreter(), translate } })
    expect(() => kernel.loadProgram(PROGRAM)).toThrow(TypeError)
  })
})
