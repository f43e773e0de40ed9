import type { Redis } from 'ioredis'
import { CampaignError } from '../campaign-error.ts'
import { type QueueAddress, RECONNECTS, retryStrategy } from './queue-address.ts'

/** Before every key in Redis, also of BullMQ. */
export const KEY_PREFIX = 'bpfoundry'
/** Names of campaigns that there may be. */
const CAMPAIGNS = `${KEY_PREFIX}:campaigns`
/** A campaign whose coordinator says nothing for so long has none. */
const SILENCE_S = 60
/** How often it says something. */
const HEARTBEAT_MS = 10_000
const CONNECT_MS = 5000

/** Which campaigns there are: how workers, who are started before or after them, find their queues. */
export class CampaignRegistry {
  readonly #redis: Redis
  readonly #heartbeats = new Map<string, NodeJS.Timeout>()

  private constructor(redis: Redis) {
    this.#redis = redis
  }

  /** @throws CampaignError CAMPAIGN_QUEUE_UNREACHABLE */
  static async open(address: QueueAddress): Promise<CampaignRegistry> {
    const { name, connection } = address
    // Read where it is needed: who has no queue does not wait for its modules.
    const { Redis } = await import('ioredis')
    let connected = false
    const redis = new Redis({
      ...connection,
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      maxRetriesPerRequest: RECONNECTS,
      // One that was never there is not waited for.
      retryStrategy: (times) => (connected ? retryStrategy(times) : null),
    })
    // What goes wrong is told by the command that waits for it.
    redis.on('error', () => {})
    try {
      await redis.connect()
      await redis.ping()
      connected = true
    } catch (cause) {
      redis.disconnect()
      throw unreachable(name, cause)
    }
    return new CampaignRegistry(redis)
  }

  /** Tells workers of a campaign, until it is {@link withdraw}n or its process is gone. */
  async announce(campaign: string): Promise<void> {
    await this.#beat(campaign)
    await this.#redis.sadd(CAMPAIGNS, campaign)
    const timer = setInterval(() => void this.#beat(campaign).catch(() => {}), HEARTBEAT_MS)
    this.#heartbeats.set(campaign, timer.unref())
  }

  async withdraw(campaign: string): Promise<void> {
    clearInterval(this.#heartbeats.get(campaign))
    this.#heartbeats.delete(campaign)
    await this.#redis.srem(CAMPAIGNS, campaign)
    await this.#redis.del(aliveKey(campaign))
  }

  /** Campaigns with a coordinator. */
  async list(): Promise<string[]> {
    const names = await this.#redis.smembers(CAMPAIGNS)
    const alive = await Promise.all(names.map((name) => this.#redis.exists(aliveKey(name))))
    return names.filter((_, index) => alive[index] === 1).sort()
  }

  close(): void {
    for (const timer of this.#heartbeats.values()) clearInterval(timer)
    this.#redis.disconnect()
  }

  async #beat(campaign: string): Promise<void> {
    await this.#redis.set(aliveKey(campaign), '1', 'EX', SILENCE_S)
  }
}

const aliveKey = (campaign: string): string => `${KEY_PREFIX}:alive:${campaign}`

/** Whether a client of Redis has lost it. */
export function isConnectionError(cause: unknown): boolean {
  return cause instanceof Error && /ECONN|ENOENT|closed|MaxRetries/.test(`${cause.name} ${cause.message}`)
}

/** The error of a Redis that does not answer. */
export function unreachable(name: string, cause: unknown): CampaignError {
  return new CampaignError({
    code: 'CAMPAIGN_QUEUE_UNREACHABLE',
    message: `no Redis answers: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: { input: name },
    hint: 'start redis-server there, or run without --queue: threads of this machine need no server',
    cause,
  })
}

/**
 * A campaign's name becomes part of keys.
 *
 * @throws CampaignError CAMPAIGN_QUEUE_NAME
 */
export function requireCampaignName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name)) return name
  throw new CampaignError({
    code: 'CAMPAIGN_QUEUE_NAME',
    message: 'no name for a campaign',
    got: name,
    expected: 'up to 64 letters, digits, dots, dashes and underscores',
  })
}
