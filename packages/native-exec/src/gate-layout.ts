/** What the gate of a JavaScript thread keeps in host memory: byte offsets of 64-bit fields. Only its stubs know it. */
export interface GateLayout {
  /** Host address of the NATIVE_CONTEXT of the run. */
  readonly context: number
  /** Host address of the code that the run enters. */
  readonly entry: number
  /** r1 of the run, a u32. */
  readonly argument: number
  /** Where the stack of the next run begins: the top of the machine stack, or what is free of it below a waiting run. */
  readonly stack: number
  /** u32: 0 when machine code came to its end, 1 when it waits for a helper. */
  readonly waiting: number
  /** Number of the helper that it waits for, a u32. */
  readonly helper: number
  /** Where it goes on behind the helper call: tells the instruction of a fault. */
  readonly helperReturn: number
  /** Stack pointer of the machine code that waits. */
  readonly machineStack: number
  /** Stack pointer of who called a stub. */
  readonly hostStack: number
  /** Signal that ended the run, a u32, 0 when none did; where the access went, and what instruction it was. */
  readonly signal: number
  readonly faultAddress: number
  readonly faultPc: number
  readonly sizeBytes: number
}

export const GATE: GateLayout = {
  context: 0,
  entry: 8,
  argument: 16,
  stack: 24,
  waiting: 32,
  helper: 40,
  helperReturn: 48,
  machineStack: 56,
  hostStack: 64,
  signal: 72,
  faultAddress: 80,
  faultPc: 88,
  sizeBytes: 96,
}
