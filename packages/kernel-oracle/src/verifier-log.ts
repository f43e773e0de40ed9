/** What the verifier counted, from the last lines of its log (log level 4). */
export interface VerifierStatistics {
  readonly insnsProcessed: number
  readonly maxStatesPerInsn: number
  readonly totalStates: number
  readonly peakStates: number
  /** By subprogram, in order. */
  readonly stackDepthBytes: readonly number[]
  /** Undefined where the log doesn't tell. */
  readonly verificationTimeUs: number | undefined
}

const COUNTS = /processed (\d+) insns \(limit \d+\) max_states_per_insn (\d+) total_states (\d+) peak_states (\d+)/
const TIME = /^verification time (\d+) usec/m
const DEPTH = /^stack depth ([\d+]+)/m

/** Undefined where the log has no statistics: at a low log level, or when the verifier did not get that far. */
export function readStatistics(log: string): VerifierStatistics | undefined {
  const tail = log.slice(-2048)
  const counts = COUNTS.exec(tail)
  if (counts === null) return undefined
  const [insnsProcessed = 0, maxStatesPerInsn = 0, totalStates = 0, peakStates = 0] = counts.slice(1).map(Number)
  const depths = DEPTH.exec(tail)?.[1]?.split('+').map(Number) ?? []
  const time = TIME.exec(tail)?.[1]
  const verificationTimeUs = time === undefined ? undefined : Number(time)
  return { insnsProcessed, maxStatesPerInsn, totalStates, peakStates, stackDepthBytes: depths, verificationTimeUs }
}
