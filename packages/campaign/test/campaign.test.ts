import type { CaseResult } from '@bpfoundry/conformance'
import { nativeEngineAvailable } from '@bpfoundry/native-exec'
import { afterAll, describe, expect, test } from 'vitest'
import { type CampaignEnding, type CaseSource, type Questioning, runCampaign, ShardPool } from '../src/index.ts'

const pool = new ShardPool(2)
afterAll(() => pool.close())

const url = new URL('./made-cases.ts', import.meta.url).href
const source = (name: string, seed: number): CaseSource => ({ kind: 'module', url, name, seed })

const QUESTIONING: Questioning = { engines: ['interpreter', 'wasm'], timeLimitMs: 30_000 }

interface Run {
  readonly results: readonly CaseResult[]
  readonly problems: readonly string[]
  readonly ending: CampaignEnding
}

async function campaign(
  sources: readonly CaseSource[],
  more: Partial<Questioning> & { casesPerShard?: number; signal?: AbortSignal; until?: (done: number) => void } = {},
): Promise<Run> {
  const { casesPerShard = 4, signal, until, ...questioning } = more
  const results: CaseResult[] = []
  const problems: string[] = []
  const options = { sources, pool, casesPerShard, questioning: { ...QUESTIONING, ...questioning } }
  const ending = await runCampaign(signal === undefined ? options : { ...options, signal }, {
    result: (result) => results.push(result),
    problem: (text) => problems.push(text),
    progress: (done) => until?.(done),
  })
  return { results, problems, ending }
}

const brief = ({ id, outcome, reason }: CaseResult): string =>
  [id, outcome, ...(reason === undefined ? [] : [reason])].join(' ')

describe('a campaign in threads', () => {
  test('every case once, in the order of the plan, with every engine and a reason', async () => {
    const { results, problems, ending } = await campaign([source('plain', 2), source('plain', 1)])
    const of = (seed: number): string[] =>
      Array.from({ length: 10 }, (_, n) => {
        const came = { 8: 'not-run not-data', 9: 'failed result' }[n] ?? 'passed'
        return `made/${seed}#${n} ${came}`
      })
    expect(results.map(brief)).toEqual([...of(2), ...of(1)])
    expect(results[0]?.answers.map(({ engine, pass }) => [engine, pass])).toEqual([
      ['interpreter', true],
      ['wasm', true],
    ])
    expect(problems).toEqual([])
    expect(ending).toMatchObject({ runner: '2 threads', partial: false, results: 20, duplicates: 0, unreadable: 0 })
  })

  test('a fault in machine code ends no thread', async ({ skip }) => {
    const native = nativeEngineAvailable()
    if (!native.available || process.platform !== 'linux' || native.name !== 'x86-64') {
      return skip('faults are caught on x86-64 Linux only')
    }
    const { results } = await campaign([source('faulting', 1)], { engines: ['x86-64'] })
    expect(results.map(brief)).toEqual(['made/1#0 passed', 'made/1#1 passed'])
  })

  test('a filter passes cases over', async () => {
    const { results } = await campaign([source('plain', 1), source('plain', 2)], { filter: '2#3' })
    expect(results.map(brief)).toEqual(['made/2#3 passed'])
  })

  test('a source that makes no cases is a problem, and the others are asked', async () => {
    const { results, problems, ending } = await campaign([source('nothing', 1), source('plain', 1)])
    expect(problems).toEqual(['CAMPAIGN_SOURCE: the module exports no such function (nothing seed 1)'])
    expect(results).toHaveLength(10)
    expect(ending.unreadable).toBe(1)
  })

  // Threads end in these: they come last, so that the others need not start new ones.
  test('a case that ends its thread and one that never ends fail alone', async () => {
    const { results } = await campaign([source('troubled', 1)], { casesPerShard: 10, timeLimitMs: 2000 })
    expect(results.map(brief)).toEqual(
      Array.from({ length: 10 }, (_, n) => {
        const came = { 3: 'failed crash', 6: 'failed timeout' }[n] ?? 'passed'
        return `made/1#${n} ${came}`
      }),
    )
    expect(results[6]?.detail).toBe('no answer within 2 s')
    expect(results[3]?.detail).toMatch(/^the thread ended: /)
  })

  test('what is stopped tells what it has', async () => {
    const stop = new AbortController()
    const { results, ending } = await campaign([source('slow', 1), source('slow', 2)], {
      signal: stop.signal,
      until: (done) => {
        if (done === 3) stop.abort()
      },
    })
    expect(ending.partial).toBe(true)
    expect(ending.results).toBe(results.length)
    expect(results.length).toBeGreaterThanOrEqual(3)
    expect(results.length).toBeLessThan(10)
  })
})
