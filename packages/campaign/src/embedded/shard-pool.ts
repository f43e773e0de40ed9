import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Diagnostic, type DiagnosticJson } from '@bpfoundry/diagnostics'
import { CampaignError } from '../campaign-error.ts'
import { judgeNames } from '../judge/judge-names.ts'
import { type CaseSource, sourceName } from '../plan/case-source.ts'
import type { Inspection, Shard } from '../plan/shard.ts'
import type { LostAnswer } from '../shard/ask-case.ts'
import type { ShardItem, ShardTask } from '../shard/run-shard.ts'
import { type ThreadEnding, ThreadPool, type TimeLimit } from './thread-pool.ts'

/** Reading the largest file takes seconds, a compiler more of them, and on a machine that is busy it may be a minute. */
const READING_LIMIT_MS = 180_000
/** A file at whose reading two threads were lost is not read. */
const READINGS = 2

/**
 * Runs shards in worker threads. What a case does to its thread, taking too long or ending it, is that case's answer; the
 * rest of the shard goes on in another thread.
 */
export class ShardPool {
  readonly jobs: number
  readonly #threads: ThreadPool

  constructor(jobs: number) {
    this.jobs = jobs
    this.#threads = new ThreadPool(jobs)
  }

  /** @throws Diagnostic where the source can't be read; undefined when the signal aborted */
  async inspect(source: CaseSource, filter: string | undefined, signal: AbortSignal): Promise<Inspection | undefined> {
    const limit = (): number => READING_LIMIT_MS
    const ending = await this.#threads.work({ kind: 'inspect', source, filter }, { limit, signal })
    if (ending.kind === 'inspected') return ending.inspection
    if (ending.kind === 'aborted') return undefined
    throw readingError(source, ending)
  }

  /**
   * Runs a shard to its end, however many threads it takes.
   *
   * @param lost what is known to be lost already
   * @throws Diagnostic where the source can't be read
   */
  async run(
    shard: Shard,
    emit: (item: ShardItem) => void,
    signal: AbortSignal,
    lost: readonly LostAnswer[] = [],
  ): Promise<void> {
    let task: ShardTask = { shard, from: shard.from, lost }
    let readings = 0
    while (true) {
      const { ending, from } = await this.#attempt(task, emit, signal)
      if (ending.kind === 'ran' || ending.kind === 'aborted') return
      const answer = ending.kind === 'timeout' || ending.kind === 'crash' ? lostAnswer(shard, ending) : undefined
      if (answer === undefined && (ending.kind === 'refused' || ++readings === READINGS)) {
        throw readingError(shard.source, ending)
      }
      task = { shard, from, lost: answer === undefined ? task.lost : withLost(task.lost, answer) }
    }
  }

  async close(): Promise<void> {
    await this.#threads.close()
  }

  /** One thread's try. @returns how it ended, and the first case without a result */
  async #attempt(
    task: ShardTask,
    emit: (item: ShardItem) => void,
    signal: AbortSignal,
  ): Promise<{ ending: ThreadEnding; from: number }> {
    const { port1, port2 } = new MessageChannel()
    let { from } = task
    const take = (item: ShardItem): void => {
      // Also what was under way when its thread was given up.
      if (item.index < from) return
      from = item.index + 1
      emit(item)
    }
    port1.on('message', take)
    const limit: TimeLimit = ({ index }) => (index === undefined ? READING_LIMIT_MS : task.shard.timeLimitMs)
    const options = { limit, signal, transfer: [port2] }
    const ending = await this.#threads.work({ kind: 'run', task, port: port2 }, options)
    port1.off('message', take)
    for (const item of waiting(port1)) take(item)
    port1.close()
    return { ending, from }
  }
}

/** Who loses the same answer twice can't give the case up to it: then nobody is asked. */
function withLost(known: readonly LostAnswer[], answer: LostAnswer): LostAnswer[] {
  const again = known.some(({ index, judge }) => index === answer.index && judge === answer.judge)
  const { judge: _, ...whole } = answer
  return [...known, again ? whole : answer]
}

/** What a thread said before it ended. */
function* waiting(port: MessagePort): Generator<ShardItem> {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    yield next.message as ShardItem
  }
}

/** The answer that was lost with a thread; undefined where it was not at a case yet. */
function lostAnswer(
  shard: Shard,
  { kind, where, message }: Extract<ThreadEnding, { readonly where: unknown }>,
): LostAnswer | undefined {
  if (where.index === undefined) return undefined
  const judge = [undefined, ...judgeNames(shard)][where.asked]
  const detail = kind === 'timeout' ? `no answer within ${shard.timeLimitMs / 1000} s` : `the thread ended: ${message}`
  return { index: where.index, reason: kind, detail, ...(judge === undefined ? {} : { judge }) }
}

function readingError(source: CaseSource, ending: ThreadEnding): Diagnostic {
  if (ending.kind === 'refused') return new Diagnostic(ending.error)
  const fields: Omit<DiagnosticJson, 'code' | 'message'> = { where: { input: sourceName(source) } }
  const what = ending.kind === 'timeout' ? `took more than ${READING_LIMIT_MS / 1000} s` : 'ended its thread'
  const got = 'message' in ending ? { got: ending.message } : {}
  return new CampaignError({ code: 'CAMPAIGN_READING', message: `reading the file ${what}`, ...fields, ...got })
}
