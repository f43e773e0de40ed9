import type { DiagnosticJson } from '@bpfoundry/diagnostics'
import type { ShardItem } from '../shard/run-shard.ts'

/** What a worker gives back for a shard. */
export interface ShardOutcome {
  readonly items: readonly ShardItem[]
}

/** BullMQ's words for a job whose workers were lost as often as it may be. */
const LOST = 'job stalled more than allowable limit'

/** Whether a job failed because its workers died of it. */
export function isLost(failedReason: string): boolean {
  return failedReason.includes(LOST)
}

/** An error on its way through the queue, which keeps a message only. */
export function packError(error: DiagnosticJson): Error {
  return new Error(JSON.stringify(error))
}

/** The error that {@link packError} packed, or what else it says. */
export function unpackError(failedReason: string): DiagnosticJson {
  try {
    const error = JSON.parse(failedReason) as DiagnosticJson
    if (typeof error.code === 'string' && typeof error.message === 'string') return error
  } catch {
    // A worker's own words.
  }
  return { code: 'CAMPAIGN_READING', message: `a worker failed: ${failedReason}` }
}
