import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { type DeploymentReport, parseDeployment, readDeployment, runDeployment } from '../src/index.ts'
import { finalPackets } from '../src/measure/deployment-fates.ts'
import { fixture } from './fixtures.ts'

const EXAMPLES = readdirSync(fixture('deployments')).filter((name) => name.endsWith('.yaml'))
/** CI compares all engines; elsewhere one example on another engine has to do. */
const THOROUGH = process.env['CI'] !== undefined
const left: string[] = []
afterAll(() => {
  if (left.length > 0) console.log(`left to CI (set CI=1): ${left.length} comparisons: ${left.join('; ')}`)
})

const reports = new Map<string, DeploymentReport>()

async function report(name: string): Promise<DeploymentReport> {
  const known = reports.get(name) ?? (await runDeployment(readDeployment(fixture(`deployments/${name}`))))
  reports.set(name, known)
  return known
}

/** What must be the same everywhere: all but the host's own time and the engine's name. */
function comparable({ wall, engine, ...rest }: DeploymentReport): unknown {
  return [wall.seconds > 0, engine !== '', rest].slice(2)
}

describe.each(EXAMPLES)('%s', (name) => {
  test('every expectation comes true', async () => {
    const { expectations, passed, interrupted } = await report(name)
    expect(expectations.filter((one) => !one.passed)).toEqual([])
    expect(expectations.length).toBeGreaterThan(2)
    expect([passed, interrupted]).toEqual([true, false])
  })

  test('every packet has one end, and one fate at each card', async () => {
    const { packets, interfaces, links, traffic } = await report(name)
    expect(finalPackets(packets.fates)).toBe(packets.sent + packets.copies)
    expect(packets.fates.in_flight).toBeUndefined()
    for (const { in: came, fates, path } of interfaces) {
      expect([path, Object.values(fates).reduce((sum, count) => sum + count, 0)]).toEqual([path, came])
    }
    for (const { directions } of links) {
      for (const { sent, delivered, lost, overflow, underWay } of directions) {
        expect(delivered + lost + overflow).toBe(sent)
        expect(underWay).toBe(0)
      }
    }
    expect(traffic.reduce((sum, { sent }) => sum + sent, 0)).toBe(packets.sent)
  })

  test('timelines add up to the counts', async () => {
    const { interfaces, packets, receivers, modelled } = await report(name)
    const sum = (timeline: readonly number[] = []): number => timeline.reduce((total, value) => total + value, 0)
    expect(sum(packets.sentOverTime)).toBe(packets.sent)
    expect(packets.sentOverTime.length).toBe(modelled.slots)
    for (const { packets: count, packetsOverTime } of receivers) expect(sum(packetsOverTime)).toBe(count)
    for (const { fates, fatesOverTime } of interfaces) {
      for (const [fate, count] of Object.entries(fates))
        expect(sum(fatesOverTime[fate as 'pass'])).toBeCloseTo(count, 3)
    }
  })

  test('has a fault, and the log tells of it', async () => {
    const { log } = await report(name)
    expect(log.filter(({ source }) => source === 'fault').length).toBeGreaterThan(0)
  })
})

/** What is compared everywhere: one example in full, and one on a card's own words. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  'rate-limiter.yaml': ['wasm', 'interpreter'],
  'l4lb-two-cards.yaml': ['nfp'],
}
const ENGINES = ['wasm', 'interpreter', 'nfp']

test('another run, and another engine, give the same report', async () => {
  for (const name of EXAMPLES) {
    const engines = THOROUGH ? ENGINES : (QUICK[name] ?? [])
    left.push(...ENGINES.filter((engine) => !engines.includes(engine)).map((engine) => `${name} on ${engine}`))
    const first = comparable(await report(name))
    for (const engine of engines) {
      const again = await runDeployment(readDeployment(fixture(`deployments/${name}`)), { engine })
      expect(comparable(again), `${name} on ${engine}`).toEqual(first)
    }
  }
})

test('another seed gives other packets', async () => {
  const other = await runDeployment(readDeployment(fixture('deployments/rate-limiter.yaml')), { seed: 99 })
  const { packets } = await report('rate-limiter.yaml')
  expect(other.packets.sent).toBe(packets.sent)
  expect(other.packets.fates).not.toEqual(packets.fates)
})

test('the example of the documentation is sound', () => {
  const page = readFileSync(fixture('../docs/deployments.md'), 'utf8')
  const text = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  expect(parseDeployment(text, { file: 'deployments.md', folder: fixture('../docs') }).deployment.name).toContain(
    'filter',
  )
})
