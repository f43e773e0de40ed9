import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CostModel, runDeployment } from '../src/index.ts'
import { LatencyHistogram } from '../src/measure/latency-histogram.ts'
import { TimeAxis } from '../src/measure/time-axis.ts'
import { parseQuantity } from '../src/schema/quantity.ts'
import { EventQueue } from '../src/simulation/event-queue.ts'
import { changed, parsed, ran, SMALL } from './fixtures.ts'

/** Round numbers: 100 ns a packet on a host, 1,000 ns on each of ten cores. */
const ROUND: CostModel = {
  name: 'round numbers',
  hostNs: ({ packets }) => 100 * packets,
  cardTime: () => ({ cores: 10, packetNs: 1000, intervalNs: 0 }),
  transferNs: () => 0,
  notes: () => [],
}

describe('modelled time', () => {
  test('a packet takes its cable, its wait and its turn: 60 bytes at 10 Gb/s are 67.2 ns, 1 µs of cable, 100 ns of CPU', async () => {
    const one = changed('count: 200', 'count: 1', changed('src: 10.0.0.0/30', 'src: 10.9.9.9'))
    const report = await runDeployment(
      parsed(
        one.replace('- {check: fate, of: box.eth0, fate: drop, min: 10}', '- {check: fate, fate: pass, equals: 1}'),
      ),
      { costs: ROUND },
    )
    const [receiver] = report.receivers.filter(({ packets }) => packets === 1)
    expect(receiver?.latency?.meanNs).toBeCloseTo(67.2 + 1000 + 100, 6)
    expect(report.passed).toBe(true)
  })

  test('a CPU of 100 ns a packet handles 10 Mpps and no more: the ring takes the rest until it is full', async () => {
    const flood = changed(
      'rate: 1 Mpps, count: 200',
      'rate: 14 Mpps, count: 4000',
      changed('ringSize: 64', 'ringSize: 128'),
    )
    const report = await runDeployment(parsed(flood.replace(/faults:\n.*\n/, '')), { costs: ROUND })
    const [there] = report.interfaces
    const [receiver] = report.processors
    // 4,000 packets in 285.7 µs: 2,857 are handled meanwhile, 128 wait in the ring, at most a poll of 64 is under way.
    const handled = 4000 - (there?.fates.ring_full ?? 0)
    expect(handled).toBeGreaterThanOrEqual(2857 + 128 - 64)
    expect(handled).toBeLessThanOrEqual(2857 + 128 + 2 * 64)
    expect(receiver?.busyNs).toBeCloseTo(100 * handled, 3)
  })

  test('ten cores of 1 µs a packet handle 10 Mpps, and each packet takes 1 µs', async () => {
    const card = changed(
      'mode: native',
      'mode: offload',
      changed('{profile: ixgbe, ringSize: 64}', '{profile: agilio-cx-2x10, ringSize: 64}'),
    )
    const report = await runDeployment(
      parsed(changed('src: 10.0.0.0/30', 'src: 10.9.9.9', card).replace(/expect:\n.*\n/, '')),
      { costs: ROUND },
    )
    const [receiver] = report.receivers.filter(({ packets }) => packets > 0)
    expect(receiver?.latency?.leastNs).toBeCloseTo(67.2 + 1000 + 1000 + 100, 6)
    const [cores] = report.processors.filter(({ kind }) => kind === 'card')
    expect(cores).toMatchObject({ processors: 10, packets: report.interfaces[0]?.in })
  })

  test('ports of one card share its cores: two floods take twice the load of one', async () => {
    const text = `version: 1
name: two ports
hosts: {box: {cards: {nfp: {profile: agilio-cx-2x10, ports: 2, ringSize: 64}}}}
stations: {left: {}, right: {}}
links:
  one: {between: [left, box.nfpp0], rate: 10 Gbps}
  two: {between: [right, box.nfpp1], rate: 10 Gbps}
programs:
  drop: {host: box, object: ../programs/drop/drop.v3.o, attach: [{to: nfpp0, mode: offload}, {to: nfpp1, mode: offload}]}
traffic:
  a: {from: left, generate: {rate: 2 Mpps, count: 200}}
  b: {from: right, generate: {rate: 2 Mpps, count: 200}}
`
    const { processors, packets } = await runDeployment(parsed(text), { costs: ROUND })
    expect(packets.fates).toEqual({ drop: 400 })
    const cards = processors.filter(({ kind }) => kind === 'card')
    expect(cards).toHaveLength(1)
    expect(cards[0]).toMatchObject({ name: 'box.nfp cores', packets: 400 })
    expect(cards[0]?.busyNs).toBeCloseTo(400_000, 3)
  })

  test('what is on a cable when it breaks is lost, and nothing after it is whole again', async () => {
    const report = await ran(SMALL)
    const [cable] = report.links
    // 1 Mpps: ten packets are sent while it is down, one is on it.
    expect(cable?.directions[0].lost).toBeGreaterThanOrEqual(10)
    expect(cable?.directions[0].lost).toBeLessThanOrEqual(12)
  })

  test('packets that go round end after the hops that are allowed', async () => {
    const text = `version: 1
name: ping-pong
hopLimit: 5
loops: allow
hosts:
  a: {cards: {eth0: {profile: ixgbe, ringSize: 64}, eth1: {profile: ixgbe, ringSize: 64}}}
stations: {peer: {}}
links:
  in: {between: [peer, a.eth0], rate: 10 Gbps}
programs:
  tx: {host: a, object: ../programs/tx/tx.v3.o, attach: [{to: eth0, mode: native}]}
traffic:
  one: {from: peer, generate: {rate: 1 Mpps, count: 3}}
`
    const back = await ran(text)
    expect(back.packets.fates).toEqual({ received: 3 })
    const ring = text
      .replace(
        '[peer, a.eth0], rate: 10 Gbps}',
        '[peer, a.eth0], rate: 10 Gbps}\n  loop: {between: [a.eth1, b.eth0], rate: 10 Gbps}',
      )
      .replace('stations:', '  b: {cards: {eth0: {profile: ixgbe, ringSize: 64}}}\nstations:')
      .replace(
        'attach: [{to: eth0, mode: native}]}',
        'attach: [{to: eth1, mode: native}]}\n  back: {host: b, object: ../programs/tx/tx.v3.o, attach: [{to: eth0, mode: native}]}\n  way:\n    host: a\n    object: ../programs/router/router.v3.o\n    maps: {routes: {entries: [{key: {bits: 0, addr: 0.0.0.0}, value: {port: 0}}]}, ports: {entries: [{key: 0, value: ifindex(eth1)}]}}\n    attach: [{to: eth0, mode: native}]',
      )
    const round = await ran(ring)
    expect(round.packets.fates).toEqual({ hop_limit: 3 })
  })

  test('a run that is stopped accounts for what is under way', async () => {
    const stop = new AbortController()
    const file = parsed(changed('count: 200', 'count: 50k').replace(/faults:\n.*\n/, ''))
    const report = await runDeployment(file, { signal: stop.signal, onProgress: () => stop.abort() })
    expect(report.interrupted).toBe(true)
    expect(report.passed).toBe(false)
    expect(report.packets.sent).toBeLessThan(50_000)
    expect(report.packets.sent).toBeGreaterThan(0)
    expect(Object.values(report.packets.fates).reduce((sum, count) => sum + count, 0)).toBe(report.packets.sent)
  })
})

describe('faults', () => {
  const FAULTS = [
    '{fault: stall, at: 20 us, host: box, for: 100 us}',
    '{fault: burst, at: 20 us, traffic: flow, packets: 500}',
    '{fault: remove-card, at: 20 us, card: box.eth0}',
    '{fault: detach-program, at: 20 us, on: box.eth0, mode: native}',
    '{fault: set-mtu, at: 20 us, on: box.eth0, mtu: 68}',
    '{fault: fill-map, at: 20 us, program: filter, map: blocked}',
    '{fault: link-down, at: 20 us, link: cable}',
  ]
  test.each(FAULTS)('%s leaves every packet accounted for', async (fault) => {
    const text = changed('{fault: link-down, at: 50 us, link: cable, for: 10 us}', fault).replace(/expect:\n.*\n/, '')
    const { packets, log } = await ran(text)
    expect(Object.values(packets.fates).reduce((sum, count) => sum + count, 0)).toBe(packets.sent)
    expect(log[0]).toMatchObject({ source: 'fault', atNs: 20_000 })
  })

  test('at random times, of random kinds, in random order', async () => {
    const at = fc.integer({ min: 0, max: 250 })
    const kinds = fc.constantFrom(...FAULTS.filter((fault) => !fault.includes('remove-card')))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(at, kinds), { maxLength: 5 }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        async (list, seed) => {
          const faults = list.map(([time, fault]) => `  - ${fault.replace('20 us', `${time} us`)}\n`).join('')
          const text = changed('  - {fault: link-down, at: 50 us, link: cable, for: 10 us}\n', faults)
            .replace(/expect:\n.*\n/, '')
            .replace('faults:\n', faults === '' ? '' : 'faults:\n')
          const { packets } = await runDeployment(parsed(text), { seed })
          expect(Object.values(packets.fates).reduce((sum, count) => sum + count, 0)).toBe(packets.sent)
        },
      ),
      { numRuns: process.env['CI'] === undefined ? 6 : 60 },
    )
  })
})

describe('measures', () => {
  test('a time axis keeps sums, however often its slots are halved', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 }), (times) => {
        const axis = new TimeAxis()
        const [sums, most] = [axis.series('sum'), axis.series('most')]
        for (const [index, time] of times.entries()) {
          sums.add(time, 1)
          most.add(time, index)
        }
        expect(sums.total).toBe(times.length)
        expect(Math.max(...most.values)).toBe(times.length - 1)
        expect(sums.values.length).toBe(axis.slots)
        expect(sums.between(0, axis.widthNs * axis.slots)).toBeCloseTo(times.length, 6)
      }),
    )
  })

  test('a span counts its length once', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        (from, length) => {
          const series = new TimeAxis().series('sum')
          series.addSpan(from, from + length)
          expect(series.total / length).toBeCloseTo(1, 6)
        },
      ),
    )
  })

  test('percentiles are those of the sorted latencies, to a slot of 9 %', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 1, max: 100 }),
        (latencies, percentile) => {
          const histogram = new LatencyHistogram()
          for (const latency of latencies) histogram.add(latency)
          const sorted = [...latencies].sort((one, other) => one - other)
          const exact = sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? 0
          expect(histogram.percentileNs(percentile)).toBeGreaterThanOrEqual(exact * 0.9999)
          expect(histogram.percentileNs(percentile)).toBeLessThanOrEqual(exact * 2 ** (1 / 8) * 1.0001)
        },
      ),
    )
  })

  test('events come in the order of their times, and of planning where those are the same', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue()
        const seen: [number, number][] = []
        for (const [index, time] of times.entries()) queue.push(time, () => void seen.push([time, index]))
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) void next.run()
        expect(seen).toEqual(
          times.map((time, index): [number, number] => [time, index]).sort(([a, i], [b, j]) => a - b || i - j),
        )
      }),
    )
  })

  test.each([
    ['durationNs', '5 ms', 5e6],
    ['durationNs', '1.5us', 1500],
    ['durationNs', 0, 0],
    ['bitsPerSecond', '10 Gbps', 1e10],
    ['packetsPerSecond', '14.88 Mpps', 14.88e6],
    ['hertz', '3.6 GHz', 3.6e9],
    ['count', '1_000k', 1e6],
    ['count', 17, 17],
    ['share', '99.5%', 0.995],
  ] as const)('a %s of %s', (kind, written, value) => {
    expect(parseQuantity(kind, written)).toBeCloseTo(value, 9)
  })
})
