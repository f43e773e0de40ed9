import { type StructLayout, structLayout } from '@bpfoundry/guest-memory'

/** Packets of one poll, and so records: NAPI_POLL_WEIGHT. */
export const POLL_PACKETS = 64

/**
 * What a poll program is told, and what it answers besides the records: one block a queue, filled in by the
 * driver.
 */
export const POLL_BLOCK: StructLayout<
  | 'xdpBuff'
  | 'records'
  | 'entries'
  | 'pool'
  | 'fill'
  | 'mask'
  | 'next'
  | 'end'
  | 'last'
  | 'recordCount'
  | 'passes'
  | 'scout'
  | 'fillMask'
  | 'fillTail'
  | 'fillEnd'
  | 'passed'
  | 'droppedBytes'
  | 'passedBytes'
  | 'stackBytes'
> = structLayout({
  /** struct xdp_buff of this CPU. */
  xdpBuff: 'ptr',
  /** {@link POLL_RECORD}s, {@link POLL_PACKETS} of them. */
  records: 'ptr',
  /** First descriptor of the completion ring, the queue's pool of free frames, first entry of its fill ring. */
  entries: 'ptr',
  pool: 'ptr',
  fill: 'ptr',
  /** Descriptors in the ring, less one. */
  mask: 'u32',
  /**
   * Free-running numbers in the ring: the next packet, and the first that is not to be handled in this poll. A packet is
   * taken before its program runs. While there are no records other polls follow, up to the packet numbered `last`.
   */
  next: 'u32',
  end: 'u32',
  last: 'u32',
  /** Records written so far. */
  recordCount: 'u32',
  /** Not 0: nobody looks at packets that pass, so that they are counted and their frames given back. */
  passes: 'u32',
  /** Not 0: scouts run ahead of the programs. */
  scout: 'u32',
  /** Entries of the fill ring, less one; free-running numbers of the next one, and of the first that is not free. */
  fillMask: 'u32',
  fillTail: 'u32',
  fillEnd: 'u32',
  /** Packets that passed and were given back. What was neither kept as a record nor passed was dropped. */
  passed: 'u32',
  /** Lengths as received of what was given back, summed; of what passed also as the program left it. */
  droppedBytes: 'u64',
  passedBytes: 'u64',
  stackBytes: 'u64',
})

/** A packet that somebody must look at. */
export const POLL_RECORD: StructLayout<
  'descriptor' | 'verdict' | 'data' | 'dataEnd' | 'dataMeta' | 'redirectFound' | 'redirectMap' | 'redirectIndex'
> = structLayout({
  /** Guest address of its FRAME_DESCRIPTOR. */
  descriptor: 'u32',
  /** Low 32 bits of the program's result. */
  verdict: 'u32',
  /** Where the program left the packet. */
  data: 'u32',
  dataEnd: 'u32',
  dataMeta: 'u32',
  /** Of XDP_REDIRECT what was taken from the CPU's block: the target, the map with the flags in its low bits, the key. */
  redirectFound: 'u32',
  redirectMap: 'u32',
  redirectIndex: 'u32',
})

/** Low bits of a map's address: maps begin on cache lines. */
export const RECORD_FLAGS_MASK = 63

/** Bytes of a queue's poll block, its records behind it. */
export const POLL_BYTES: number = roundUp(POLL_BLOCK.sizeBytes) + POLL_PACKETS * POLL_RECORD.sizeBytes

/** Offset of the records from the block. */
export const POLL_RECORDS_OFFSET_BYTES: number = roundUp(POLL_BLOCK.sizeBytes)

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}
