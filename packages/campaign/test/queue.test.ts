import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CaseResult } from '@bpfoundry/conformance'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type CampaignEnding,
  type CaseSource,
  parseQueueUrl,
  queueRunner,
  runCampaign,
  ShardPool,
} from '../src/index.ts'
import { type RedisServer, startRedis } from './redis-server.ts'

const module = new URL('./made-cases.ts', import.meta.url).href
const source = (name: string, seed: number): CaseSource => ({ kind: 'module', url: module, name, seed })

/** Processes start, are missed, and start again: on a machine that is busy that takes its time. */
const PATIENCE_MS = 240_000

const THOROUGH = process.env['CI'] !== undefined

const started = await startRedis()
const pool = new ShardPool(1)
const workers: ChildProcess[] = []

afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL')
  await pool.close()
  if ('stop' in started) await started.stop()
})

/** A worker process; resolves when it serves a campaign or has begun a shard. */
function startWorker(url: string): ChildProcess {
  const hook = new URL('../../../tools/typescript-hook/register.mjs', import.meta.url).href
  const script = fileURLToPath(new URL('./queue-worker.ts', import.meta.url))
  const args = ['--import', hook, '--conditions=source', script, url, module]
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  workers.push(worker)
  return worker
}

interface Run {
  readonly results: readonly CaseResult[]
  readonly ending: CampaignEnding
}

async function campaign(
  url: string,
  name: string,
  sources: readonly CaseSource[],
  onResult?: (done: number) => void,
): Promise<Run> {
  const results: CaseResult[] = []
  const runner = await queueRunner({ url, campaign: name, pool })
  const ending = await runCampaign(
    {
      sources,
      pool,
      runner,
      questioning: { engines: ['interpreter'], timeLimitMs: 30_000 },
      casesPerShard: 4,
    },
    {
      result: (result) => results.push(result),
      problem: (text) => {
        throw new Error(text)
      },
      progress: (done) => onResult?.(done),
    },
  )
  await runner.close()
  return { results, ending }
}

const ids = (name: string, seeds: readonly number[]): string[] =>
  seeds.flatMap((seed) => Array.from({ length: 10 }, (_, n) => `${name}/${seed}#${n}`))

describe.skipIf('missing' in started)(
  `a campaign on a queue${'missing' in started ? `: skipped, ${started.missing}` : ''}`,
  () => {
    let url = ''
    beforeAll(() => {
      ;({ url } = started as RedisServer)
    })

    test('a worker is killed in the middle: every result once, in order, and nothing is left behind', {
      timeout: PATIENCE_MS,
    }, async () => {
      const seeds = [1, 2, 3, 4]
      const [first] = [startWorker(url), startWorker(url)]
      // Killed while it has a shard in hand.
      let killed = false
      first?.stdout?.on('data', (text: Buffer) => {
        if (killed || !String(text).includes('cases')) return
        killed = true
        first.kill('SIGKILL')
      })
      const { results, ending } = await campaign(
        url,
        'killed',
        seeds.map((seed) => source('slow', seed)),
      )
      expect(killed).toBe(true)
      expect(first?.signalCode).toBe('SIGKILL')
      expect(results.map(({ id }) => id)).toEqual(ids('made', seeds))
      expect(results.every(({ outcome }) => outcome === 'passed')).toBe(true)
      expect(ending).toMatchObject({ results: 40, duplicates: 0, partial: false, unreadable: 0 })
      const redis = new Redis({ path: parseQueueUrl(url).connection.path as string })
      expect((await redis.keys('*')).filter((key) => !key.includes('stalled-check'))).toEqual([])
      redis.disconnect()
    })

    test('a case that kills its workers fails alone', { timeout: PATIENCE_MS }, async ({ skip }) => {
      if (!THOROUGH) return skip('four workers die, and each is missed for a while: CI=1 waits for it')
      startWorker(url)
      const keep = setInterval(() => {
        const alive = workers.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        if (alive.length < 2) startWorker(url)
      }, 200)
      const { results } = await campaign(url, 'deadly', [source('deadly', 5)])
      clearInterval(keep)
      expect(results.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual(
        ids('made', [5]).map((id, n) => (n === 2 ? [id, 'failed', 'crash'] : [id, 'passed', undefined])),
      )
    })
  },
)

test('a server that is not there', async () => {
  await expect(campaign('redis://127.0.0.1:1', 'nobody', [source('plain', 1)])).rejects.toMatchObject({
    code: 'CAMPAIGN_QUEUE_UNREACHABLE',
    where: { input: 'redis://127.0.0.1:1' },
  })
})

// biome-ignore format: table
test.each([
  ['redis://localhost',                  { host: 'localhost', port: 6379, db: 0 }],
  ['redis://me:s%40cret@[::1]:6380/3',   { host: '::1', port: 6380, db: 3, username: 'me', password: 's@cret' }],
  ['rediss://queue.example/1',           { host: 'queue.example', port: 6379, db: 1, tls: {} }],
  ['unix:///run/redis.sock?db=2',        { path: '/run/redis.sock', db: 2 }],
])('%s', (url, address) => {
  const { name, connection } = parseQueueUrl(url)
  expect(connection).toEqual(address)
  expect(name).toBe(url.replace(':s%40cret', ''))
})

test.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'redis://h/x', 'unix://'])(
  '%j is no address',
  (url) => {
    expect(() => parseQueueUrl(url)).toThrow(expect.objectContaining({ code: 'CAMPAIGN_QUEUE_URL', got: url }))
  },
)
