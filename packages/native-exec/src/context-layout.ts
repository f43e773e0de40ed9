/** A NATIVE_CONTEXT as this package allocates it: behind the contract's fields lie what the stubs need. */
import { NATIVE_CONTEXT } from '@bpfoundry/codegen'

const PRIVATE = NATIVE_CONTEXT.sizeBytes

/** Byte offsets, 64 bits each. */
interface HostContext {
  /** Host address of the code that the next run enters. */
  readonly entry: number
  /** r1 of the next run, a u32. */
  readonly argument: number
  /** Number of the helper at hand, a u32. */
  readonly helper: number
  /** The C function that koffi made of the thread's helper dispatcher. */
  readonly callback: number
  /** Where the machine code goes on behind the helper call at hand: tells the instruction of a fault. */
  readonly helperReturn: number
  /** 1 from the moment a helper is called until JavaScript says that it went well. Still 1: the run is given up. */
  readonly abandoned: number
  /** Callee-saved registers and stack pointer at the run's begin, for giving it up. */
  readonly saved: number
  readonly sizeBytes: number
}

export const HOST_CONTEXT: HostContext = {
  entry: PRIVATE,
  argument: PRIVATE + 8,
  helper: PRIVATE + 16,
  callback: PRIVATE + 24,
  helperReturn: PRIVATE + 32,
  abandoned: PRIVATE + 40,
  saved: PRIVATE + 48,
  sizeBytes: 512,
}

/** Offset of the n-th saved register. */
export function savedAt(index: number): number {
  return HOST_CONTEXT.saved + 8 * index
}
