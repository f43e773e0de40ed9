import type { Timestamp } from './timestamp.ts'

/** The interface on which packets were captured: one for a pcap file, any number for pcapng. */
export interface CaptureInterface {
  /** Position in {@link CaptureDecoder.interfaces}; counts on over the sections of a pcapng file. */
  readonly id: number
  /** What the packets begin with; see {@link LINKTYPE}. */
  readonly linkType: number
  /** The most bytes kept of a packet; 0 means no limit. */
  readonly snapLengthBytes: number
  /** How many units of the capture's clock make a second: 10^6, 10^9, or what pcapng's if_tsresol says. */
  readonly ticksPerSecond: bigint
  readonly name?: string
}

/** One record of a capture file. */
export interface CapturedPacket {
  /** Zero for pcapng's simple packets, which carry none. */
  readonly timestamp: Timestamp
  /** The captured bytes: a view of the input, so copy it before the input is reused. */
  readonly data: Uint8Array
  /** The length on the wire, as the file claims; more than `data` when the packet was cut to the snap length. */
  readonly originalLengthBytes: number
  readonly interfaceId: number
  readonly linkType: number
  /** pcapng's opt_comment. */
  readonly comment?: string
}

/**
 * Decodes a capture that arrives in pieces. `push` bytes as they come, then take packets from `next` until it gives
 * undefined; after the last piece call `end`.
 */
export interface CaptureDecoder {
  readonly format: 'pcap' | 'pcapng'
  /** Those described so far. */
  readonly interfaces: readonly CaptureInterface[]
  /** Adds bytes. They must not change as long as packets that view them are in use. */
  push(chunk: Uint8Array): void
  /** Says that no bytes follow. */
  end(): void
  /**
   * The next packet; undefined when more bytes are needed or, after `end`, when the capture is complete.
   * @throws PacketError at the first damaged record, PCAP_TRUNCATED only after `end`. A decoder that has thrown throws
   * the same error again.
   */
  next(): CapturedPacket | undefined
}
