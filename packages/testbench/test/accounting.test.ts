import { accountedPackets, type XdpMode } from '@bpfoundry/device'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { pktgen, type RunReport, Testbench } from '../src/index.ts'
import { object } from './fixtures.ts'

const MODES: readonly (readonly [XdpMode, string])[] = [
  ['generic', 'ixgbe'],
  ['native', 'ixgbe'],
  ['native', 'virtio_net'],
  ['offload', 'agilio-cx-2x10'],
]

const open: Testbench[] = []
afterEach(async () => {
  for (const bench of open.splice(0)) await bench.close()
})

async function benchOf(options: Parameters<typeof Testbench.create>[0]): Promise<Testbench> {
  const bench = await Testbench.create(options)
  open.push(bench)
  return bench
}

function expectAccounted(report: RunReport): void {
  expect(accountedPackets(report.fates)).toBe(report.fates.in)
  expect(report.warnings).toEqual([])
  // What the MAC refused never reaches a CPU; everything else does, or was missed by its ring.
  const refused = report.fates.too_long + report.fates.too_short + report.fates.link_down
  const onCpus = report.cpus.reduce((sum, { fates }) => sum + fates.in, 0)
  expect(onCpus + refused).toBe(report.fates.in)
}

const TRAFFIC = 'src=10.0.0.0/8,dst=192.0.2.1,proto=udp,dport=9,size=60'

describe.each(MODES)('%s on %s', (mode, profile) => {
  test.each(['blacklist', 'pass', 'drop', 'tx'])('every packet of %s has one fate', async (name) => {
    const bench = await benchOf({ cpus: 2 })
    const nic = bench.addNic('eno1', { profile, queues: 4, ringSize: 64, stackSink: 'discard', txSink: 'discard' })
    const objects = await bench.load(object(name))
    await nic.attachXdp(objects.program(), { mode })
    const report = await nic.receive(pktgen(`count=3000,${TRAFFIC}`))
    expect(report.fates.in).toBe(3000)
    expectAccounted(report)
  })

  test('also when bursts overflow the rings, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(8, 32, 128),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 900 }),
        async (burst, ringSize, queues, count) => {
          const bench = await Testbench.create({ cpus: 2 })
          const nic = bench.addNic('eno1', { profile, queues, ringSize })
          const objects = await bench.load(object('pass'))
          await nic.attachXdp(objects.program(), { mode })
          const report = await nic.receive(pktgen(`count=${count},${TRAFFIC}`), { burst })
          await bench.close()
          expectAccounted(report)
          expect(report.fates.in).toBe(count)
          // Rings hold what they hold: a burst larger than all of them loses, one that fits into a single one doesn't.
          if (burst > queues * ringSize && count >= burst) expect(report.fates.ring_full).toBeGreaterThan(0)
          if (burst <= ringSize) expect(report.fates.ring_full).toBe(0)
        },
      ),
      { numRuns: 12 },
    )
  })

  test.each([false, true])('also when the program is replaced under traffic (threads: %s)', async (threads) => {
    const bench = await benchOf({ cpus: 2, threads })
    const nic = bench.addNic('eno1', { profile, queues: 2, ringSize: 64, stackSink: 'discard', txSink: 'discard' })
    const [dropping, passing] = [await bench.load(object('drop')), await bench.load(object('pass'))]
    await nic.attachXdp(dropping.program(), { mode })
    // Traffic goes on until both programs had their turns, however fast the engine and however late this thread.
    const dealt = nic.deal(pktgen(`count=4096,${TRAFFIC}`))
    const enough = new AbortController()
    const running = nic.replay(dealt, 1_000_000_000, { signal: enough.signal })
    const replacing = (async () => {
      for (let replaced = 0; bench.team !== undefined; replaced++) {
        await nic.attachXdp((replaced % 2 === 0 ? passing : dropping).program(), { mode })
        await new Promise((resolve) => setImmediate(resolve))
        const { drop, pass } = nic.fates
        if (replaced >= 10 && drop > 0 && pass > 0) enough.abort()
      }
    })()
    const [report] = await Promise.all([running, replacing])
    dealt.close()
    expectAccounted(report)
    // No packet saw neither program: each was dropped or passed by one of them.
    expect(report.fates.drop + report.fates.pass).toBe(report.fates.in)
    expect(report.fates.drop).toBeGreaterThan(0)
    expect(report.fates.pass).toBeGreaterThan(0)
  })
})

test('a burst overflows at the same packet in every run, with threads and without', async () => {
  const fates = []
  for (const threads of [false, true, true]) {
    const bench = await benchOf({ cpus: 2, threads })
    const nic = bench.addNic('eno1', { profile: 'ixgbe', queues: 2, ringSize: 32 })
    await nic.attachXdp((await bench.load(object('pass'))).program(), { mode: 'native' })
    fates.push((await nic.receive(pktgen(`count=2000,${TRAFFIC}`), { burst: 100 })).fates)
  }
  expect(fates[0]?.ring_full).toBeGreaterThan(0)
  expect(fates[1]).toEqual(fates[0])
  expect(fates[2]).toEqual(fates[0])
})
