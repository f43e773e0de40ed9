import { linkPacketsPerSecond, type RateQuestion, STAGE } from '@bpfoundry/device'
import { expect, test } from 'vitest'
import { nativeRate } from '../src/index.ts'

const stage = (counts: Partial<Record<keyof typeof STAGE, number>>): RateQuestion['stage'] => ({
  ...(Object.fromEntries(Object.keys(STAGE).map((name) => [name, 0])) as Record<keyof typeof STAGE, number>),
  ...counts,
})

/** IEEE 802.3: 64-byte frames at 10 Gb/s are 14.88 million a second. */
test('the link carries what the standard says', () => {
  expect(linkPacketsPerSecond(10, 60)).toBeCloseTo(14_880_952.38, 1)
  expect(linkPacketsPerSecond(10, 14)).toBe(linkPacketsPerSecond(10, 60))
  expect(linkPacketsPerSecond(10, 1514)).toBeCloseTo(812_743.82, 1)
})

/** CoNEXT 2018: one core drops 24 Mpps, sends 17 Mpps, redirects 8.65 Mpps. */
test.each([
  ['drop', 24],
  ['tx', 17],
  ['redirect', 8.65],
] as const)('%s on a ConnectX-5 is what was measured', (verdict, megapackets) => {
  const rate = nativeRate('mlx5', { stage: stage({ packets: 100, bytes: 6000, insns: 200, [verdict]: 100 }), cpus: 1 })
  expect(rate.packetsPerSecond).toBeCloseTo(megapackets * 1e6, 0)
  expect(rate.limitedBy).toBe('processors')
  expect(rate.sources.length).toBeGreaterThan(0)
})

test('more processors are faster until the card or the link is full', () => {
  const question = { stage: stage({ packets: 100, bytes: 6000, insns: 200, drop: 100 }), linkGbps: 10 }
  expect(nativeRate('mlx5', { ...question, cpus: 1 }).limitedBy).toBe('link')
  expect(nativeRate('i40e', { stage: question.stage, cpus: 2 })).toMatchObject({
    limitedBy: 'card',
    packetsPerSecond: 36e6,
  })
})

test('instructions beyond those that were measured cost time', () => {
  const at = (insns: number) =>
    nativeRate('mlx5', { stage: stage({ packets: 1, bytes: 60, insns, drop: 1 }), cpus: 1 }).nanosecondsPerPacket ?? 0
  expect(at(2 + 792) - at(2)).toBeCloseTo(100, 6)
  expect(at(1)).toBe(at(2))
})

test('what nobody published has no rate, and a note that says so', () => {
  const rate = nativeRate('virtio_net', { stage: stage({ packets: 1, bytes: 60, drop: 1 }), cpus: 1 })
  expect(rate.packetsPerSecond).toBeUndefined()
  expect(rate.notes).toContain('no published cost of drop on virtio_net')
  expect(nativeRate('nfp', { stage: stage({ packets: 1, drop: 1 }), cpus: 1 }).packetsPerSecond).toBeUndefined()
})
