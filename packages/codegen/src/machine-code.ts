/** What a machine-code back end makes of one program. Position-independent: it may lie anywhere. */
export interface MachineCode {
  readonly bytes: Uint8Array
  /**
   * Offset of the function that the host calls: `u32 run(NativeContext *context, u32 r1)` in the platform's C calling
   * convention. It answers the low 32 bits of r0 and stores all 64 into the CPU block.
   */
  readonly runOffsetBytes: number
  /** Offset where a tail call from another program enters: registers as the back end keeps them, the frame being the caller's. */
  readonly tailOffsetBytes: number
  /** For each slot of the program's instructions, the offset of its code; the last entry is the end of the last one. */
  readonly insnOffsetsBytes: Uint32Array
}

/**
 * What machine code finds by the context pointer, a structure in host memory, one a CPU and thread: byte offsets of its
 * 64-bit fields. Guest programs can't reach it.
 */
export const NATIVE_CONTEXT = {
  /** Host address of guest address 0. */
  memoryBase: 0,
  /** Guest address of the CPU block, zero-extended. */
  cpuBlock: 8,
  /** C function `void (*)(u32 helper)`: arguments are in r1..r5 of the CPU block, the result comes in its r0. */
  callHelper: 16,
  /** Host address of a table of u64: the host address of the tail entry of the program with that id, 0 where there is none. */
  programTable: 24,
  /** Entries in {@link programTable}. */
  programCount: 32,
  /** Tail calls made in this run. */
  tailCalls: 40,
  /** Counters, when the code was made to count: what this run executed. */
  executedInsns: 48,
  helperCalls: 56,
  /** For the back end's own use. */
  scratch0: 64,
  scratch1: 72,
  sizeBytes: 128,
} as const
