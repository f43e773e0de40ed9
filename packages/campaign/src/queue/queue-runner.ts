import type { Job, Queue } from 'bullmq'
import type { ShardPool } from '../embedded/shard-pool.ts'
import { type Shard, singles } from '../plan/shard.ts'
import type { Runner, ShardSink } from '../runner.ts'
import type { ShardItem } from '../shard/run-shard.ts'
import {
  CampaignRegistry,
  isConnectionError,
  KEY_PREFIX,
  requireCampaignName,
  unreachable,
} from './campaign-registry.ts'
import { parseQueueUrl, type QueueAddress, RECONNECTS, retryStrategy } from './queue-address.ts'
import { isLost, type ShardOutcome, unpackError } from './shard-job.ts'

/** What a queue's coordinator is made with. */
export interface QueueRunnerOptions {
  /** {@link parseQueueUrl} */
  readonly url: string
  /** Names the queue. Who starts a campaign of the same name again, takes up what its workers did meanwhile. */
  readonly campaign: string
  /** For cases that workers die of. */
  readonly pool: ShardPool
}

/** A worker that can't read a shard's source leaves it to others, so often. */
const ATTEMPTS = 3
const RETRY_MS = 1000
/** Jobs taken off the queue at a time: their results are the largest messages. */
const TAKEN_AT_ONCE = 8
const POLL_MS = 100

/** Which shard a job is of, or is a part of. */
interface Pending {
  readonly shard: Shard
  readonly index: number
}

/** A shard of which parts are still out. */
interface Parts {
  out: number
  readonly items: ShardItem[]
}

/**
 * Has shards run by the workers of a queue on Redis, on this machine or others.
 *
 * @see serveQueue
 * @throws CampaignError CAMPAIGN_QUEUE_URL, CAMPAIGN_QUEUE_NAME, CAMPAIGN_QUEUE_UNREACHABLE
 */
export async function queueRunner({ url, campaign, pool }: QueueRunnerOptions): Promise<Runner> {
  const address = parseQueueUrl(url)
  requireCampaignName(campaign)
  const registry = await CampaignRegistry.open(address)
  return {
    name: `queue ${address.name}`,
    async run(shards, sink, signal) {
      const queue = await openQueue(address, campaign)
      try {
        await new Coordinator(queue, pool, sink, signal).run(shards, () => registry.announce(campaign))
        await queue.obliterate({ force: true })
      } catch (cause) {
        throw isConnectionError(cause) ? unreachable(address.name, cause) : cause
      } finally {
        await registry.withdraw(campaign).catch(() => {})
        await queue.close().catch(() => {})
      }
    },
    close: async () => registry.close(),
  }
}

async function openQueue({ connection }: QueueAddress, campaign: string): Promise<Queue> {
  const { Queue } = await import('bullmq')
  const options = { ...connection, retryStrategy, maxRetriesPerRequest: RECONNECTS }
  const queue = new Queue(campaign, { connection: options, prefix: KEY_PREFIX })
  // What goes wrong is told by the command that waits for it.
  queue.on('error', () => {})
  return queue
}

/** Puts shards on a queue and takes results off it, each once. */
class Coordinator {
  readonly #queue: Queue
  readonly #pool: ShardPool
  readonly #sink: ShardSink
  readonly #signal: AbortSignal
  /** By the key of the shard, which is the job's id. */
  readonly #pending = new Map<string, Pending>()
  readonly #parts = new Map<number, Parts>()

  constructor(queue: Queue, pool: ShardPool, sink: ShardSink, signal: AbortSignal) {
    this.#queue = queue
    this.#pool = pool
    this.#sink = sink
    this.#signal = signal
  }

  async run(shards: readonly Shard[], announce: () => Promise<void>): Promise<void> {
    await this.#enqueue(shards.map((shard, index) => ({ shard, index })))
    await announce()
    while (this.#pending.size > 0 && !this.#signal.aborted) {
      const jobs = await this.#queue.getJobs(['completed', 'failed'], 0, TAKEN_AT_ONCE - 1)
      for (const job of jobs) await this.#take(job)
      if (jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  async #enqueue(all: readonly Pending[]): Promise<void> {
    for (const one of all) {
      const parts = this.#parts.get(one.index) ?? { out: 0, items: [] }
      parts.out++
      this.#parts.set(one.index, parts)
      this.#pending.set(one.shard.key, one)
    }
    const options = { attempts: ATTEMPTS, backoff: { type: 'fixed', delay: RETRY_MS } }
    await this.#queue.addBulk(
      all.map(({ shard }) => ({ name: 'shard', data: shard, opts: { ...options, jobId: shard.key } })),
    )
  }

  /** A job that is over leaves the queue. One that nobody waits for is of a campaign of this name before. */
  async #take(job: Job): Promise<void> {
    await job.remove()
    const pending = this.#pending.get(job.id ?? '')
    if (pending === undefined) return
    this.#pending.delete(pending.shard.key)
    if (job.failedReason !== undefined && job.failedReason !== '') return this.#failed(pending, job.failedReason)
    this.#finish(pending, (job.returnvalue as ShardOutcome).items)
  }

  async #failed(pending: Pending, reason: string): Promise<void> {
    if (!isLost(reason)) {
      this.#parts.delete(pending.index)
      this.#sink.unreadable(pending.index, unpackError(reason))
      return
    }
    const { shard, index } = pending
    const parts = singles(shard)
    if (parts.length === 0) return this.#finish(pending, await this.#deadly(shard))
    await this.#enqueue(parts.map((part) => ({ shard: part, index })))
    this.#finish(pending, [])
  }

  /** The result of a case that its workers died of, and nobody is asked for any more. */
  async #deadly(shard: Shard): Promise<ShardItem[]> {
    const items: ShardItem[] = []
    const lost = { index: shard.from, reason: 'crash', detail: 'the worker processes that ran it ended' } as const
    await this.#pool.run(shard, (item) => items.push(item), this.#signal, [lost])
    return items
  }

  #finish({ index }: Pending, items: readonly ShardItem[]): void {
    const parts = this.#parts.get(index)
    if (parts === undefined) return
    parts.items.push(...items)
    parts.out--
    if (parts.out > 0) return
    this.#parts.delete(index)
    for (const item of parts.items.sort((a, b) => a.index - b.index)) this.#sink.result(index, item)
    this.#sink.finished(index)
  }
}
