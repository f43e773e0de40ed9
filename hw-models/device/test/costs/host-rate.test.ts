import { describe, expect, test } from 'vitest'
import { PROCESSORS } from '../../src/costs/processors.ts'
import { EMPTY_PROGRAM, type HostCosts, hostRate, type RateQuestion, STAGE } from '../../src/index.ts'

const zero = Object.fromEntries(Object.keys(STAGE).map((name) => [name, 0])) as Record<keyof typeof STAGE, number>
const question = (counts: Partial<typeof zero>, rest: Partial<RateQuestion> = {}): RateQuestion => ({
  stage: { ...zero, bytes: 60 * (counts.packets ?? 0), ...counts },
  cpus: 1,
  work: { ...EMPTY_PROGRAM, x86Insns: 0 },
  ...rest,
})
/** 100 cycles to receive; to send 50 more and a doorbell of 64 ns a poll; to redirect one of 16 ns a bulk. */
const COSTS: HostCosts = {
  name: 'test card',
  processor: { ...PROCESSORS['E5-1630 v3'], gigahertz: 2 },
  gigahertz: 2,
  receive: [{ component: 'receive', cycles: 100, source: 'test' }],
  actions: {
    drop: [],
    pass: undefined,
    tx: [
      { component: 'send', cycles: 50, source: 'test' },
      { component: 'doorbell', nanoseconds: 64, per: 'poll', source: 'test' },
    ],
    redirect: [{ component: 'flush', nanoseconds: 16, per: 'bulk', source: 'test' }],
  },
  cardPacketsPerSecond: { kept: 60e6, sent: 30e6 },
  frameCache: { frames: 1000, missNanoseconds: 100, source: 'test' },
  sources: ['test'],
  notes: [],
}
const ns = (q: RateQuestion): number => hostRate('native', COSTS, q).nanosecondsPerPacket ?? Number.NaN

describe('what a packet costs', () => {
  test.each([
    ['drop: 100 cycles at 2 GHz', { drop: 10 }, 50],
    ['aborted costs what a drop costs', { aborted: 10 }, 50],
    ['send: 25 ns more, and a 64th of the doorbell', { tx: 10 }, 76],
    ['redirect: a 16th of the flush', { redirect: 10 }, 51],
    ['half of each', { drop: 5, tx: 5 }, 63],
  ] as const)('%s', (_, counts, expected) => {
    expect(ns(question({ packets: 10, ...counts }))).toBeCloseTo(expected, 9)
  })

  test('the parts sum up to it', () => {
    const { breakdown = [], nanosecondsPerPacket } = hostRate('native', COSTS, question({ packets: 4, tx: 1, drop: 3 }))
    expect(breakdown.map(({ component }) => component)).toEqual(['receive', 'send', 'doorbell'])
    expect(breakdown.reduce((sum, item) => sum + item.nanoseconds, 0)).toBeCloseTo(nanosecondsPerPacket as number, 9)
  })
})

describe('laws', () => {
  test('a faster clock is never slower, and never more than as much faster', () => {
    const clocks = [1, 1.2, 2.1, 3.7, 5]
    const at = (gigahertz: number): number => ns(question({ packets: 1, tx: 1 }, { gigahertz }))
    for (const [index, fast] of clocks.slice(1).entries()) {
      const slow = clocks[index] as number
      expect(at(fast)).toBeLessThan(at(slow))
      expect(at(slow) / at(fast)).toBeLessThan(fast / slow)
    }
  })

  test('larger bulks are never dearer', () => {
    const costs = [1, 2, 8, 16, 64].map((bulk) =>
      ns(question({ packets: 1, redirect: 1 }, { sharing: { poll: 64, bulk } })),
    )
    expect(costs).toEqual([...costs].sort((a, b) => b - a))
    expect(costs[0]).toBeCloseTo(66, 9)
  })

  test('cores add up until the card is full; what is sent goes through it twice', () => {
    const rate = (cpus: number, counts: Partial<typeof zero>) =>
      hostRate('native', COSTS, question({ packets: 1, ...counts }, { cpus }))
    expect(rate(2, { drop: 1 })).toMatchObject({ packetsPerSecond: 40e6, limitedBy: 'processors' })
    expect(rate(9, { drop: 1 })).toMatchObject({ packetsPerSecond: 60e6, limitedBy: 'card' })
    expect(rate(9, { tx: 1 }).packetsPerSecond).toBeCloseTo(30e6, 0)
  })

  test('a link is a limit, too', () => {
    const rate = hostRate('native', COSTS, question({ packets: 1, drop: 1 }, { linkGbps: 10 }))
    expect(rate.limitedBy).toBe('link')
    expect(rate.packetsPerSecond).toBeCloseTo(14_880_952.38, 1)
  })

  test('rings that do not fit the cache cost who reads, and those who send twice as soon', () => {
    const work = { ...EMPTY_PROGRAM, x86Insns: 0, touched: 1 }
    const at = (counts: Partial<typeof zero>, descriptors: number): number =>
      ns(question({ packets: 1, ...counts }, { work, descriptors })) - ns(question({ packets: 1, ...counts }, { work }))
    expect(at({ drop: 1 }, 1000)).toBe(0)
    expect(at({ drop: 1 }, 2000)).toBeCloseTo(50, 9)
    expect(at({ tx: 1 }, 1000)).toBeCloseTo(50, 9)
    const untouched = question({ packets: 1, drop: 1 }, { descriptors: 4000 })
    expect(ns(untouched)).toBe(ns(question({ packets: 1, drop: 1 })))
  })
})

test('what nobody published has no rate, and a note that says so', () => {
  const rate = hostRate('native', COSTS, question({ packets: 2, pass: 1, drop: 1 }))
  expect(rate.packetsPerSecond).toBeUndefined()
  expect(rate.notes).toEqual(['no published cost of pass on test card'])
  expect(hostRate('native', COSTS, question({ packets: 0 })).notes).toEqual(['no packets'])
})

test('counters alone give an estimate that says that it is one', () => {
  const { work: _, ...rest } = question({ packets: 10, drop: 10, insns: 200, helperCalls: 10 })
  const { breakdown = [] } = hostRate('native', COSTS, rest)
  expect(breakdown.find(({ component }) => component === 'program')?.source).toContain('estimated from counters')
  expect(breakdown.map(({ component }) => component)).toContain('helpers')
})
