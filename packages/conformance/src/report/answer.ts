import type { FailureReason } from './reasons.ts'

/** What came of one run. */
export interface RunAnswer {
  /** 0, or a name. */
  readonly run_errno?: number | string
  /** The low 32 bits of r0, unsigned. */
  readonly retval?: number
  /** Hex. */
  readonly data_out?: string
  readonly ctx_out?: string
  readonly duration_ns?: number
  /** The time limit ended it. */
  readonly timed_out?: true
  /** What the load or, where it was loaded, the run needs and the engine does not do: a failure of ours, no verdict. */
  readonly unsupported?: readonly string[]
}

/** One way in which an answer is not the expected one. */
export interface Reason {
  /** One of few stable words, which reports count by. */
  readonly kind: FailureReason
  /** `retval: 2, expected 1` */
  readonly text: string
  /** What an engine or the verifier does not do yet, one by one; of kind `unsupported` only. */
  readonly lacks?: readonly string[]
}

/** The answer to one case by one engine, or by the kernel: a line of `vectors run --jsonl`. */
export interface Answer extends RunAnswer {
  readonly id: unknown
  readonly engine: string
  readonly load_ok?: boolean
  /** 0, or a name such as EACCES. */
  readonly errno?: number | string
  readonly verifier_log?: string
  /** The trace outgrew the room for it: `verifier_log` is its end. */
  readonly log_overflow?: true
  readonly insn_processed?: number
  readonly total_states?: number
  readonly peak_states?: number
  /** By subprogram: `16+0`. */
  readonly stack_depth?: string | number
  readonly verification_time_us?: number
  /** Wall clock of the load. */
  readonly load_us?: number
  readonly xlated_len?: number
  readonly jited_len?: number
  readonly tag?: string
  /** Instructions after the fix-ups and machine code, hex, where asked for. */
  readonly xlated?: string
  readonly jited?: string
  /** What is in the maps at the end, hex, where asked for: by map, keys and values. */
  readonly maps?: readonly (readonly (readonly [key: string, value: string])[])[]
  /** All bits of r0, hex, of a program that no verifier sees. */
  readonly r0?: string
  readonly runs?: readonly RunAnswer[]
  /** Why there is no answer: a map that can't be made, a question that makes no sense. */
  readonly error?: string
  /** Whether it is as expected; absent where nothing is expected. */
  readonly pass?: boolean
  /** What differs from the expectation: `retval: 2, expected 1`. */
  readonly differs?: readonly string[]
  /** The same with a word for each. */
  readonly reasons?: readonly Reason[]
}

/** The runs of an answer, however many were asked for. */
export function runsOf(answer: Answer): readonly RunAnswer[] {
  return answer.runs ?? ((answer.run_errno ?? answer.retval) === undefined ? [] : [answer])
}
