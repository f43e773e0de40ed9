import type { Insn } from '@bpfoundry/isa'

/** One function of a program; slots `start` up to, not including, `end`. The first is the entry. */
export interface Subprogram {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly stackDepthBytes: number
  /**
   * Made by a fix-up, not by the program's author: an inlined helper, or the poll loop around the program. Its
   * instructions are not counted and its frame is a hidden one; a call of it counts as a helper call.
   *
   * A call *from* a hidden subprogram to one that is not begins a run, as the engine's `run` does: no tail calls are
   * made yet, and the callee's r10 is the caller's, which must not use its stack.
   */
  readonly hidden?: boolean
}

/**
 * The same program with the helpers on a packet's path as BPF instructions: calls of hidden subprograms, which stand
 * behind the program's own, or instructions in place. For back ends that compile; the interpreter, being the
 * specification, calls the helpers themselves, so that one is tested by the other.
 */
export interface InlinedProgram {
  readonly insns: readonly Insn[]
  readonly subprograms: readonly Subprogram[]
  readonly lines: readonly ProgramLine[]
  /**
   * By slot, how many instructions of the image it stands for where runs are counted; `Weights` of @bpfoundry/codegen.
   * There when the program was rewritten further (blinded), so that the count stays the image's.
   */
  readonly weights?: Uint32Array
}

/** An LD_IMM64 that was resolved to a guest address of a map (or into its value). */
export interface MapReference {
  /** Slot of the LD_IMM64. */
  readonly pc: number
  readonly mapId: number
  /** Offset into the value for a direct value address, undefined for the map itself. */
  readonly valueOffsetBytes?: number
}

/** Source line of the instructions from `pc` on, up to the next entry. */
export interface ProgramLine {
  readonly pc: number
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

/**
 * A verified and fixed-up program ("xlated"), ready for every engine. Immutable plain data, so that it can be sent to
 * a worker. Map references are resolved to guest addresses, context accesses are rewritten to the in-memory context,
 * `bpf_tail_call` is a `BPF_JMP | BPF_TAIL_CALL` instruction; other helper calls keep their number in `imm`,
 * BPF-to-BPF calls their relative target. `MOV64_PERCPU` adds the guest address of the CPU block to its source: inlined
 * helpers reach the block's fields that way.
 */
export interface ProgramImage {
  readonly id: number
  readonly name: string
  /** 16 hex digits: the first 8 bytes of the hash over the instructions as loaded, map fds zeroed. */
  readonly tag: string
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly expectedAttachType: number
  readonly insns: readonly Insn[]
  readonly subprograms: readonly Subprogram[]
  readonly mapReferences: readonly MapReference[]
  readonly lines: readonly ProgramLine[]
  readonly gplCompatible: boolean
  /** BPF_F_XDP_HAS_FRAGS: it knows packets over several buffers. */
  readonly hasFrags?: boolean
  /** Absent where nothing could be inlined. */
  readonly inlined?: InlinedProgram
}
