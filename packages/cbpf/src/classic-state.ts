import type { ClassicHost, SocketBuffer } from './socket-buffer.ts'

/** The machine between two instructions. All registers are unsigned numbers of 32 bits. */
export interface ClassicState {
  /** What is looked at. */
  readonly buffer: SocketBuffer
  readonly host: ClassicHost
  /** Accumulator. */
  a: number
  /** Index register. */
  x: number
  /** M[]. */
  readonly cells: Uint32Array
  /** The next instruction. */
  pc: number
  /** Instructions executed so far. */
  executed: number
  /** What was returned: bytes of the packet to keep, 0 to drop it. Undefined while it runs. */
  result: number | undefined
}
