import type { GuestMemory } from '@bpfoundry/guest-memory'
import { packetBytes } from './frags.ts'
import { FRAME_FLAG, type FrameCursor } from './frame-descriptor.ts'
import { ethTypeTrans, type SkbType, unpackSkbType } from './skb-type.ts'

/** A packet that came out of a card: on the wire, or for the stack. Only valid during the call; `bytes` is guest memory. */
export interface DrainedFrame {
  readonly bytes: Uint8Array
  /** First byte in `bytes`, and number of bytes. */
  readonly offsetBytes: number
  readonly lengthBytes: number
  /** XDP metadata lies in the `metaBytes` bytes before `offsetBytes`. */
  readonly metaBytes: number
  readonly timestampNs: number
  readonly packetIndex: number
  readonly rssHash: number
  /** Where it came in. */
  readonly ingressIfindex: number
  readonly queue: number
  /** CPU that handled it; of rings that CPUs share, the first of them. */
  readonly cpu: number
  /** It came in over several buffers, and is shown in one piece. */
  readonly frags: boolean
  /** It is a copy of a packet that went to several devices. */
  readonly copy: boolean
  /** `skb->protocol` and `skb->pkt_type` where it went up the stack. @param mac the interface's address */
  skbType(mac: readonly number[]): SkbType
}

/** One object for every drained frame: `each` gets it filled anew. */
export class DrainedCursor implements DrainedFrame {
  bytes: Uint8Array = new Uint8Array(0)
  offsetBytes = 0
  lengthBytes = 0
  metaBytes = 0
  timestampNs = 0
  packetIndex = 0
  rssHash = 0
  ingressIfindex = 0
  queue = 0
  cpu = 0
  frags = false
  copy = false
  #skbType = 0

  show(memory: GuestMemory, cursor: FrameCursor, cpu: number): void {
    this.frags = (cursor.flags & FRAME_FLAG.frags) !== 0
    this.copy = (cursor.flags & FRAME_FLAG.copy) !== 0
    this.bytes = this.frags ? packetBytes(memory, cursor) : memory.u8
    this.offsetBytes = this.frags ? cursor.data - cursor.dataMeta : cursor.data
    this.lengthBytes = cursor.lengthBytes
    this.#skbType = cursor.skbType
    this.metaBytes = cursor.data - cursor.dataMeta
    this.timestampNs = cursor.timestampNs
    this.packetIndex = cursor.packetIndex
    this.rssHash = cursor.rssHash
    this.ingressIfindex = cursor.ingressIfindex
    this.queue = cursor.queue
    this.cpu = cpu
  }

  skbType(mac: readonly number[]): SkbType {
    return this.#skbType === 0 ? ethTypeTrans(this.bytes, this.offsetBytes, mac) : unpackSkbType(this.#skbType)
  }
}
