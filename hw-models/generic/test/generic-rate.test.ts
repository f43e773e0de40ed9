import { type RateQuestion, STAGE } from '@bpfoundry/device'
import { expect, test } from 'vitest'
import { genericRate } from '../src/index.ts'

const stage = (counts: Partial<Record<keyof typeof STAGE, number>>): RateQuestion['stage'] => ({
  ...(Object.fromEntries(Object.keys(STAGE).map((name) => [name, 0])) as Record<keyof typeof STAGE, number>),
  ...counts,
})

/** prototype-kernel, 2017: 8.43 Mpps dropped, 4.57 Mpps sent on one core. */
test.each([
  ['drop', 8.43],
  ['tx', 4.57],
] as const)('%s is what was measured', (verdict, megapackets) => {
  const rate = genericRate({ stage: stage({ packets: 10, bytes: 600, insns: 20, [verdict]: 10 }), cpus: 1 })
  expect(rate.packetsPerSecond).toBeCloseTo(megapackets * 1e6, 0)
  expect(rate.notes.some((note) => note.startsWith('pass: derived'))).toBe(true)
})
