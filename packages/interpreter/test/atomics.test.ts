import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { allocateCpu } from '@bpfoundry/engine'
import {
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_MOV64_REG,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHarness, registerOf } from './harness.ts'

const u64 = fc.oneof(fc.bigInt(0n, (1n << 64n) - 1n), fc.constantFrom(0n, 1n, 0xffffffffn, (1n << 64n) - 1n, 1n << 63n))

/** RFC 9669, section 5.3: what memory holds after the operation on `old` with `operand`. */
const MEANING: Readonly<Record<string, (old: bigint, operand: bigint) => bigint>> = {
  add: (old, operand) => old + operand,
  or: (old, operand) => old | operand,
  and: (old, operand) => old & operand,
  xor: (old, operand) => old ^ operand,
  xchg: (_, operand) => operand,
}

const insnOf = (row: InstructionRow): Insn => ({ opcode: row.opcode, dst: 1, src: 2, off: 8, imm: row.imm as number })
const atomics = INSTRUCTIONS.filter((row) => row.kind === 'atomic')
const readModifyWrite = atomics.filter((row) => row.operation !== 'cmpxchg').map((row) => [row.name, row] as const)
const compareExchange = atomics.filter((row) => row.operation === 'cmpxchg').map((row) => [row.name, row] as const)
const ordered = INSTRUCTIONS.filter((row) => row.kind === 'load_acq' || row.kind === 'store_rel')

const harness = createHarness()
const base = harness.memory.allocate('cell', 'scratch', 64).address

function cell(): bigint {
  return harness.memory.view.getBigUint64(base + 8, true)
}

/** Runs `row` on a cell that holds `old` with r2 = operand, r0 = expected; the cell is `off` 8 from r1. */
function exchange(row: InstructionRow, old: bigint, operand: bigint, expected: bigint): void {
  harness.memory.view.setBigUint64(base + 8, old, true)
  const setup = [...BPF_LD_IMM64(2, operand), ...BPF_LD_IMM64(0, expected)]
  harness.run([...setup, insnOf(row), BPF_EXIT_INSN()], base)
}

/** `value` put into the lower `bits` of `old`. */
const merge = (bits: number, old: bigint, value: bigint): bigint =>
  ((old >> BigInt(bits)) << BigInt(bits)) | BigInt.asUintN(bits, value)

describe('atomics are those of RFC 9669', () => {
  it.each(readModifyWrite)('%s', (_, row) => {
    const meaning = MEANING[row.operation.replace('fetch_', '')]
    fc.assert(
      fc.property(u64, u64, (old, operand) => {
        exchange(row, old, operand, 5n)
        expect(cell()).toBe(merge(row.bits, old, meaning!(old, operand)))
        expect(registerOf(harness.cpu, 2)).toBe(row.src === 'rw' ? BigInt.asUintN(row.bits, old) : operand)
        expect(registerOf(harness.cpu, 0)).toBe(5n)
      }),
      { numRuns: 100 },
    )
  })

  it.each(compareExchange)('%s', (_, row) => {
    fc.assert(
      fc.property(u64, u64, u64, fc.boolean(), (old, operand, other, equal) => {
        const expected = equal ? old : other
        exchange(row, old, operand, expected)
        const same = BigInt.asUintN(row.bits, old) === BigInt.asUintN(row.bits, expected)
        expect(cell()).toBe(same ? merge(row.bits, old, operand) : old)
        expect(registerOf(harness.cpu, 0)).toBe(BigInt.asUintN(row.bits, old))
        expect(registerOf(harness.cpu, 2)).toBe(operand)
      }),
      { numRuns: 100 },
    )
  })

  it.each(ordered.map((row) => [row.name, row] as const))('%s', (_, row) => {
    fc.assert(
      fc.property(u64, u64, (old, operand) => {
        harness.memory.view.setBigUint64(base + 8, old, true)
        const load = row.kind === 'load_acq'
        const insn = { ...insnOf(row), dst: load ? 2 : 1, src: load ? 1 : 2 }
        harness.run([...BPF_LD_IMM64(2, operand), insn, BPF_MOV64_REG(0, 2), BPF_EXIT_INSN()], base)
        expect(cell()).toBe(load ? old : merge(row.bits, old, operand))
        expect(registerOf(harness.cpu, 0)).toBe(load ? BigInt.asUintN(row.bits, old) : operand)
      }),
      { numRuns: 50 },
    )
  })
})

describe('alignment', () => {
  const wide = [...atomics, ...ordered].filter((row) => row.bits > 8).map((row) => [row.name, row] as const)
  it.each(wide)('%s at an odd address faults', (_, row) => {
    const load = row.kind === 'load_acq'
    const insn = { ...insnOf(row), dst: load ? 2 : 1, src: load ? 1 : 2, off: 9 }
    expect(() => harness.run([insn, BPF_EXIT_INSN()], base)).toThrow('is not aligned')
  })
})

describe('between workers', () => {
  const require = createRequire(import.meta.url)
  const hook = require.resolve('../../../tools/typescript-hook/register.mjs')
  const workers = 2
  const turns = 40_000

  it('no addition is lost, nor a carry', { timeout: 30_000 }, async () => {
    const { memory } = createHarness()
    const counter = memory.allocate('counter', 'scratch', 64).address
    // Just below a carry into the upper word, which adding 2^31 + 1 then passes every second time.
    const start = 0xffffff00n
    memory.view.setBigUint64(counter, start, true)
    const run = (id: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const { block } = allocateCpu(memory, id)
        const workerData = { memory: memory.memory, block, counter, turns }
        const execArgv = ['--import', hook, '--conditions=source']
        const worker = new Worker(new URL('./atomic-worker.ts', import.meta.url), { workerData, execArgv })
        worker.on('error', reject)
        worker.on('exit', () => resolve())
      })
    await Promise.all(Array.from({ length: workers }, (_, id) => run(id + 1)))
    const additions = BigInt(workers * turns)
    expect(memory.view.getBigUint64(counter, true)).toBe(start + additions * 0x80000001n)
    expect(memory.view.getBigUint64(counter + 8, true)).toBe(additions * 3n)
    expect(memory.view.getUint32(counter + 16, true)).toBe(workers * turns)
  })
})
