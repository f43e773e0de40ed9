import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Redis of a test's own, on a Unix socket in a folder of its own. */
export interface RedisServer {
  readonly url: string
  stop(): Promise<void>
}

/** How long one may take to start on a machine that is busy. */
const START_MS = 10_000

/** Starts a server that keeps nothing; or why there is none. */
export async function startRedis(): Promise<RedisServer | { readonly missing: string }> {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
  } catch {
    return { missing: 'redis-server is not installed (Debian: apt-get install redis-server)' }
  }
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-redis-'))
  const socket = join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder]
  const server = spawn('redis-server', options, { stdio: 'ignore' })
  const started = performance.now()
  while (!existsSync(socket)) {
    if (performance.now() - started > START_MS || server.exitCode !== null) {
      return { missing: 'redis-server does not start' }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { url: `unix://${socket}`, stop: () => stop(server, folder) }
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill()
  await ended
  rmSync(folder, { recursive: true, force: true })
}
