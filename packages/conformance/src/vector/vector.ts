import type { Insn } from '@bpfoundry/isa'

/** What an element of a map is filled with: bytes, or another map or program of the case. */
export type FillValue = Uint8Array | { readonly map: number } | { readonly prog: number }

/** A map of a case. */
export interface VectorMap {
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  readonly maxEntries: number
  readonly flags: number
  readonly mapExtra: number
  /** Index of an earlier map. */
  readonly inner?: number
  readonly freeze: boolean
  readonly fill: readonly (readonly [key: Uint8Array, value: FillValue])[]
}

/** A program of a case, as BPF_PROG_LOAD takes it. */
export interface VectorProgram {
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly expectedAttachType: number
  readonly insns: readonly Insn[]
  readonly license: string
  readonly flags: number
  readonly logLevel: number
  /** Characters of the log's end to answer; 0: all. */
  readonly logTail: number
  /** The imm of the LD_IMM64 at `pc` becomes the fd of that map. */
  readonly mapRefs: readonly { readonly pc: number; readonly map: number }[]
}

/** One BPF_PROG_TEST_RUN. */
export interface VectorRun {
  readonly dataIn?: Uint8Array
  readonly ctxIn?: Uint8Array
  readonly repeat: number
  readonly flags: number
}

/** What an answer must say, as far as it is given. */
export interface Expectation {
  readonly load_ok?: boolean
  /** `0`, or a name such as `"EACCES"`. */
  readonly errno?: number | string
  /** Part of the log. */
  readonly log?: string
  readonly insn_processed?: number
  readonly retval?: number
  readonly run_errno?: number | string
  readonly data_out?: string
  readonly ctx_out?: string
  /** r0 with all its bits, of a bare program. */
  readonly r0?: string
}

/** One case of the JSON Lines format: a program, its maps, and what it is run on. */
export interface Vector extends VectorProgram {
  /** Any JSON value; copied to the answer. */
  readonly id: unknown
  readonly maps: readonly VectorMap[]
  /** Loaded first: what program arrays are filled with. */
  readonly progs: readonly VectorProgram[]
  /** None: it is only loaded. */
  readonly runs: readonly VectorRun[]
  /** Runs are answered in a list of their own, as they were asked for in one. */
  readonly listsRuns: boolean
  /** What is asked for but not done here: BTF, kfuncs, attach_btf ... */
  readonly unsupported: readonly string[]
  readonly expect?: Expectation
}
