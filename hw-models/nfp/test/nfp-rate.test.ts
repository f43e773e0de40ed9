import { STAGE } from '@bpfoundry/device'
import { expect, test } from 'vitest'
import { CARD_TIMING, nfpCard, nfpRate } from '../src/index.ts'

const stage = (packets: number, insns: number, helperCalls: number, bytes = 60) => ({
  ...(Object.fromEntries(Object.keys(STAGE).map((name) => [name, 0])) as Record<keyof typeof STAGE, number>),
  packets,
  bytes: packets * bytes,
  insns: packets * insns,
  helperCalls: packets * helperCalls,
})

/** SOSCON 2019: 14,883,153 packets of 64 bytes a second at 10 Gb/s, with a program of 25 instructions. */
test('the drop program runs at line rate on a CX 2x10, as measured', () => {
  const rate = nfpRate(nfpCard('agilio-cx-2x10'), { stage: stage(1000, 25, 0) })
  expect(rate.limitedBy).toBe('link')
  expect(rate.packetsPerSecond).toBeCloseTo(14_880_952, -1)
  expect(Math.abs((rate.packetsPerSecond ?? 0) / 14_883_153 - 1)).toBeLessThan(0.001)
  expect(rate.model).toContain('estimate')
})

/** Measured without a link limit: 4, 8 and 12 look-ups a packet on fifty cores. */
test.each([
  [4, 49.5],
  [8, 24.8],
  [12, 16.6],
])('%i look-ups a packet are bound by memory near %d Mpps', (lookups, megapackets) => {
  const rate = nfpRate({ ...nfpCard('agilio-cx-2x40'), linkGbps: 1000 }, { stage: stage(1000, 10, lookups) })
  expect(rate.limitedBy).toBe('memory')
  expect(Math.abs((rate.packetsPerSecond ?? 0) / (megapackets * 1e6) - 1)).toBeLessThan(0.01)
})

/** Measured drop on 5 to 25 cores of the full firmware. */
test.each([
  [5, 9.51],
  [10, 19.42],
  [15, 28.87],
])('%i cores drop near %d Mpps', (workerCores, megapackets) => {
  const card = { ...nfpCard('agilio-cx-2x40'), workerCores, linkGbps: 1000 }
  const rate = nfpRate(card, { stage: stage(1000, 2, 0) })
  expect(rate.limitedBy).toBe('processors')
  expect(Math.abs((rate.packetsPerSecond ?? 0) / (megapackets * 1e6) - 1)).toBeLessThan(0.015)
})

test('without packets there is no rate', () => {
  expect(nfpRate(nfpCard('agilio-lx'), { stage: stage(0, 0, 0) }).packetsPerSecond).toBeUndefined()
})

test('where the ways of packets through the words are known, the card is simulated', () => {
  const card = nfpCard('agilio-cx-2x10')
  const path = { steps: [{ cycles: 2000 }], disposition: 'drop', egressBytes: 60 } as const
  const rate = nfpRate(card, { stage: stage(1000, 25, 0), paths: [path] })
  const formula = (card.workerCores * card.clockHz) / (CARD_TIMING.firmwareFull.value + 2000)
  expect(rate.limitedBy).toBe('processors')
  expect(Math.abs((rate.packetsPerSecond ?? 0) / formula - 1)).toBeLessThan(0.01)
  expect(rate.model).not.toContain('estimate')
})
