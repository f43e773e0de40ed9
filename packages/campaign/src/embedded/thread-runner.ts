import { isDiagnostic } from '@bpfoundry/diagnostics'
import { inLanes } from '../lanes.ts'
import type { Shard } from '../plan/shard.ts'
import type { Runner, ShardSink } from '../runner.ts'
import type { ShardPool } from './shard-pool.ts'

/** Runs shards in threads of this process, as many at a time as the pool has. */
export function threadRunner(pool: ShardPool): Runner {
  return {
    name: pool.jobs === 1 ? '1 thread' : `${pool.jobs} threads`,
    run: (shards, sink, signal) =>
      inLanes(shards, pool.jobs, signal, (shard, index) => runOne(pool, shard, index, sink, signal)),
    close: async () => {
      // The pool belongs to who made it.
    },
  }
}

async function runOne(
  pool: ShardPool,
  shard: Shard,
  index: number,
  sink: ShardSink,
  signal: AbortSignal,
): Promise<void> {
  try {
    await pool.run(shard, (item) => sink.result(index, item), signal)
    if (!signal.aborted) sink.finished(index)
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    sink.unreadable(index, error.toJSON())
  }
}
