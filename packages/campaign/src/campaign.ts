import type { CaseResult } from '@bpfoundry/conformance'
import type { DiagnosticJson } from '@bpfoundry/diagnostics'
import type { ShardPool } from './embedded/shard-pool.ts'
import { threadRunner } from './embedded/thread-runner.ts'
import { type CaseSource, sourceName } from './plan/case-source.ts'
import { inspectSources, type UnreadableSource } from './plan/plan-campaign.ts'
import { ResultOrder } from './plan/result-order.ts'
import { cutShards, type Inspection, type Questioning, type Shard } from './plan/shard.ts'
import type { Runner } from './runner.ts'

/** What a campaign asks: every case of the sources, every engine. */
export interface CampaignOptions {
  readonly sources: readonly CaseSource[]
  readonly questioning: Questioning
  /** Reads the sources, and runs the shards, unless `runner` does. */
  readonly pool: ShardPool
  readonly runner?: Runner
  readonly casesPerShard?: number
  /** Ends it early: what is done by then is the outcome. */
  readonly signal?: AbortSignal
}

/** Who hears of a campaign while it runs. */
export interface CampaignListener {
  /** Sources have been read: what there is to do. */
  planned?(plan: CampaignPlan): void
  /** A result, as soon as there is one, in no order: for progress. */
  progress?(done: number): void
  /** A result, in the order of the plan. */
  result(result: CaseResult): void
  /** What could not be read, with its place; what is missing of it stays missing. */
  problem(text: string): void
}

export interface CampaignPlan {
  readonly inspections: readonly Inspection[]
  readonly shards: readonly Shard[]
  /** Results that there will be. */
  readonly wanted: number
}

/** How a campaign ended. */
export interface CampaignEnding {
  /** Who ran it. */
  readonly runner: string
  /** It was stopped before everything was asked. */
  readonly partial: boolean
  readonly results: number
  /** Sources, and stretches of them, that could not be read. */
  readonly unreadable: number
  /** Results that came twice, of shards that were run again; one of each counts. */
  readonly duplicates: number
  /** Wall clock of reading all sources, and of asking. */
  readonly planMs: number
  readonly runMs: number
}

/** Runs a campaign to its end. Results don't pile up: who listens keeps what it needs. */
export async function runCampaign(options: CampaignOptions, listener: CampaignListener): Promise<CampaignEnding> {
  const { pool, questioning, runner = threadRunner(pool), signal = new AbortController().signal } = options
  const started = performance.now()
  const { inspections, failures } = await inspect(options, signal, listener)
  const shards = cutShards(inspections, questioning, options.casesPerShard)
  const wanted = inspections.reduce((sum, one) => sum + one.wanted, 0)
  listener.planned?.({ inspections, shards, wanted })
  const planned = performance.now()
  const { results, duplicates, unreadable } = await runShards(runner, shards, signal, listener)
  return {
    runner: runner.name,
    partial: signal.aborted,
    results,
    unreadable: failures + unreadable,
    duplicates,
    planMs: planned - started,
    runMs: performance.now() - planned,
  }
}

async function inspect(
  { pool, sources, questioning }: CampaignOptions,
  signal: AbortSignal,
  listener: CampaignListener,
): Promise<{ inspections: Inspection[]; failures: number }> {
  const found = await inspectSources(pool, sources, { filter: questioning.filter, signal })
  const inspections: Inspection[] = []
  let failures = 0
  for (const one of found) {
    if (isUnreadable(one)) {
      failures++
      listener.problem(problemLine(one.source, one.error))
    } else {
      inspections.push(one)
      for (const problem of one.problems) listener.problem(problem)
    }
  }
  return { inspections, failures }
}

const isUnreadable = (one: Inspection | UnreadableSource): one is UnreadableSource => 'error' in one

interface RunCounts {
  readonly results: number
  readonly duplicates: number
  readonly unreadable: number
}

async function runShards(
  runner: Runner,
  shards: readonly Shard[],
  signal: AbortSignal,
  listener: CampaignListener,
): Promise<RunCounts> {
  const order = new ResultOrder(shards.length, (result) => listener.result(result))
  let [results, unreadable] = [0, 0]
  const sink = {
    result: (shard: number, item: Parameters<ResultOrder['add']>[1]) => {
      if (order.add(shard, item)) listener.progress?.(++results)
    },
    finished: (shard: number) => order.finish(shard),
    unreadable: (shard: number, error: DiagnosticJson) => {
      unreadable++
      listener.problem(problemLine((shards[shard] as Shard).source, error))
      order.finish(shard)
    },
  }
  await runner.run(shards, sink, signal)
  order.flush()
  return { results, duplicates: order.duplicates, unreadable }
}

function problemLine(source: CaseSource, { code, message }: DiagnosticJson): string {
  return `${code}: ${message} (${sourceName(source)})`
}
