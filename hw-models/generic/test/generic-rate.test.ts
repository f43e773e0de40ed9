import { EMPTY_PROGRAM, type RateQuestion, STAGE } from '@bpfoundry/device'
import { describe, expect, test } from 'vitest'
import { GENERIC_COSTS, GENERIC_HOSTS, genericRate } from '../src/index.ts'

const question = (verdict: 'drop' | 'tx' | 'redirect' | 'pass', x86Insns = 100): RateQuestion => ({
  stage: {
    ...(Object.fromEntries(Object.keys(STAGE).map((name) => [name, 0])) as Record<keyof typeof STAGE, number>),
    packets: 10,
    bytes: 600,
    [verdict]: 10,
  },
  cpus: 1,
  work: { ...EMPTY_PROGRAM, x86Insns, touched: 1 },
})

/** prototype-kernel, 2017: 8.15 and 8.43 Mpps dropped, 4.57 Mpps sent on one core. */
test.each([
  ['drop', 8.15, 8.43],
  ['tx', 4.48, 4.58],
] as const)('%s is what was measured, within 10 %', (verdict, least, most) => {
  const megapackets = (genericRate(question(verdict)).packetsPerSecond ?? 0) / 1e6
  expect(megapackets).toBeGreaterThan(0.9 * least)
  expect(megapackets).toBeLessThan(1.1 * most)
})

describe('the profile of a dropped packet', () => {
  const parts = genericRate(question('drop')).breakdown ?? []
  const nsOf = (text: string): number => parts.find(({ component }) => component.includes(text))?.nanoseconds ?? 0

  /** The author's own figures, in nanoseconds. */
  test.each([
    ['clearing the skb', 9.6],
    ['skb allocation', 4.9],
    ['first touch of the packet, by the driver', 23.6],
    ['descriptor', 42 - 23.6],
    ['freeing the packet', 2 + 1 + 6.2],
  ])('%s', (component, ns) => {
    expect(nsOf(component)).toBeCloseTo(ns, 0)
  })

  /** 100 instructions at 2.334 a cycle and 4 GHz: 10.7 ns; everything else 97 + 19 ns. */
  test('sums up to what a reader adds up by hand', () => {
    expect(nsOf('program')).toBeCloseTo(10.71, 2)
    const total = parts.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0)
    expect(total).toBeCloseTo(genericRate(question('drop')).nanosecondsPerPacket as number, 9)
    expect(total).toBeGreaterThan(122.5 * 0.97)
    expect(total).toBeLessThan(122.5 * 1.07)
  })

  test('does not touch the packet twice', () => {
    expect(parts.filter(({ component }) => component.includes('first touch'))).toHaveLength(1)
  })
})

test('a clock makes the skb faster, and not what waits for memory', () => {
  const at = (gigahertz: number): number => genericRate({ ...question('drop'), gigahertz }).nanosecondsPerPacket ?? 0
  const waiting = 23.6
  expect((at(2) - waiting) / (at(4) - waiting)).toBeCloseTo(2, 2)
})

test('sending goes one by one: sharing changes nothing', () => {
  const one = genericRate({ ...question('tx'), sharing: { poll: 1, bulk: 1 } })
  expect(one.nanosecondsPerPacket).toBe(genericRate(question('tx')).nanosecondsPerPacket)
})

test('what is derived says so', () => {
  expect(genericRate(question('pass')).notes.some((note) => note.startsWith('pass: derived'))).toBe(true)
  expect(GENERIC_COSTS.gigahertz).toBe(4)
})

test('another machine is another machine', () => {
  const rate = genericRate(question('drop', 0), GENERIC_HOSTS['stmmac'])
  expect((rate.packetsPerSecond ?? 0) / 1e3).toBeCloseTo(118, 0)
})
