import { type StructLayout, structLayout } from '@bpfoundry/guest-memory'

/** Packets of one call of a poll program, and so records: NAPI_POLL_WEIGHT. */
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
  | 'mask'
  | 'next'
  | 'end'
  | 'recordCount'
  | 'frameBytes'
  | 'givenBack'
  | 'scout'
  | 'fill'
  | 'fillMask'
  | 'fillTail'
  | 'fillFree'
  | 'counts'
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
  /** Free-running numbers in the ring: the next packet, and the first that is not to be handled. A packet is taken before its program runs. */
  next: 'u32',
  end: 'u32',
  /** Records written so far. */
  recordCount: 'u32',
  frameBytes: 'u32',
  /** Verdicts that need nobody's attention, a bit each: the packet is counted and its frame given back. */
  givenBack: 'u32',
  /** Not 0: scouts run ahead of the programs. */
  scout: 'u32',
  /** Entries of the fill ring, less one; free-running number of the next one; how many may still be filled. */
  fillMask: 'u32',
  fillTail: 'u32',
  fillFree: 'u32',
  /** {@link POLL_COUNT} by verdict, of the packets that were given back. */
  counts: ['u64', 4 * 4],
})

/** What is counted of packets that were given back, a row a verdict. */
export const POLL_COUNT: StructLayout<'packets' | 'wireBytes' | 'lengthBytes' | 'reserved'> = structLayout({
  packets: 'u64',
  /** Length as received, and as the program left it. */
  wireBytes: 'u64',
  lengthBytes: 'u64',
  /** Rows are powers of two apart. */
  reserved: 'u64',
})

/** A packet that somebody must look at. */
export const POLL_RECORD: StructLayout<
  'descriptor' | 'verdict' | 'data' | 'dataEnd' | 'dataMeta' | 'redirectIfindex' | 'reserved'
> = structLayout({
  /** Guest address of its FRAME_DESCRIPTOR. */
  descriptor: 'u32',
  /** Low 32 bits of the program's result. */
  verdict: 'u32',
  /** Where the program left the packet. */
  data: 'u32',
  dataEnd: 'u32',
  dataMeta: 'u32',
  /** Of XDP_REDIRECT: the target that was taken from the CPU's block, 0 for none. */
  redirectIfindex: 'u32',
  reserved: ['u32', 2],
})

/** Bytes of a queue's poll block, its records behind it. */
export const POLL_BYTES: number = roundUp(POLL_BLOCK.sizeBytes) + POLL_PACKETS * POLL_RECORD.sizeBytes

/** Offset of the records from the block. */
export const POLL_RECORDS_OFFSET_BYTES: number = roundUp(POLL_BLOCK.sizeBytes)

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}
