import { GuestMemory } from '@bpfoundry/guest-memory'
import { describe, expect, it } from 'vitest'
import {
  allocateCpu,
  attachCpu,
  CPU_BLOCK,
  CPU_REGISTERS,
  CPU_STACK_BYTES,
  FRAME_BYTES,
  MAX_CALL_FRAMES,
  MAX_TAIL_CALLS,
} from '../src/index.ts'

describe('limits are those of Linux', () => {
  // include/linux/filter.h, include/linux/bpf_verifier.h, include/linux/bpf.h
  it.each([
    ['MAX_BPF_STACK', FRAME_BYTES, 512],
    ['MAX_CALL_FRAMES', MAX_CALL_FRAMES, 8],
    ['MAX_TAIL_CALL_CNT', MAX_TAIL_CALLS, 33],
  ])('%s', (_, ours, linux) => {
    expect(ours).toBe(linux)
  })
})

describe('CPU block', () => {
  const { fields } = CPU_BLOCK

  it('begins with r0 to r10 and AX, 8 bytes each', () => {
    const names = ['regs', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'ax'] as const
    expect(names.length).toBe(CPU_REGISTERS)
    expect(names.map((name) => fields[name].offsetBytes)).toEqual(names.map((_, n) => 8 * n))
  })

  it('aligns every field to its size', () => {
    for (const { offsetBytes, sizeBytes } of Object.values(fields)) expect(offsetBytes % sizeBytes).toBe(0)
  })
})

describe('allocateCpu', () => {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 22 })
  const cpus = [allocateCpu(memory, 0), allocateCpu(memory, 1)] as const

  it('gives each CPU registers and stacks of its own', () => {
    cpus[0].regs.fill(1)
    expect([...cpus[1].regs]).toEqual(new Array(2 * CPU_REGISTERS).fill(0))
    for (const cpu of cpus) {
      const region = memory.regionAt(cpu.stackTop - 1)
      expect([region?.kind, region?.address]).toEqual(['stack', cpu.stackTop - CPU_STACK_BYTES])
      expect(memory.regionAt(cpu.block)?.kind).toBe('cpu')
    }
    expect(cpus[0].stackTop).not.toBe(cpus[1].stackTop)
  })

  it('keeps registers in the block, where machine code finds them', () => {
    cpus[0].regs[2 * 3] = 0x11223344
    cpus[0].regs[2 * 3 + 1] = -1
    const at = cpus[0].block + CPU_BLOCK.fields.r3.offsetBytes
    expect(memory.view.getBigUint64(at, true)).toBe(0xffffffff11223344n)
  })

  it('is found again by its block in a thread that attached', () => {
    const other = attachCpu(GuestMemory.attach(memory.memory), cpus[1].block)
    expect([other.id, other.block, other.stackTop]).toEqual([1, cpus[1].block, cpus[1].stackTop])
    other.regs[0] = 77
    expect(cpus[1].regs[0]).toBe(77)
  })

  it('keeps its registers when guest memory grows', () => {
    const before = memory.byteLength
    memory.allocate('large', 'scratch', 2 ** 20)
    expect(memory.byteLength).toBeGreaterThan(before)
    cpus[0].regs[10] = 5
    expect(memory.i32[(cpus[0].block >>> 2) + 10]).toBe(5)
  })
})
