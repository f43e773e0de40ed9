import { accountedPackets, type XdpMode } from '@bpfoundry/device'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeEngine } from '../src/index.ts'
import { THOROUGH } from './fixtures.ts'
import { type Bed, type BedOptions, bed, type Orders, type Outcome, orders, play } from './redirect-orders.ts'

const COMPILED = ['wasm', 'x86-64'].filter((name) => {
  try {
    return describeEngine(name).obstacle === undefined
  } catch {
    return false
  }
})
if (!COMPILED.includes('x86-64'))
  console.log('skipped: redirects in machine code of x86-64, which this host does not run')

const MODES: readonly (readonly [XdpMode, string])[] = [
  ['native', 'mlx5'],
  ['native', 'veth'],
  ['generic', 'ixgbe'],
]
const RUNS = THOROUGH ? 60 : 5

/** Frames in fill rings, pools and return rings of a card: all of them, when nothing is under way. */
function freeFrames({ nic }: Bed): number {
  const { u32, i32 } = nic.nic.memory
  const inRing = (address: number): number =>
    ((i32[address >>> 2] as number) - (i32[(address + 64) >>> 2] as number)) | 0
  return nic.handle.queues.reduce(
    (sum, { fill, returns, remoteReturns, pool }) =>
      sum +
      inRing(fill.address) +
      inRing(returns.address) +
      inRing(remoteReturns.address) +
      (u32[pool >>> 2] as number),
    0,
  )
}

function expectAccounted(one: Bed, { report, passed, sent, received, copies }: Outcome, packets: number): void {
  const { fates } = report
  expect(fates.in).toBe(packets)
  expect(accountedPackets(fates)).toBe(packets)
  expect(report.warnings).toEqual([])
  expect(passed.length).toBe(fates.pass)
  expect(sent.length).toBe(fates.tx + fates.redirect + copies)
  expect(received.flat().length).toBe(fates.xsk)
  const counted = one.nic.handle.queues.reduce((sum, { index }) => sum + one.nic.nic.queueCounters(index).copies, 0)
  expect(copies).toBe(counted)
  expect(freeFrames(one)).toBe(2 * 2 * 64)
}

async function run(options: BedOptions, list: readonly Orders[]): Promise<Outcome> {
  const one = await bed(options)
  try {
    const outcome = await play(one, list)
    expectAccounted(one, outcome, list.length)
    return outcome
  } finally {
    await one.bench.close()
  }
}

/** What must be the same whatever the engine. */
function comparable({ report, passed, sent, received, events }: Outcome) {
  return { fates: report.fates, cpus: report.cpus, insns: report.insns, passed, sent, received, events }
}

const lists = fc.array(orders, { minLength: 1, maxLength: 200 })

describe.each(MODES)('%s on %s', (mode, profile) => {
  test('every packet has one fate, and compiled loops do what the interpreter does', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const options = { mode, profile, traced: true }
        const expected = comparable(await run({ ...options, engine: 'interpreter' }, list))
        for (const engine of COMPILED) expect(comparable(await run({ ...options, engine }, list))).toEqual(expected)
      }),
      { numRuns: RUNS },
    )
  })

  test('every packet has one fate on worker threads, too', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const outcome = await run({ mode, profile, engine: 'wasm', threads: true, traced: true, cpus: 3 }, list)
        expect(outcome.report.threads).toBe(true)
      }),
      { numRuns: THOROUGH ? 20 : 2 },
    )
  })
})
