import type { CaseResult } from '@bpfoundry/conformance'
import type { Judges } from '../judge/judges.ts'
import type { Shard } from '../plan/shard.ts'
import { isWanted, type SourceReader } from '../plan/source-reader.ts'
import { askCase, type LostAnswer } from './ask-case.ts'
import type { CaseMark } from './case-mark.ts'

/** A result, and which case of the source it is of. */
export interface ShardItem {
  readonly index: number
  readonly result: CaseResult
}

/** What a thread keeps from shard to shard. */
export interface ShardRoom {
  readonly reader: SourceReader
  readonly judges: Judges
}

/** A shard as a thread is given it: perhaps once more, after a thread was lost in it. */
export interface ShardTask {
  readonly shard: Shard
  /** Cases below it are done. */
  readonly from: number
  readonly lost: readonly LostAnswer[]
}

/** Asks the cases of a shard, one after the other; each is made, asked and forgotten. */
export async function runShard(
  { shard, from, lost }: ShardTask,
  { reader, judges }: ShardRoom,
  mark: CaseMark,
  emit: (item: ShardItem) => void,
): Promise<void> {
  mark.reading()
  const { cases } = await reader.read(shard.source, shard.digest)
  for (let index = from; index < Math.min(shard.to, cases.length); index++) {
    const one = cases[index]
    if (one === undefined || !isWanted(one, shard.filter)) continue
    const result = await askCase(one, {
      questioning: shard,
      judges,
      lost: lost.filter((answer) => answer.index === index),
      step: (asked) => mark.at(index, asked),
    })
    emit({ index, result })
  }
}
