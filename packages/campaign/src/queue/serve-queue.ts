import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { Job, Worker } from 'bullmq'
import { waitAtMost } from '../deadline.ts'
import { ShardPool } from '../embedded/shard-pool.ts'
import type { CaseSource } from '../plan/case-source.ts'
import { type Shard, shardName } from '../plan/shard.ts'
import type { ShardItem } from '../shard/run-shard.ts'
import {
  CampaignRegistry,
  isConnectionError,
  KEY_PREFIX,
  requireCampaignName,
  unreachable,
} from './campaign-registry.ts'
import { parseQueueUrl, type QueueAddress, retryStrategy } from './queue-address.ts'
import { packError, type ShardOutcome } from './shard-job.ts'

/** What a worker of a queue is made with. */
export interface QueueWorkerOptions {
  /** {@link parseQueueUrl} */
  readonly url: string
  /** This machine's copy of the tree; without it shards of trees are left to others. */
  readonly kernelTree?: string
  /** Modules whose cases this worker runs: code of others is not run because a queue says so. */
  readonly modules?: readonly string[]
  /** Shards at a time, a thread each. */
  readonly jobs: number
  /** Serves this campaign and ends with it; without it all that come, until `signal`. */
  readonly campaign?: string
  readonly signal: AbortSignal
  /** Of a worker that says nothing for so long the others take over; 15 s by default. */
  readonly takeOverMs?: number
  /** Told in lines, for people. */
  readonly say?: (text: string) => void
}

const TAKE_OVER_MS = 15_000
/** How often campaigns are looked for. */
const LOOK_MS = 300
/** How long a worker may take to give back what it has. */
const CLOSE_MS = 5000
/** A shard that has lost more workers than this is cut into its cases; one of a single case has the blame. */
const WORKERS_A_SHARD = 1

/**
 * Runs shards that campaigns put on a queue, until told to stop. A worker may come and go at any time: what it had in hand
 * is run by others.
 *
 * @throws CampaignError CAMPAIGN_QUEUE_URL, CAMPAIGN_QUEUE_UNREACHABLE
 */
export async function serveQueue(options: QueueWorkerOptions): Promise<void> {
  const address = parseQueueUrl(options.url)
  if (options.campaign !== undefined) requireCampaignName(options.campaign)
  const registry = await CampaignRegistry.open(address)
  const pool = new ShardPool(options.jobs)
  const service = new Service(address, pool, options)
  try {
    await service.run(registry)
  } catch (cause) {
    throw isConnectionError(cause) ? unreachable(address.name, cause) : cause
  } finally {
    await service.closeAll()
    registry.close()
    await pool.close()
  }
}

class Service {
  readonly #address: QueueAddress
  readonly #pool: ShardPool
  readonly #options: QueueWorkerOptions
  readonly #workers = new Map<string, Worker>()

  constructor(address: QueueAddress, pool: ShardPool, options: QueueWorkerOptions) {
    this.#address = address
    this.#pool = pool
    this.#options = options
  }

  async run(registry: CampaignRegistry): Promise<void> {
    const { signal, campaign: only } = this.#options
    let seen = false
    while (!signal.aborted) {
      const campaigns = (await registry.list()).filter((name) => only === undefined || name === only)
      seen ||= campaigns.length > 0
      for (const name of campaigns) if (!this.#workers.has(name)) await this.#open(name)
      for (const name of this.#workers.keys()) if (!campaigns.includes(name)) await this.#close(name)
      if (only !== undefined && seen && campaigns.length === 0) return
      await pause(LOOK_MS, signal)
    }
  }

  async closeAll(): Promise<void> {
    for (const name of this.#workers.keys()) await this.#close(name)
  }

  async #open(campaign: string): Promise<void> {
    const { Worker } = await import('bullmq')
    const { jobs, takeOverMs = TAKE_OVER_MS } = this.#options
    const worker = new Worker(campaign, (job: Job, token?: string) => this.#work(job, token), {
      connection: { ...this.#address.connection, maxRetriesPerRequest: null, retryStrategy },
      prefix: KEY_PREFIX,
      concurrency: jobs,
      lockDuration: takeOverMs,
      stalledInterval: takeOverMs,
      maxStalledCount: WORKERS_A_SHARD,
    })
    // A job that was taken over, or whose campaign has ended, can't be finished: nobody waits for it.
    worker.on('error', () => {})
    this.#workers.set(campaign, worker)
    this.#say(`serving campaign ${campaign}`)
  }

  async #close(campaign: string): Promise<void> {
    const worker = this.#workers.get(campaign)
    this.#workers.delete(campaign)
    if (worker === undefined) return
    // Who has lost its Redis would wait for it.
    await waitAtMost(CLOSE_MS, worker.close())
    await waitAtMost(CLOSE_MS, worker.disconnect())
    this.#say(`campaign ${campaign} has ended here`)
  }

  async #work(job: Job, token: string | undefined): Promise<ShardOutcome> {
    const shard = job.data as Shard
    const { signal } = this.#options
    const items: ShardItem[] = []
    this.#say(shardName(shard))
    try {
      const source = this.#ownSource(shard.source)
      await this.#pool.run({ ...shard, source }, (item) => items.push(item), signal)
    } catch (error) {
      throw isDiagnostic(error) ? packError(error.toJSON()) : error
    }
    if (!signal.aborted) return { items }
    // Given back at once: others need not wait until it is missed.
    const { WaitingError } = await import('bullmq')
    await job.moveToWait(token)
    throw new WaitingError()
  }

  /** The same source on this machine. */
  #ownSource(source: CaseSource): CaseSource {
    const { kernelTree, modules = [] } = this.#options
    if (source.kind === 'kernel-tree' && kernelTree !== undefined) return { ...source, folder: kernelTree }
    if (source.kind === 'module' && modules.includes(source.url)) return source
    const message = source.kind === 'module' ? 'this worker does not run that module' : 'this worker has no kernel tree'
    throw packError({ code: 'CAMPAIGN_SOURCE', message })
  }

  #say(text: string): void {
    this.#options.say?.(text)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
