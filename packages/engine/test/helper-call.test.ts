import { GuestMemory } from '@bpfoundry/guest-memory'
import { describe, expect, it } from 'vitest'
import { allocateCpu, ExecutionFault, returnErrno, returnU32, returnU64 } from '../src/index.ts'

const cpu = allocateCpu(GuestMemory.create({ maximumBytes: 2 ** 20 }), 0)
const r0 = (): bigint => cpu.memory.view.getBigUint64(cpu.block, true)

describe('what helpers answer', () => {
  it('a u32 is zero-extended', () => {
    cpu.regs.fill(-1)
    returnU32(cpu, 0xfffffffe)
    expect(r0()).toBe(0xfffffffen)
  })

  it('a u64 comes in two words', () => {
    returnU64(cpu, 1, -1)
    expect(r0()).toBe(0xffffffff00000001n)
  })

  it('an errno is sign-extended', () => {
    returnErrno(cpu, -22)
    expect(BigInt.asIntN(64, r0())).toBe(-22n)
    returnErrno(cpu, 0)
    expect(r0()).toBe(0n)
  })
})

describe('ExecutionFault', () => {
  it('is a diagnostic that tells the instruction', () => {
    const fault = new ExecutionFault({ code: 'FAULT_BAD_PC', message: 'flow leaves the program', where: { pc: 3 } })
    expect(String(fault)).toBe('FAULT_BAD_PC: flow leaves the program (insn 3)')
    expect(fault.name).toBe('ExecutionFault')
  })
})
