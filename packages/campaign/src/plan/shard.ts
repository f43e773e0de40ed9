import { createHash } from 'node:crypto'
import { type CaseSource, sourceName } from './case-source.ts'

/** Who is asked, what for, and for how long. */
export interface Questioning {
  readonly engines: readonly string[]
  readonly oracle?: 'kernel'
  /** What one engine may take for one case, wall time. */
  readonly timeLimitMs: number
  /** Release by whose rules the emulated kernel judges; its default without it. */
  readonly profile?: string
  /** Part of the ids or names of cases that are asked; others are passed over. */
  readonly filter?: string
}

/** A stretch of the cases of one source: what a worker takes at a time, plain JSON. */
export interface Shard extends Questioning {
  /** The same for the same questions: enqueued twice, it is one job. */
  readonly key: string
  readonly source: CaseSource
  /** Of what the source was when it was planned. */
  readonly digest: string
  /** Index of the first case, and of the one after the last. */
  readonly from: number
  readonly to: number
}

/** How many cases a source has: what planning a campaign reads it for. */
export interface Inspection {
  readonly source: CaseSource
  readonly digest: string
  /** What there is to ask: a case that is asked with several privileges counts as often. */
  readonly questions: number
  /** The same, as far as the filter lets them through. */
  readonly wanted: number
  /** Cases, of those that the filter lets through. */
  readonly cases: number
  /** What could not be read, a line each. */
  readonly problems: readonly string[]
}

/** Questions a shard: each costs a message, and a reading of its file where a worker has not read it yet. */
export const CASES_PER_SHARD = 48

/** Cuts what was inspected into shards, in order. A source without wanted cases needs none. */
export function cutShards(
  inspections: readonly Inspection[],
  questioning: Questioning,
  casesPerShard: number = CASES_PER_SHARD,
): Shard[] {
  return inspections.flatMap(({ source, digest, questions, wanted }) => {
    if (wanted === 0) return []
    const count = Math.ceil(questions / casesPerShard)
    return Array.from({ length: count }, (_, n) => {
      const from = n * casesPerShard
      return makeShard({ ...questioning, source, digest }, from, Math.min(questions, from + casesPerShard))
    })
  })
}

/** A shard's cases, a shard each; none of one that is a single case. */
export function singles(shard: Shard): Shard[] {
  const { from, to } = shard
  if (to - from < 2) return []
  return Array.from({ length: to - from }, (_, n) => makeShard(shard, from + n, from + n + 1))
}

/** For people: `lib/test_bpf.c, cases 48 to 95`. */
export function shardName({ source, from, to }: Shard): string {
  return `${sourceName(source)}, cases ${from} to ${to - 1}`
}

function makeShard(of: Omit<Shard, 'key' | 'from' | 'to'>, from: number, to: number): Shard {
  const { source, digest, engines, oracle, timeLimitMs, profile, filter } = of
  // Where a tree lies is each machine's own affair.
  const place = source.kind === 'kernel-tree' ? { ...source, folder: '' } : source
  const asked = JSON.stringify([place, digest, from, to, engines, oracle, timeLimitMs, profile, filter])
  const key = createHash('sha256').update(asked).digest('hex').slice(0, 24)
  const optional = {
    ...(oracle === undefined ? {} : { oracle }),
    ...(profile === undefined ? {} : { profile }),
    ...(filter === undefined ? {} : { filter }),
  }
  return { key, source, digest, from, to, engines, timeLimitMs, ...optional }
}
