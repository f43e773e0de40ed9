import { setMaxListeners } from 'node:events'
import { Piscina } from 'piscina'
import work, { type CardReply, type CardTask } from './card-worker.ts'

export interface TeamOptions {
  readonly threads: number
  readonly signal: AbortSignal
  /** How many tasks are done. */
  readonly onProgress?: (done: number, all: number) => void
}

/**
 * Does tasks on worker threads, answers in the order of the tasks. A card's figures depend on nothing but its task, so they
 * are the same for any number of threads. Stopped, it answers what is done.
 */
export async function workTogether(tasks: readonly CardTask[], options: TeamOptions): Promise<CardReply[]> {
  const { threads, signal, onProgress } = options
  let done = 0
  const count = (reply: CardReply): CardReply => {
    onProgress?.(++done, tasks.length)
    return reply
  }
  if (threads === 1) return await inTurn(tasks, signal, count)
  const pool = createPool(threads)
  // One a task: more than ten are no leak.
  setMaxListeners(0, signal)
  try {
    const replies = await Promise.all(
      tasks.map((task) => pool.run(task, { signal }).then(count as (reply: unknown) => CardReply, aborted)),
    )
    return replies.filter((reply) => reply !== undefined)
  } finally {
    await pool.destroy()
  }

  function aborted(error: unknown): undefined {
    if (!signal.aborted) throw error
    return undefined
  }
}

async function inTurn(
  tasks: readonly CardTask[],
  signal: AbortSignal,
  count: (reply: CardReply) => CardReply,
): Promise<CardReply[]> {
  const replies: CardReply[] = []
  for (const task of tasks) {
    if (signal.aborted) break
    replies.push(count(work(task)))
    // Lets Ctrl-C through.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return replies
}

function createPool(threads: number): Piscina {
  const source = import.meta.url.endsWith('.ts')
  return new Piscina({
    filename: new URL(source ? './card-worker.ts' : './card-worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    // Node 20 can't run TypeScript itself; from source the workspace's hook strips the types.
    ...(source ? { execArgv: sourceArguments() } : {}),
  })
}

function sourceArguments(): string[] {
  const hook = new URL('../../../../../tools/typescript-hook/register.mjs', import.meta.url).href
  return ['--import', hook, '--conditions=source']
}
