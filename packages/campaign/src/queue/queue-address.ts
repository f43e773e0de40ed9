import { CampaignError } from '../campaign-error.ts'

/** Where a Redis answers. */
export interface QueueAddress {
  /** As the user gave it, without the password: for messages. */
  readonly name: string
  /** What both of its clients here are opened with. */
  readonly connection: QueueConnection
}

interface QueueConnection {
  readonly host?: string
  readonly port?: number
  /** A Unix socket. */
  readonly path?: string
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: object
}

const DEFAULT_PORT = 6379
/** A server that is started anew is waited for so long. */
export const RECONNECTS = 20
const RECONNECT_MS = 500

/** When a client that has lost its server looks for it again; null: not any more. */
export function retryStrategy(times: number): number | null {
  return times <= RECONNECTS ? RECONNECT_MS : null
}

/** Of a Redis with its default settings, and more. */
const MOST_DB = 1_000_000

/**
 * Reads `redis://[USER[:PASSWORD]@]HOST[:PORT][/DB]`, `rediss://` for TLS, `unix:///PATH[?db=DB]`.
 *
 * @see https://www.iana.org/assignments/uri-schemes/prov/redis
 * @throws CampaignError CAMPAIGN_QUEUE_URL
 */
export function parseQueueUrl(text: string): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'unix:' && url.pathname.length > 1) {
    const db = database(text, url.searchParams.get('db') ?? '0')
    return { name: text, connection: { path: decodeURIComponent(url.pathname), db } }
  }
  const secure = url?.protocol === 'rediss:'
  if (url === undefined || url.hostname === '' || !(secure || url.protocol === 'redis:')) throw wrongUrl(text)
  const name = new URL(text)
  name.password = ''
  return { name: name.href, connection: { ...connectionOf(text, url), ...(secure ? { tls: {} } : {}) } }
}

function connectionOf(text: string, { hostname, port, username, password, pathname }: URL): QueueConnection {
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORT : Number(port),
    db: database(text, pathname.replace(/^\//, '') || '0'),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }
}

function database(url: string, text: string): number {
  const db = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (db <= MOST_DB) return db
  throw wrongUrl(url)
}

function wrongUrl(got: string): CampaignError {
  return new CampaignError({
    code: 'CAMPAIGN_QUEUE_URL',
    message: 'no address of a queue',
    got,
    expected: 'redis://HOST[:PORT][/DB], rediss://HOST or unix:///PATH',
    hint: 'redis-server listens on redis://localhost:6379/0',
  })
}
