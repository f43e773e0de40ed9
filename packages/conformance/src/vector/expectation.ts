/**
 * Text to be found. A part in `{{` `}}` is a POSIX extended regular expression, the rest stands for itself:
 * `R0={{[0-9]+}} R10=fp0`.
 *
 * @see compile_regex in tools/testing/selftests/bpf/test_loader.c (6.12)
 */
export type TextPattern = string

/** One, that holds for the first run; or one a run, `null` where anything will do. */
export type EachRun<Value> = Value | readonly (Value | null)[]

/**
 * What an answer must say, as far as it is given: the JSON field `expect` of a vector. A run that the kernel has no way to
 * do (ENOTSUPP) is held against nothing but `run_errno`.
 */
export interface Expectation {
  readonly load_ok?: boolean
  /** `0`, or a name such as `"EACCES"`. */
  readonly errno?: number | string
  /** In the log; of several each after the one before. */
  readonly log?: TextPattern | readonly TextPattern[]
  /** Nowhere in the log. */
  readonly log_lacks?: TextPattern | readonly TextPattern[]
  /** Instructions that the verifier processed. */
  readonly insn_processed?: number
  /** By subprogram: `16+0`. */
  readonly stack_depth?: number | string
  /**
   * Lines of the disassembled program after the fix-ups, each on the line after the one before, or after any number of them
   * where `"..."` stands between.
   */
  readonly xlated?: readonly TextPattern[]
  /** The same for the machine code, by an LLVM disassembler. */
  readonly jited?: readonly TextPattern[]
  /**
   * Groups of instructions after the fix-ups, each group in one piece, somewhere after the group before; an instruction is 16
   * hex digits, `?` for a digit that may be anything.
   */
  readonly xlated_insns?: readonly (readonly string[])[]
  /** The same, which must not be found. */
  readonly xlated_lacks_insns?: readonly (readonly string[])[]
  /** The low 32 bits of r0, signed or not. */
  readonly retval?: EachRun<number>
  readonly run_errno?: EachRun<number | string>
  /** Hex. */
  readonly data_out?: EachRun<string>
  readonly ctx_out?: EachRun<string>
  /** r0 with all its bits, hex, of a bare program. */
  readonly r0?: string
}
