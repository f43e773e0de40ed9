import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CARD_TIMING, type CardRun, nfpCard, type OfferedLoad, type PacketPath, simulateCard } from '../../src/index.ts'
import { commanding, computing } from './paths.ts'

const card = nfpCard('agilio-cx-2x40')
const run = (changes: Partial<CardRun> = {}): CardRun => ({
  card,
  cores: 10,
  firmware: 'full',
  paths: [computing(12)],
  frameBytes: 60,
  load: { kind: 'shaped' },
  warmUpPackets: 1000,
  packets: 4000,
  ...changes,
})
const rate = (changes: Partial<CardRun>): number => simulateCard(run(changes)).packetsPerSecond
const LINE: OfferedLoad = { kind: 'rate', packetsPerSecond: 1e12 }

describe('bound by cores', () => {
  test('the rate is that of the formula: cores x clock / (firmware + program)', () => {
    for (const cores of [1, 5, 20]) {
      for (const cycles of [0, 100, 1500, 200_000]) {
        const packets = cycles > 10_000 ? 400 : 4000
        const formula = (cores * card.clockHz) / (CARD_TIMING.firmwareFull.value + cycles)
        const { packetsPerSecond, limitedBy, coreUtilisation } = simulateCard(
          run({ cores, paths: [computing(cycles)], packets, warmUpPackets: packets }),
        )
        expect(Math.abs(packetsPerSecond / formula - 1), `${cores} cores, ${cycles} cycles`).toBeLessThan(0.012)
        expect(limitedBy).toBe('processors')
        expect(coreUtilisation).toBeGreaterThan(0.99)
      }
    }
  })

  test('more cores never do less, and never more than what MAC and line take', () => {
    let before = 0
    for (let cores = 1; cores <= 50; cores += 7) {
      const now = rate({ cores, paths: [commanding(3, 20)] })
      expect(now).toBeGreaterThan(before * 0.999)
      expect(now).toBeLessThanOrEqual(CARD_TIMING.macRate.value * 1.005)
      before = now
    }
  })

  test('a context that waits costs nothing while others compute: four reads hide behind the firmware of three', () => {
    const reading = rate({ paths: [commanding(1, 10)] })
    expect(reading / rate({ paths: [computing(18)] })).toBeGreaterThan(0.995)
  })

  test('contexts that all wait at once keep the core waiting: a further read costs a quarter of its time', () => {
    const cycles = (reads: number): number =>
      (2 * card.clockHz) / rate({ cores: 2, paths: [commanding(reads, 5)], firmware: 'trimmed' })
    const slope = (cycles(14) - cycles(4)) / 10
    expect(Math.abs(slope / ((CARD_TIMING.ememLatency.value + 5) / card.threadsPerCore) - 1)).toBeLessThan(0.02)
  })
})

describe('bound by memory', () => {
  test.each([
    ['reads of one word', commanding(8, 5), CARD_TIMING.readOccupancy.value * 8],
    ['adds to one word', commanding(20, 5, { operation: 'add', waits: false }), CARD_TIMING.addOccupancy.value * 20],
  ])('%s: one bank does one at a time', (_, path, cycles) => {
    const { packetsPerSecond, limitedBy } = simulateCard(run({ cores: 50, firmware: 'trimmed', paths: [path] }))
    expect(Math.abs((packetsPerSecond * cycles) / card.clockHz - 1)).toBeLessThan(0.01)
    expect(limitedBy).toBe('memory')
  })

  test('words far apart are served by several banks', () => {
    const paths = [0, 1, 2, 3].map((line) => commanding(12, 5, { address: 4096 + 64 * line }))
    const one = rate({ cores: 50, firmware: 'trimmed', paths: paths.slice(0, 1) })
    expect(rate({ cores: 50, firmware: 'trimmed', paths }) / one).toBeGreaterThan(2)
  })
})

describe('bound by the way in and out', () => {
  test('a line carries what IEEE 802.3 says', () => {
    const oneByTen = { ...card, ports: 1, linkGbps: 10 }
    const figures = simulateCard(run({ cores: 50, card: oneByTen, load: LINE }))
    expect(figures.packetsPerSecond / 14_880_952).toBeCloseTo(1, 3)
    expect(figures).toMatchObject({ limitedBy: 'link', lost: 0 })
    const large = rate({ cores: 50, card: oneByTen, frameBytes: 1514 })
    expect(large / 812_743).toBeCloseTo(1, 3)
  })

  test('a line that is full beyond what the cores can do makes the card do less than it could', () => {
    const capacity = rate({ cores: 20 })
    const overloaded = simulateCard(run({ cores: 20, load: LINE, warmUpPackets: 8000, packets: 8000 }))
    expect(capacity).toBeGreaterThan(38e6)
    expect(Math.abs(overloaded.packetsPerSecond / CARD_TIMING.overloadedMacRate.value - 1)).toBeLessThan(0.02)
    expect(overloaded.lost).toBeGreaterThan(0)
  })

  test('cores that are slower than the overloaded MAC do all they can', () => {
    expect(rate({ cores: 10, load: LINE }) / rate({ cores: 10 })).toBeCloseTo(1, 2)
  })

  test('what goes out is bound by the port, what goes to the host by the DMA engine', () => {
    const one = { ...card, ports: 1 }
    const sent = simulateCard(run({ cores: 50, card: one, paths: [computing(12, 'redirect', 144)], frameBytes: 124 }))
    expect(sent.packetsPerSecond / (40e9 / ((144 + 24) * 8))).toBeCloseTo(1, 2)
    expect(sent.programsPerSecond).toBeGreaterThan(sent.packetsPerSecond)
    const passed = simulateCard(run({ cores: 50, paths: [computing(12, 'pass')] }))
    expect(passed.packetsPerSecond).toBeLessThan(47.6e6)
    expect(passed.limitedBy).toBe('card')
  })
})

describe('latency', () => {
  const latency = (load: number, path: PacketPath = computing(12)): ReturnType<typeof simulateCard>['latencyNs'] =>
    simulateCard(run({ cores: 20, paths: [path], load: { kind: 'random', packetsPerSecond: 38e6 * load } })).latencyNs

  test('percentiles are in order, and grow with the load', () => {
    for (const load of [0.1, 0.5, 0.9]) {
      const { p50, p90, p99, p999 } = latency(load)
      expect([p50, p90, p99, p999]).toEqual([p50, p90, p99, p999].toSorted((a, b) => a - b))
    }
    expect(latency(0.95).p99).toBeGreaterThan(latency(0.3).p99)
  })

  test('a packet alone takes what its way takes', () => {
    const { ingressLatency, dispatchLatency, firmwareFull, ememLatency } = CARD_TIMING
    const path = commanding(2, 10)
    const alone = ingressLatency.value + dispatchLatency.value + firmwareFull.value + 28 + 2 * ememLatency.value
    expect(latency(0.001, path).p50 / ((alone / card.clockHz) * 1e9)).toBeCloseTo(1, 1)
  })
})

test('figures do not depend on how cores are dealt out', () => {
  const paths = fc.array(
    fc.record({
      times: fc.integer({ min: 0, max: 6 }),
      cycles: fc.integer({ min: 1, max: 300 }),
      address: fc.integer({ min: 1, max: 64 }).map((line) => line * 64),
      bytes: fc.constantFrom(4, 8, 64),
      waits: fc.boolean(),
      memory: fc.constantFrom('ctm' as const, 'imem' as const, 'emem' as const),
      operation: fc.constantFrom('read' as const, 'add' as const),
    }),
    { minLength: 1, maxLength: 4 },
  )
  const load = fc.oneof(
    fc.constant<OfferedLoad>({ kind: 'shaped' }),
    fc.integer({ min: 1e6, max: 60e6 }).map((packetsPerSecond): OfferedLoad => ({ kind: 'random', packetsPerSecond })),
    fc.integer({ min: 1e6, max: 120e6 }).map((packetsPerSecond): OfferedLoad => ({ kind: 'rate', packetsPerSecond })),
  )
  fc.assert(
    fc.property(paths, load, fc.integer({ min: 2, max: 13 }), (rows, offered, cores) => {
      const whole = rows.map(({ times, cycles, ...command }) => commanding(times, cycles, command))
      const of = (groups: number): unknown =>
        simulateCard(run({ cores, groups, paths: whole, load: offered, packets: 300, warmUpPackets: 100 }))
      const one = of(1)
      for (const groups of [2, 3, cores]) expect(of(groups)).toEqual(one)
    }),
    { numRuns: Number(process.env['PROGRAMS'] ?? 40) },
  )
})
