import { EMPTY_PROGRAM, linkPacketsPerSecond, type ProgramWork, type RateQuestion, STAGE } from '@bpfoundry/device'
import { describe, expect, test } from 'vitest'
import { NATIVE_COSTS, nativeRate } from '../src/index.ts'

const stage = (counts: Partial<Record<keyof typeof STAGE, number>>): RateQuestion['stage'] => ({
  ...(Object.fromEntries(Object.keys(STAGE).map((name) => [name, 0])) as Record<keyof typeof STAGE, number>),
  ...counts,
})
const all = (verdict: 'drop' | 'tx' | 'redirect' | 'pass') => stage({ packets: 100, bytes: 6000, [verdict]: 100 })

/** xdp_rxq_info as clang 19 makes ours: 77 x86 instructions, 102 when it swaps; look-ups take 28 more. */
const rxq = (x86Insns: number, touched: number): ProgramWork => ({
  ...EMPTY_PROGRAM,
  x86Insns: x86Insns + 28,
  touched,
})

/** IEEE 802.3: 64-byte frames at 10 Gb/s are 14.88 million a second. */
test('the link carries what the standard says', () => {
  expect(linkPacketsPerSecond(10, 60)).toBeCloseTo(14_880_952.38, 1)
  expect(linkPacketsPerSecond(10, 14)).toBe(linkPacketsPerSecond(10, 60))
  expect(linkPacketsPerSecond(10, 1514)).toBeCloseTo(812_743.82, 1)
})

describe('a ConnectX-5 does what was measured, within 5 %', () => {
  /** CoNEXT 2018 and its data: one core drops 24.4 to 25.9 Mpps, sends 17.0, redirects 8.65. */
  test.each([
    ['drop', rxq(77, 0), 25],
    ['tx', rxq(102, 1), 17],
    ['redirect', { ...EMPTY_PROGRAM, x86Insns: 57 + 26, touched: 1 }, 8.65],
  ] as const)('%s', (verdict, work, megapackets) => {
    const rate = nativeRate('mlx5', { stage: all(verdict), cpus: 1, work })
    expect((rate.packetsPerSecond ?? 0) / 1e6 / megapackets).toBeGreaterThan(0.95)
    expect((rate.packetsPerSecond ?? 0) / 1e6 / megapackets).toBeLessThan(1.05)
    expect(rate.limitedBy).toBe('processors')
    expect(rate.sources.length).toBeGreaterThan(0)
  })

  /** 107 cycles at 3.8 GHz are 28.16 ns; 105 instructions at 2.334 a cycle take 11.84 ns: 40.0 ns, 25.0 Mpps. */
  test('as a reader computes it by hand', () => {
    const rate = nativeRate('mlx5', { stage: all('drop'), cpus: 1, work: rxq(77, 0) })
    expect(rate.nanosecondsPerPacket).toBeCloseTo(28.16 + 11.84, 2)
    expect((rate.packetsPerSecond ?? 0) / 1e6).toBeCloseTo(25, 1)
  })

  test("the driver's part is divided among its functions as they were profiled", () => {
    const { breakdown = [] } = nativeRate('mlx5', { stage: all('drop'), cpus: 1, work: rxq(77, 0) })
    const refill = breakdown.find(({ component }) => component.startsWith('ring refill'))
    // 15.27 of 77.18 per cent.
    expect(refill?.nanoseconds).toBeCloseTo((107 / 3.8) * (15.27 / 77.18), 6)
  })
})

/** hXDP, XDP_TX at 1.2 GHz, 5 Mpps: (67 + 147 + 30 / 2.334) / 1.2 + 11 + 39 / 64 = 200.6 ns. */
test('an XL710 at another clock, as a reader computes it by hand', () => {
  const work = { ...EMPTY_PROGRAM, x86Insns: 30, touched: 1 }
  const rate = nativeRate('i40e', { stage: all('tx'), cpus: 1, work, gigahertz: 1.2 })
  expect(rate.nanosecondsPerPacket).toBeCloseTo(200.6, 0)
})

test('more processors are faster until the card or the link is full', () => {
  const question = { stage: all('drop'), work: EMPTY_PROGRAM }
  expect(nativeRate('mlx5', { ...question, cpus: 1, linkGbps: 10 }).limitedBy).toBe('link')
  expect(nativeRate('i40e', { ...question, cpus: 2 })).toMatchObject({ limitedBy: 'card', packetsPerSecond: 37.2e6 })
})

test('instructions of a run cost time, where the program was not looked at', () => {
  const at = (insns: number) =>
    nativeRate('mlx5', { stage: stage({ packets: 1, bytes: 60, insns, drop: 1 }), cpus: 1 }).nanosecondsPerPacket ?? 0
  // 1.5 x86 instructions for each, 2.334 a cycle, 3.8 GHz.
  expect(at(1010) - at(10)).toBeCloseTo((1000 * 1.5) / (2.334 * 3.8), 1)
})

test('what nobody published has no rate, and a note that says so', () => {
  const rate = nativeRate('virtio_net', { stage: stage({ packets: 1, bytes: 60, drop: 1 }), cpus: 1 })
  expect(rate.packetsPerSecond).toBeUndefined()
  expect(rate.notes).toContain('no published cost of drop on virtio_net')
  expect(nativeRate('nfp', { stage: stage({ packets: 1, drop: 1 }), cpus: 1 }).packetsPerSecond).toBeUndefined()
})

test('each part of each cost names its source', () => {
  for (const { receive, actions } of Object.values(NATIVE_COSTS)) {
    for (const { component, source } of [receive, ...Object.values(actions)].flatMap((parts) => parts ?? [])) {
      expect(source, component).not.toBe('')
    }
  }
})
