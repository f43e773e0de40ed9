import { type GuestMemory, readU64, type StructLayout, structLayout, writeU64 } from '@bpfoundry/guest-memory'
import { followFrags } from '../frags.ts'
import type { FrameCursor } from '../frame-descriptor.ts'

/**
 * A packet under way to another CPU, described at the beginning of its own frame: struct xdp_frame. Its 40 bytes are kept
 * free there: no program can move a packet so far.
 */
const XDP_FRAME: StructLayout<
  'data' | 'lengthBytes' | 'timestampNs' | 'bits' | 'packetIndex' | 'rssHash' | 'home' | 'ingressIfindex' | 'queue'
> = structLayout({
  data: 'u32',
  lengthBytes: 'u32',
  timestampNs: 'u64',
  /** Bytes of metadata in the low 8, frags and skb flags, and from 16 on the frame's size in lines. */
  bits: 'u32',
  packetIndex: 'u32',
  rssHash: 'u32',
  home: 'u32',
  ingressIfindex: 'u32',
  queue: 'u32',
})

const at = XDP_FRAME.fields
const META_MASK = 0xff
const FLAGS_SHIFT = 8
const FLAGS_MASK = 0xff
const SIZE_SHIFT = 16
const LINE_SHIFT = 6

/** Low bit of an address in a cpumap's queue: an skb, from generic XDP. */
export const QUEUED_SKB = 1

/** Describes the packet at its frame. @returns what goes into the queue */
export function storeXdpFrame(memory: GuestMemory, packet: FrameCursor, isSkb: boolean): number {
  const { frame } = packet
  const set = (field: { readonly offsetBytes: number }, value: number): void => {
    memory.u32[(frame + field.offsetBytes) >>> 2] = value
  }
  set(at.data, packet.data)
  set(at.lengthBytes, packet.dataEnd - packet.data)
  writeU64(memory, frame + at.timestampNs.offsetBytes, packet.timestampNs)
  const metaBytes = packet.data - packet.dataMeta
  set(at.bits, metaBytes | (packet.flags << FLAGS_SHIFT) | ((packet.frameBytes >>> LINE_SHIFT) << SIZE_SHIFT))
  set(at.packetIndex, packet.packetIndex)
  set(at.rssHash, packet.rssHash)
  set(at.home, packet.home)
  set(at.ingressIfindex, packet.ingressIfindex)
  set(at.queue, packet.queue)
  return isSkb ? (frame | QUEUED_SKB) >>> 0 : frame
}

/** The packet that was described so. @param queued as it stood in the queue */
export function loadXdpFrame(memory: GuestMemory, queued: number, packet: FrameCursor): void {
  const frame = (queued & ~QUEUED_SKB) >>> 0
  const get = (field: { readonly offsetBytes: number }): number =>
    memory.u32[(frame + field.offsetBytes) >>> 2] as number
  const bits = get(at.bits)
  packet.frame = frame
  packet.data = get(at.data)
  packet.dataEnd = packet.data + get(at.lengthBytes)
  packet.dataMeta = packet.data - (bits & META_MASK)
  packet.flags = (bits >>> FLAGS_SHIFT) & FLAGS_MASK
  packet.frameBytes = (bits >>> SIZE_SHIFT) << LINE_SHIFT
  packet.timestampNs = readU64(memory, frame + at.timestampNs.offsetBytes)
  packet.packetIndex = get(at.packetIndex)
  packet.rssHash = get(at.rssHash)
  packet.home = get(at.home)
  packet.ingressIfindex = get(at.ingressIfindex)
  packet.queue = get(at.queue)
  packet.skbType = 0
  packet.fragsBytes = 0
  followFrags(memory, packet)
  packet.wireBytes = packet.lengthBytes
}
