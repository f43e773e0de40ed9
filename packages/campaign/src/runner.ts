import type { DiagnosticJson } from '@bpfoundry/diagnostics'
import type { Shard } from './plan/shard.ts'
import type { ShardItem } from './shard/run-shard.ts'

/** Who is told what comes of shards. */
export interface ShardSink {
  /** A result of the n-th shard; those of one shard come in order. */
  result(shard: number, item: ShardItem): void
  /** The n-th shard is through. */
  finished(shard: number): void
  /** Nobody could read the n-th shard's source: what is missing of it stays missing. */
  unreadable(shard: number, error: DiagnosticJson): void
}

/** Who has shards run: threads of this process, or workers of a queue. */
export interface Runner {
  /** For people: `2 threads`. */
  readonly name: string
  /** Has every shard run, and tells each result once. Ends early, and silently, when `signal` aborts. */
  run(shards: readonly Shard[], sink: ShardSink, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
