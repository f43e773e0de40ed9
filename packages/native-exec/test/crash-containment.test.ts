import { ExecutionFault } from '@bpfoundry/engine'
import { afterAll, describe, expect, it } from 'vitest'
import { ContainedRunner } from '../src/crash-containment.ts'
import { imageOf, machine, PROG_ARRAY } from './harness.ts'
import { needs } from './host.ts'

const url = new URL('./engine-by-hand.ts', import.meta.url).href
const runner = new ContainedRunner({
  options: { progArray: PROG_ARRAY },
  engine: { url, name: 'createByHand' },
  helpers: { url, name: 'createHelpers' },
  timeLimitMs: 300,
})
afterAll(() => runner.close())

const outcome = async (id: number, ctx = 0): Promise<unknown> => {
  const { cpu } = machine()
  return runner.run([imageOf(id)], cpu, ctx).catch((error: unknown) => error)
}

describe('a contained program', () => {
  needs('System V x86-64')

  it('gives its result, memory and helper calls as in place', async () => {
    const { memory, cpu } = machine()
    const cell = memory.allocate('cell', 'scratch', 64).address
    memory.u8[cell + 1] = 9
    expect(await runner.run([imageOf(1)], cpu, 0)).toBe(42)
    expect(await runner.run([imageOf(2)], cpu, cell)).toBe(1)
    expect([...memory.u8.subarray(cell, cell + 3)]).toEqual([0x5a, 9, 0])
    expect(await runner.run([imageOf(7)], cpu, 5)).toBe(6)
    expect(cpu.regs[0]).toBe(6)
    expect(runner.starts).toBe(1)
  })

  it.each([
    ['a store to unmapped host memory', 3, 0, 'FAULT_OUT_OF_BOUNDS', 'SIGSEGV'],
    ['a store to what is no address', 11, 0, 'FAULT_OUT_OF_BOUNDS', 'SIGSEGV'],
    ['a store behind guest memory', 2, 0xffff_0000, 'FAULT_OUT_OF_BOUNDS', 'SIGSEGV at guest address 0xffff0000'],
    ['a store to the null page', 2, 16, 'FAULT_NULL_POINTER', 'SIGSEGV at guest address 0x10'],
    ['calling itself without end', 9, 0, 'FAULT_OUT_OF_BOUNDS', 'SIGSEGV'],
    ['no instruction', 4, 0, 'FAULT_BAD_OPCODE', 'SIGILL'],
    ['running past the end', 6, 0, 'FAULT_BAD_PC', 'SIGTRAP'],
    ['an endless loop', 5, 0, 'FAULT_OUT_OF_FUEL', undefined],
    ['a helper that is not there', 8, 0, 'FAULT_UNKNOWN_HELPER', undefined],
  ])('faults by %s, and the next one runs', async (_, id, ctx, code, got) => {
    const error = await outcome(id, ctx)
    expect(error).toBeInstanceOf(ExecutionFault)
    expect(error).toMatchObject({ code, where: { program: `p${id}` } })
    // Only Linux tells the address.
    if (got !== undefined && process.platform === 'linux') expect((error as ExecutionFault).got).toContain(got)
    expect(await outcome(1)).toBe(42)
  })

  it('does not cost a process when it crashes', async (context) => {
    if (process.platform !== 'linux') return context.skip(`crashes end the process on ${process.platform}`)
    await outcome(1)
    const before = runner.starts
    for (const id of [3, 4, 6, 9, 11]) expect(await outcome(id)).toBeInstanceOf(ExecutionFault)
    expect(runner.starts).toBe(before)
  })

  it('leaves guest memory as it was when it crashed', async () => {
    const { memory, cpu } = machine()
    const cell = memory.allocate('cell', 'scratch', 64).address
    memory.u8[cell] = 7
    await expect(runner.run([imageOf(10)], cpu, cell)).rejects.toBeInstanceOf(ExecutionFault)
    expect(memory.u8[cell]).toBe(process.platform === 'linux' ? 0x5a : 7)
  })

  it('finds memory of another size and content in each run', async () => {
    const { memory, cpu } = machine()
    const far = memory.allocate('much', 'scratch', 1 << 21).address + (1 << 20)
    expect(await runner.run([imageOf(2)], cpu, far)).toBe(1)
    expect(memory.u8[far]).toBe(0x5a)
    expect(await outcome(1)).toBe(42)
    memory.u8[far] = 0
    expect(await runner.run([imageOf(1)], cpu, far)).toBe(42)
    expect(memory.u8[far]).toBe(0)
  })

  it('that the engine refuses is an error with its words', async () => {
    expect(await outcome(99)).toEqual(
      expect.objectContaining({ code: 'NATIVE_CHILD', message: 'child process: no program 99' }),
    )
  })

  it('waits for the one before it, a hundred in a row', async () => {
    const { cpu } = machine()
    const before = runner.starts
    const results = await Promise.all(Array.from({ length: 100 }, () => runner.run([imageOf(1)], cpu, 0)))
    expect(new Set(results)).toEqual(new Set([42]))
    expect(runner.starts - before).toBeLessThanOrEqual(1)
  })
})

describe('a child that can not start', () => {
  it('is an error, each time', async () => {
    const broken = new ContainedRunner({
      options: { progArray: PROG_ARRAY },
      engine: { url: 'file:///nowhere.js', name: 'x' },
    })
    const { cpu } = machine()
    for (let turn = 0; turn < 2; turn++) {
      await expect(broken.run([imageOf(1)], cpu, 0)).rejects.toEqual(expect.objectContaining({ code: 'NATIVE_CHILD' }))
    }
    broken.close()
  })
})
