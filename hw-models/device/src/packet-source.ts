import type { CounterBlock } from './counters.ts'
import type { FrameCursor } from './frame-descriptor.ts'

/** Whose packets are handled: where their frames go home and where their fates are counted. One CPU's, at any time. */
export interface PacketSource {
  /** FATES. */
  readonly fates: CounterBlock
  /** Gives all frames of a packet back that nobody needs any more. */
  release(packet: FrameCursor): void
  /** A frame for a copy of one of these packets, 0 when there is none. */
  takeFrame(): number
  /** Counts a copy of a packet that was sent, or lost. */
  countCopy(sent: boolean): void
}
