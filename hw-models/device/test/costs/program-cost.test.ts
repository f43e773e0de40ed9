import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { loadStall } from '../../src/costs/cache-stalls.ts'
import { frameStallNs } from '../../src/costs/frame-cache.ts'
import { helperInstructions } from '../../src/costs/helper-costs.ts'
import { INSTRUCTIONS_PER_CYCLE, priceProgram } from '../../src/costs/host-cost.ts'
import { atClock, PROCESSORS } from '../../src/costs/processors.ts'
import { EMPTY_PROGRAM, type HelperWork, type ProgramWork } from '../../src/index.ts'

const XEON = PROCESSORS['E5-1630 v3']
const LOOKUP = 1
const CSUM_DIFF = 28
const KIB = 1024
const MIB = 2 ** 20

const hash = (keyBytes: number, hotElements = 1): HelperWork => ({
  helper: LOOKUP,
  calls: 1,
  map: { type: MAP_TYPE.HASH, keyBytes, valueBytes: 8, hotElements },
})
const nsOf = (work: ProgramWork, gigahertz = XEON.gigahertz): number =>
  priceProgram(work, atClock(XEON, gigahertz)).reduce((sum, { nanoseconds }) => sum + nanoseconds, 0)

/** hXDP, OSDI 2020, table 3: 2.16 to 2.81. */
test('instructions a cycle are the mean of the published programs', () => {
  expect(INSTRUCTIONS_PER_CYCLE).toBeCloseTo(2.334, 3)
})

test('233.4 instructions take 100 cycles, whatever the clock makes of them', () => {
  const work = { ...EMPTY_PROGRAM, x86Insns: 233.375 }
  expect(nsOf(work, 1)).toBeCloseTo(100, 1)
  expect(nsOf(work, 2)).toBeCloseTo(50, 1)
})

/** Counts of callgrind: 148 less 20 of the loop for 4 bytes, 271 less 20 for 16; 142 less 20 for a checksum of 20 bytes. */
test.each([
  ['a hash of 4 bytes', hash(4), 128],
  ['a hash of 16 bytes', hash(16), 248],
  ['a checksum of 20 bytes', { helper: CSUM_DIFF, calls: 1, bytes: 20 }, 120],
] as const)('%s costs what was counted', (_, work, instructions) => {
  expect(helperInstructions(work)).toBe(instructions)
})

describe('a table that does not fit costs what the next level takes', () => {
  test.each([
    ['L1', 16 * KIB, 0, 0],
    ['half of L1, the rest in L2', 64 * KIB, 4, 0],
    ['L2 almost, L3 the rest', 512 * KIB, (0.5 - 1 / 16) * 8, 5.5],
  ] as const)('%s', (_, bytes, cycles, ns) => {
    const stall = loadStall(XEON, bytes)
    expect(stall.cycles).toBeCloseTo(cycles, 9)
    expect(stall.ns).toBeCloseTo(ns, 9)
  })

  test('more is never faster, and in the end memory it is', () => {
    const total = (bytes: number): number => {
      const { cycles, ns } = loadStall(XEON, bytes)
      return cycles / XEON.gigahertz + ns
    }
    const sizes = Array.from({ length: 30 }, (_, power) => 2 ** (power + 10))
    for (const [index, bytes] of sizes.slice(1).entries()) {
      expect(total(bytes), `${bytes}`).toBeGreaterThanOrEqual(total(sizes[index] as number))
    }
    expect(total(2 ** 40)).toBeCloseTo(XEON.memoryNanoseconds, 0)
  })

  /** 16 million addresses: bucket and element, two lines, nearly always in memory. */
  test('a blacklist of 16 M waits twice for memory', () => {
    const cold = nsOf({ ...EMPTY_PROGRAM, helpers: [hash(4, 1 << 24)] })
    const warm = nsOf({ ...EMPTY_PROGRAM, helpers: [hash(4, 1)] })
    expect(cold - warm).toBeGreaterThan(2 * 0.98 * XEON.memoryNanoseconds)
    expect(cold - warm).toBeLessThan(2 * (XEON.memoryNanoseconds + XEON.l3Nanoseconds))
  })
})

test('a packet is touched once, in time that no clock changes', () => {
  const touched = { ...EMPTY_PROGRAM, touched: 1 }
  for (const gigahertz of [1.2, 3.7]) {
    expect(nsOf(touched, gigahertz) - nsOf(EMPTY_PROGRAM, gigahertz)).toBeCloseTo(XEON.firstTouchNanoseconds, 9)
  }
})

test('frames that fit cost nothing; of twice as many half are missed', () => {
  const cache = { frames: 1000, missNanoseconds: 100, source: '' }
  expect(frameStallNs(cache, 10)).toBe(0)
  expect(frameStallNs(cache, 1000)).toBe(0)
  expect(frameStallNs(cache, 2000)).toBe(50)
})

test('the parts say where they are from', () => {
  const work = { ...EMPTY_PROGRAM, touched: 1, helpers: [hash(4, MIB)] }
  const rows = priceProgram(work, XEON)
  expect(rows.map(({ component }) => component)).toEqual([
    'program',
    'helpers',
    'map cache misses',
    'first touch of the packet',
  ])
  for (const { source } of rows) expect(source.length).toBeGreaterThan(20)
})
