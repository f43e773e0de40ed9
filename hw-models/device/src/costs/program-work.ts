/** What a program does for a packet, as cost models want to know it: counted, not yet priced. */

/** A map as far as its cost goes. */
export interface MapShape {
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly keyBytes: number
  readonly valueBytes: number
  /** Elements that packets come to: the table's hot part. */
  readonly hotElements: number
}

/** Calls of one helper on a packet's path. */
export interface HelperWork {
  /** BPF_FUNC_* */
  readonly helper: number
  /** Calls a packet. */
  readonly calls: number
  /** Of helpers that take a map. */
  readonly map?: MapShape
  /** Bytes that a call sums, of bpf_csum_diff. */
  readonly bytes?: number
}

/** Means over the packets that were looked at. */
export interface ProgramWork {
  readonly bpfInsns: number
  /** Of emitted code, a call of a helper counting one; what the helper does is not in it. */
  readonly x86Insns: number
  readonly helpers: readonly HelperWork[]
  /** Share of the packets whose bytes the program reads or writes. */
  readonly touched: number
  /** How this was found: `counted on 64 packets`, `estimated from the counters of a run`. */
  readonly method: string
}

/** A program that only returns a verdict: two instructions, with the entry and exit of emitted code. */
export const EMPTY_PROGRAM: ProgramWork = {
  bpfInsns: 2,
  x86Insns: 5,
  helpers: [],
  touched: 0,
  method: 'a program that returns a constant',
}
