import type { MessagePort } from 'node:worker_threads'
import { type DiagnosticJson, isDiagnostic } from '@bpfoundry/diagnostics'
import { Judges } from '../judge/judges.ts'
import type { CaseSource } from '../plan/case-source.ts'
import type { Inspection } from '../plan/shard.ts'
import { SourceReader } from '../plan/source-reader.ts'
import { CaseMark } from '../shard/case-mark.ts'
import { runShard, type ShardRoom, type ShardTask } from '../shard/run-shard.ts'

/** Memory in which a thread marks where it is. */
interface Marked {
  readonly startMs: number
  readonly mark: SharedArrayBuffer
}

/** Work of a thread: read a source, or run a shard, whose results come through `port`. */
export type WorkerTask = Marked &
  (
    | { readonly kind: 'inspect'; readonly source: CaseSource; readonly filter: string | undefined }
    | { readonly kind: 'run'; readonly task: ShardTask; readonly port: MessagePort }
  )

/** What a thread says when it is through. Errors lose their class on the way, so they go as data. */
export type WorkerReply =
  | { readonly kind: 'inspected'; readonly inspection: Inspection }
  | { readonly kind: 'ran' }
  | { readonly kind: 'refused'; readonly error: DiagnosticJson }

const room: ShardRoom = { reader: new SourceReader(), judges: new Judges() }

/** Called by the pool, once a task. */
export default async function work(task: WorkerTask): Promise<WorkerReply> {
  const mark = new CaseMark(task.startMs, task.mark)
  mark.reading()
  try {
    if (task.kind === 'inspect') {
      return { kind: 'inspected', inspection: await room.reader.inspect(task.source, task.filter) }
    }
    const { port } = task
    await runShard(task.task, room, mark, (item) => port.postMessage(item))
    return { kind: 'ran' }
  } catch (error) {
    if (!isDiagnostic(error)) throw error
    return { kind: 'refused', error: error.toJSON() }
  }
}
