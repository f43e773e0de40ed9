import type { GuestMemory } from '@bpfoundry/guest-memory'
import { XDP_SHARED_INFO } from '@bpfoundry/kernel-abi'
import { FRAME_FLAG, type FrameCursor } from './frame-descriptor.ts'

const { sizeBytes, fragCount, fragsBytes, bufferCount, frags, fragStrideBytes } = XDP_SHARED_INFO
const { fragData, fragLength, fragBuffer } = XDP_SHARED_INFO

/** Guest address of the shared info of a packet. */
function sharedInfoOf({ frame, frameBytes }: Pick<FrameCursor, 'frame' | 'frameBytes'>): number {
  return frame + frameBytes - sizeBytes
}

/** Takes over what a program did to the packet's frags, if it has any. */
export function followFrags({ u32 }: GuestMemory, packet: FrameCursor): void {
  if ((packet.flags & FRAME_FLAG.buffers) === 0) return
  const info = sharedInfoOf(packet)
  const count = u32[(info + fragCount) >>> 2] as number
  packet.flags = count === 0 ? packet.flags & ~FRAME_FLAG.frags : packet.flags | FRAME_FLAG.frags
  packet.fragsBytes = u32[(info + fragsBytes) >>> 2] as number
}

/** Begins the list of a packet's frags. */
export function clearFrags({ u32 }: GuestMemory, packet: FrameCursor): void {
  const info = sharedInfoOf(packet) >>> 2
  u32[info + (fragCount >>> 2)] = 0
  u32[info + (fragsBytes >>> 2)] = 0
  u32[info + (bufferCount >>> 2)] = 0
}

/** Adds a buffer with `lengthBytes` bytes at its beginning. The packet has less than MAX_SKB_FRAGS. */
export function addFrag({ u32 }: GuestMemory, packet: FrameCursor, buffer: number, lengthBytes: number): void {
  const info = sharedInfoOf(packet)
  const count = u32[(info + fragCount) >>> 2] as number
  const frag = info + frags + count * fragStrideBytes
  u32[(frag + fragData) >>> 2] = buffer
  u32[(frag + fragLength) >>> 2] = lengthBytes
  u32[(frag + fragBuffer) >>> 2] = buffer
  u32[(info + fragCount) >>> 2] = count + 1
  u32[(info + bufferCount) >>> 2] = count + 1
  u32[(info + fragsBytes) >>> 2] = (u32[(info + fragsBytes) >>> 2] as number) + lengthBytes
  packet.flags |= FRAME_FLAG.frags | FRAME_FLAG.buffers
  packet.fragsBytes += lengthBytes
}

/** Each buffer that belongs to the packet beside its frame, those included whose bytes a program cut off. */
export function eachBuffer({ u32 }: GuestMemory, packet: FrameCursor, each: (buffer: number) => void): void {
  if ((packet.flags & FRAME_FLAG.buffers) === 0) return
  const info = sharedInfoOf(packet)
  const count = u32[(info + bufferCount) >>> 2] as number
  for (let n = 0; n < count; n++) each(u32[(info + frags + n * fragStrideBytes + fragBuffer) >>> 2] as number)
}

/** Goes through the bytes of the frags in order. */
function eachFrag({ u32 }: GuestMemory, packet: FrameCursor, each: (data: number, lengthBytes: number) => void): void {
  if ((packet.flags & FRAME_FLAG.frags) === 0) return
  const info = sharedInfoOf(packet)
  const count = u32[(info + fragCount) >>> 2] as number
  for (let n = 0; n < count; n++) {
    const frag = info + frags + n * fragStrideBytes
    each(u32[(frag + fragData) >>> 2] as number, u32[(frag + fragLength) >>> 2] as number)
  }
}

/** Copies the whole packet, metadata first, to guest address `target`. @returns the bytes */
export function copyLinear(memory: GuestMemory, packet: FrameCursor, target: number): number {
  const { u8 } = memory
  u8.copyWithin(target, packet.dataMeta, packet.dataEnd)
  let at = target + packet.dataEnd - packet.dataMeta
  eachFrag(memory, packet, (data, lengthBytes) => {
    u8.copyWithin(at, data, data + lengthBytes)
    at += lengthBytes
  })
  return at - target
}

/** The whole packet, metadata first, as bytes of its own. */
export function packetBytes(memory: GuestMemory, packet: FrameCursor): Uint8Array {
  const { u8 } = memory
  const head = u8.subarray(packet.dataMeta, packet.dataEnd)
  const bytes = new Uint8Array(head.length + packet.fragsBytes)
  bytes.set(head)
  let at = head.length
  eachFrag(memory, packet, (data, lengthBytes) => {
    bytes.set(u8.subarray(data, data + lengthBytes), at)
    at += lengthBytes
  })
  return bytes
}

/**
 * Lays the whole packet out anew: `bytes` bytes from guest address `from`, which is no buffer of its own. As many as there is
 * room for lie at `packet.data`, up to `headBytes`; the rest in the buffers that it has.
 *
 * @param bytes no more than those hold
 */
export function spread(memory: GuestMemory, packet: FrameCursor, from: number, bytes: number, headBytes: number): void {
  const { u8, u32 } = memory
  const head = Math.min(bytes, headBytes)
  u8.copyWithin(packet.data, from, from + head)
  packet.dataEnd = packet.data + head
  packet.fragsBytes = bytes - head
  if ((packet.flags & FRAME_FLAG.buffers) === 0) return
  const info = sharedInfoOf(packet)
  const count = Math.ceil((bytes - head) / packet.frameBytes)
  for (let n = 0, at = head; n < count; n++, at += packet.frameBytes) {
    const frag = info + frags + n * fragStrideBytes
    const buffer = u32[(frag + fragBuffer) >>> 2] as number
    const some = Math.min(packet.frameBytes, bytes - at)
    u8.copyWithin(buffer, from + at, from + at + some)
    u32[(frag + fragData) >>> 2] = buffer
    u32[(frag + fragLength) >>> 2] = some
  }
  u32[(info + fragCount) >>> 2] = count
  u32[(info + fragsBytes) >>> 2] = bytes - head
  followFrags(memory, packet)
}

/** Buffers beside its frame. */
export function bufferCountOf({ u32 }: GuestMemory, packet: FrameCursor): number {
  if ((packet.flags & FRAME_FLAG.buffers) === 0) return 0
  return u32[(sharedInfoOf(packet) + bufferCount) >>> 2] as number
}
