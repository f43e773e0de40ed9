import { type GuestMemory, readU64, type StructLayout, structLayout, writeU64 } from '@bpfoundry/guest-memory'
import { XDP_BUFF_HAS_FRAGS } from '@bpfoundry/kernel-abi'

/**
 * A packet in a ring: what the card writes on receive, and what a driver writes to send or to pass up.
 * One cache line, so that two threads never write to the same one.
 */
export const FRAME_DESCRIPTOR: StructLayout<
  | 'frame'
  | 'data'
  | 'lengthBytes'
  | 'metaBytes'
  | 'timestampNs'
  | 'packetIndex'
  | 'rssHash'
  | 'home'
  | 'ingressIfindex'
  | 'queue'
  | 'flags'
  | 'fragsBytes'
  | 'frameBytes'
  | 'skbType'
> = structLayout({
  /** Guest address of the frame: data_hard_start. */
  frame: 'u32',
  /** Guest address of the first byte of the packet. */
  data: 'u32',
  /** Bytes that lie there; what lies in frags is not counted. */
  lengthBytes: 'u32',
  /** Bytes of XDP metadata just before `data`. */
  metaBytes: 'u32',
  /** When the packet came in, modelled time. */
  timestampNs: 'u64',
  /** Number of the packet on its card, from 0, modulo 2^32. */
  packetIndex: 'u32',
  rssHash: 'u32',
  /** Guest address of the return ring of the pool that the frame belongs to. */
  home: 'u32',
  /** Card it came in on, and its queue. */
  ingressIfindex: 'u32',
  queue: 'u32',
  /** {@link FRAME_FLAG}s. */
  flags: 'u32',
  /** Bytes in frags, which the shared info at the frame's end lists. */
  fragsBytes: 'u32',
  /** Bytes of the frame. */
  frameBytes: 'u32',
  /** What the stack took the packet for: {@link packSkbType}; 0 where its header tells. */
  skbType: 'u32',
})

/** Flags of a packet in a ring. */
export const FRAME_FLAG: { readonly frags: 1; readonly copy: 2; readonly buffers: 4 } = {
  /** It has frags, as XDP_BUFF_HAS_FRAGS. */
  frags: XDP_BUFF_HAS_FRAGS,
  /** It is a copy of a packet that went to several devices: no packet that came in. */
  copy: 2,
  /** Buffers belong to it beside its frame: those of its frags, or of frags that it had. */
  buffers: 4,
}

/** Bytes of a descriptor in a ring. */
export const FRAME_DESCRIPTOR_BYTES = 64

const offset = FRAME_DESCRIPTOR.fields
const FRAME = offset.frame.offsetBytes >>> 2
const DATA = offset.data.offsetBytes >>> 2
const LENGTH = offset.lengthBytes.offsetBytes >>> 2
const META = offset.metaBytes.offsetBytes >>> 2
const TIMESTAMP = offset.timestampNs.offsetBytes
const INDEX = offset.packetIndex.offsetBytes >>> 2
const HASH = offset.rssHash.offsetBytes >>> 2
const HOME = offset.home.offsetBytes >>> 2
const IFINDEX = offset.ingressIfindex.offsetBytes >>> 2
const QUEUE = offset.queue.offsetBytes >>> 2
const FLAGS = offset.flags.offsetBytes >>> 2
const FRAGS_BYTES = offset.fragsBytes.offsetBytes >>> 2
const FRAME_BYTES = offset.frameBytes.offsetBytes >>> 2
const SKB_TYPE = offset.skbType.offsetBytes >>> 2

/**
 * One packet under way, as a driver handles it: a descriptor loaded into an object that is used again for every packet.
 * `data`, `dataEnd` and `dataMeta` are guest addresses and move when a program adjusts the packet.
 */
export class FrameCursor {
  frame = 0
  data = 0
  dataEnd = 0
  dataMeta = 0
  /** Bytes from `frame` that belong to the packet's buffer, the skb_shared_info tail room included. */
  frameBytes = 0
  timestampNs = 0
  packetIndex = 0
  rssHash = 0
  home = 0
  ingressIfindex = 0
  queue = 0
  /** {@link FRAME_FLAG}s. */
  flags = 0
  fragsBytes = 0
  skbType = 0
  /** Length as received, before any program. */
  wireBytes = 0

  /** Current length of the packet, its frags counted in. */
  get lengthBytes(): number {
    return this.dataEnd - this.data + this.fragsBytes
  }

  /** Becomes the same packet as `other`. */
  copy(other: FrameCursor): void {
    this.frame = other.frame
    this.data = other.data
    this.dataEnd = other.dataEnd
    this.dataMeta = other.dataMeta
    this.frameBytes = other.frameBytes
    this.timestampNs = other.timestampNs
    this.packetIndex = other.packetIndex
    this.rssHash = other.rssHash
    this.home = other.home
    this.ingressIfindex = other.ingressIfindex
    this.queue = other.queue
    this.flags = other.flags
    this.fragsBytes = other.fragsBytes
    this.skbType = other.skbType
    this.wireBytes = other.wireBytes
  }

  /** Loads the descriptor at guest address `address`. */
  load(memory: GuestMemory, address: number): void {
    const u32 = memory.u32
    const at = address >>> 2
    const data = u32[at + DATA] as number
    const length = u32[at + LENGTH] as number
    this.frame = u32[at + FRAME] as number
    this.data = data
    this.dataEnd = data + length
    this.flags = u32[at + FLAGS] as number
    this.fragsBytes = u32[at + FRAGS_BYTES] as number
    this.frameBytes = u32[at + FRAME_BYTES] as number
    this.skbType = u32[at + SKB_TYPE] as number
    this.wireBytes = length + this.fragsBytes
    this.dataMeta = data - (u32[at + META] as number)
    this.timestampNs = readU64(memory, address + TIMESTAMP)
    this.packetIndex = u32[at + INDEX] as number
    this.rssHash = u32[at + HASH] as number
    this.home = u32[at + HOME] as number
    this.ingressIfindex = u32[at + IFINDEX] as number
    this.queue = u32[at + QUEUE] as number
  }

  /** Stores this packet into the descriptor at guest address `address`. */
  store(memory: GuestMemory, address: number): void {
    const u32 = memory.u32
    const at = address >>> 2
    u32[at + FRAME] = this.frame
    u32[at + DATA] = this.data
    u32[at + LENGTH] = this.dataEnd - this.data
    u32[at + META] = this.data - this.dataMeta
    writeU64(memory, address + TIMESTAMP, this.timestampNs)
    u32[at + INDEX] = this.packetIndex
    u32[at + HASH] = this.rssHash
    u32[at + HOME] = this.home
    u32[at + IFINDEX] = this.ingressIfindex
    u32[at + QUEUE] = this.queue
    u32[at + FLAGS] = this.flags
    u32[at + FRAGS_BYTES] = this.fragsBytes
    u32[at + FRAME_BYTES] = this.frameBytes
    u32[at + SKB_TYPE] = this.skbType
  }
}
