import { expect, test } from 'vitest'
import { pktgen, Testbench } from '../src/index.ts'
import { object } from './fixtures.ts'

const PACKETS = 500

test('the rate of an offloaded program is that of its words for packets of the traffic, and nothing is counted twice', async () => {
  const bench = await Testbench.create({ cpus: 1, threads: false, engine: 'interpreter' })
  try {
    const nic = bench.addNic('eno1', { profile: 'agilio-cx-2x10' })
    const objects = await bench.load(object('blacklist'))
    const blocked = objects.map('blocked')
    blocked.set('10.0.0.1', 0)
    await nic.attachXdp(objects.program(), { mode: 'offload' })
    const { modelled, fates } = await nic.receive(pktgen(`count=${PACKETS},src=10.0.0.1,size=60`))
    expect(fates.drop).toBe(PACKETS)
    expect(modelled?.model).toMatch(/^simulated agilio-cx-2x10: .* the words of 64 sampled packets$/)
    expect((modelled?.packetsPerSecond ?? 0) / 14_880_952).toBeCloseTo(1, 2)
    expect(blocked.get('10.0.0.1')).toBe(PACKETS)
  } finally {
    await bench.close()
  }
})
