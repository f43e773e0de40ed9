import { BPF_MOV64_IMM, BPF_MOV64_REG } from '@bpfoundry/isa'
import { MAP_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import { createMap } from '@bpfoundry/maps'
import * as fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { HelperBench } from './bench-cpu.ts'
import { ARGUMENT_BASE, KernelRun, oracle, refusal } from './kernel-run.ts'

afterEach(() => oracle?.close())
afterAll(() => oracle?.close())

/** Bytes of the buffer for load and store. */
const BUFFER_BYTES = 16
const BUFFER = ARGUMENT_BASE - 24

interface Step {
  readonly name:
    | 'xdp_adjust_head'
    | 'xdp_adjust_meta'
    | 'xdp_adjust_tail'
    | 'xdp_get_buff_len'
    | 'xdp_load_bytes'
    | 'xdp_store_bytes'
  readonly amount: number
  readonly length: number
}

const amounts = fc.oneof(
  fc.integer({ min: -40, max: 40 }),
  fc.constantFrom(
    -256,
    -252,
    -216,
    -217,
    -215,
    -220,
    0,
    4,
    -4,
    3600,
    3500,
    3706,
    3707,
    70_000,
    -(2 ** 31),
    2 ** 31 - 1,
  ),
)
const step: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom(
    'xdp_adjust_head',
    'xdp_adjust_meta',
    'xdp_adjust_tail',
    'xdp_get_buff_len',
    'xdp_load_bytes',
    'xdp_store_bytes',
  ),
  amount: amounts,
  length: fc.integer({ min: 1, max: BUFFER_BYTES }),
})
const packet = fc.integer({ min: 14, max: 100 }).map((length) => Uint8Array.from({ length }, (_, n) => n + 1))

/** Calls on the running kernel. */
function onKernel(steps: readonly Step[], data: Uint8Array): { results: bigint[]; packet: Uint8Array } {
  const run = new KernelRun().store(BUFFER, new Uint8Array(BUFFER_BYTES).fill(0xee))
  for (const { name, amount, length } of steps) {
    run.add(BPF_MOV64_REG(1, 6), BPF_MOV64_IMM(2, amount))
    if (name.endsWith('bytes')) run.loadStack(3, BUFFER).add(BPF_MOV64_IMM(4, length))
    run.call(name)
  }
  const answer = run.run(data)
  if (answer.refused) throw new Error(answer.log)
  return answer
}

/** The same calls here. */
function here(bench: HelperBench, steps: readonly Step[], data: Uint8Array): { results: bigint[]; packet: Uint8Array } {
  bench.receive(data)
  bench.memory.u8.fill(0xee, bench.scratch, bench.scratch + BUFFER_BYTES)
  const results = steps.map(({ name, amount, length }) => bench.call(name, bench.ctx, amount, bench.scratch, length))
  return { results, packet: bench.packet(true) }
}

describe('frame helpers give the kernel’s results and bytes', () => {
  it('for 400 random sequences of them', (ctx) => {
    if (oracle === undefined) ctx.skip(refusal)
    const bench = new HelperBench()
    const cases = fc.sample(fc.tuple(fc.array(step, { minLength: 1, maxLength: 12 }), packet), {
      numRuns: 400,
      seed: 5,
    })
    for (const [steps, data] of cases) {
      const theirs = onKernel(steps, data)
      const ours = here(bench, steps, data)
      expect({ steps, ...ours }).toEqual({ steps, results: theirs.results, packet: Uint8Array.from(theirs.packet) })
      oracle?.close()
    }
  })
})

describe('bpf_csum_diff', () => {
  /** Linux 6.13 and later fold the sum to 16 bits before they return it; 6.12 on x86-64 does not. */
  function folded(sum: bigint): bigint {
    let value = sum
    while (value >> 16n !== 0n) value = (value & 0xffffn) + (value >> 16n)
    return value
  }

  it('gives the kernel’s sum, folded', (ctx) => {
    if (oracle === undefined) ctx.skip(refusal)
    const bench = new HelperBench()
    const words = fc.array(fc.oneof(fc.constantFrom(0, -1, 1), fc.integer()), { maxLength: 8 })
    const seeds = fc.oneof(fc.constantFrom(0, 1, -1), fc.integer())
    for (const [from, to, seed] of fc.sample(fc.tuple(words, words, seeds), { numRuns: 250, seed: 3 })) {
      const [a, b] = [from, to].map((list) => new Uint8Array(Int32Array.from(list).buffer)) as [Uint8Array, Uint8Array]
      const run = new KernelRun().store(ARGUMENT_BASE - 40, a).store(ARGUMENT_BASE - 80, b)
      for (const [register, { length }, at] of [
        [1, a, ARGUMENT_BASE - 40],
        [3, b, ARGUMENT_BASE - 80],
      ] as const) {
        if (length === 0) run.add(BPF_MOV64_IMM(register, 0))
        else run.loadStack(register, at)
        run.add(BPF_MOV64_IMM(register + 1, length))
      }
      const theirs = run.add(BPF_MOV64_IMM(5, seed)).call('csum_diff').run(new Uint8Array(14))
      expect(theirs.refused ? theirs.log : '').toBe('')
      bench.memory.write(bench.scratch, a)
      bench.memory.write(bench.scratch + 64, b)
      const ours = bench.call('csum_diff', bench.scratch, a.length, bench.scratch + 64, b.length, seed)
      expect(ours).toBeLessThanOrEqual(0xffff_ffffn)
      const sum = folded(theirs.results[0] as bigint)
      expect({ from, to, seed, sum: folded(ours) }).toEqual({ from, to, seed, sum })
      oracle?.close()
    }
  })
})

describe('redirects', () => {
  it('answer as the kernel for every combination of target and flags', (ctx) => {
    if (oracle === undefined) ctx.skip(refusal)
    const bench = new HelperBench()
    const attributes = { name: 'ports', keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 4, flags: 0 }
    for (const type of [MAP_TYPE.DEVMAP, MAP_TYPE.DEVMAP_HASH, MAP_TYPE.CPUMAP]) {
      const ours = createMap(bench.memory, { ...attributes, type }, { id: 1, cpus: 2 })
      bench.maps.push(ours)
      const run = new KernelRun()
      const theirs = run.map(type, 4, 4, 4)
      for (const update of [
        (key: Uint8Array, value: Uint8Array) => ours.updateElement(key, value),
        (key: Uint8Array, value: Uint8Array) => oracle?.updateMap(theirs, key, value),
      ]) {
        expect(update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(1, 0, 0, 0))).toBe(0)
      }
      const calls = [0, 1, 2, 5].flatMap((key) => [0, 1, 2, 3, 4, 8, 10, 24, 32].map((flags) => [key, flags] as const))
      // The results' room on the stack is for 32 calls.
      const some = calls.filter((_, n) => n % 2 === 0)
      for (const [key, flags] of some) {
        run.loadMap(1, theirs).add(BPF_MOV64_IMM(2, key), BPF_MOV64_IMM(3, flags)).call('redirect_map')
      }
      for (const flags of [0, 1, -1]) run.add(BPF_MOV64_IMM(1, 1), BPF_MOV64_IMM(2, flags)).call('redirect')
      const expected = run.run(new Uint8Array(64)).results
      const results = some.map(([key, flags]) => bench.call('redirect_map', ours.address, key, flags))
      for (const flags of [0, 1, -1]) results.push(bench.call('redirect', 1, flags))
      expect(results).toEqual(expected)
      expect(new Set(results)).toContain(BigInt(XDP_ACTION.REDIRECT))
    }
  })
})
