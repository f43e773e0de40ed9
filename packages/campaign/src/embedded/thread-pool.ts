import { setMaxListeners } from 'node:events'
import type { Transferable } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { waitAtMost } from '../deadline.ts'
import { CaseMark, type Whereabouts } from '../shard/case-mark.ts'
import type { WorkerReply, WorkerTask } from './shard-worker.ts'

/** How a thread's work ended. */
export type ThreadEnding =
  | Exclude<WorkerReply, { readonly kind: 'refused' }>
  | Extract<WorkerReply, { readonly kind: 'refused' }>
  /** Nobody waits for it any more. */
  | { readonly kind: 'aborted' }
  /** The thread is gone, and `where` it was. */
  | { readonly kind: 'timeout' | 'crash'; readonly where: Whereabouts; readonly message: string }

/** How long a thread may be where it is. */
export type TimeLimit = (where: Whereabouts) => number

/** A task without what the pool adds. */
export type PoolTask = WorkerTask extends infer Task
  ? Task extends WorkerTask
    ? Omit<Task, 'startMs' | 'mark'>
    : never
  : never

/** How often a thread is looked at. */
const WATCH_MS = 50
/** A thread that does not end, for machine code without end stops for nothing, is left behind. */
const CLOSE_MS = 2000

/** Worker threads, each watched while it works: one that takes too long is ended, and another takes its place. */
export class ThreadPool {
  readonly #pool: Piscina
  readonly #startMs = Date.now()

  constructor(jobs: number) {
    const source = import.meta.url.endsWith('.ts')
    this.#pool = new Piscina({
      filename: new URL(source ? './shard-worker.ts' : './shard-worker.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: jobs,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Node 20 can't run TypeScript itself; from source the workspace's hook strips the types.
      ...(source ? { execArgv: sourceArguments() } : {}),
    })
  }

  /** Has one thread do a task; never rejects. */
  async work(
    task: PoolTask,
    { limit, signal, transfer = [] }: { limit: TimeLimit; signal: AbortSignal; transfer?: readonly Transferable[] },
  ): Promise<ThreadEnding> {
    if (signal.aborted) return { kind: 'aborted' }
    const mark = new CaseMark(this.#startMs)
    const stop = new AbortController()
    const abort = (): void => stop.abort()
    let late: Whereabouts | undefined
    const watch = setInterval(() => {
      const where = mark.read()
      if (where.forMs <= limit(where)) return
      late = where
      abort()
    }, WATCH_MS)
    // One a thread: more than ten are no leak.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', abort)
    try {
      const whole = { ...task, startMs: this.#startMs, mark: mark.buffer } as WorkerTask
      return (await this.#pool.run(whole, { signal: stop.signal, transferList: [...transfer] })) as WorkerReply
    } catch (error) {
      if (late !== undefined) return { kind: 'timeout', where: late, message: 'timeout' }
      if (signal.aborted) return { kind: 'aborted' }
      return { kind: 'crash', where: mark.read(), message: error instanceof Error ? error.message : String(error) }
    } finally {
      clearInterval(watch)
      signal.removeEventListener('abort', abort)
    }
  }

  async close(): Promise<void> {
    await waitAtMost(CLOSE_MS, this.#pool.destroy())
  }
}

function sourceArguments(): string[] {
  const hook = new URL('../../../../tools/typescript-hook/register.mjs', import.meta.url).href
  return ['--import', hook, '--conditions=source']
}
