/** Packets over several buffers: head in the xdp_buff, the rest in frags that the shared info at the frame's end lists. */
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO, XDP_BUFF, XDP_BUFF_HAS_FRAGS, XDP_RXQ_INFO, XDP_SHARED_INFO } from '@bpfoundry/kernel-abi'

/** ETH_HLEN: a packet never becomes shorter. */
const SHORTEST_BYTES = 14

const DATA = XDP_BUFF.data >>> 2
const DATA_END = XDP_BUFF.dataEnd >>> 2
const HARD_START = XDP_BUFF.dataHardStart >>> 2
const RXQ = XDP_BUFF.rxq >>> 2
const FRAME_SIZE = XDP_BUFF.frameSize >>> 2
const FLAGS = XDP_BUFF.flags >>> 2
const COUNT = XDP_SHARED_INFO.fragCount >>> 2
const BYTES = XDP_SHARED_INFO.fragsBytes >>> 2
const FRAGS = XDP_SHARED_INFO.frags >>> 2
const STRIDE = XDP_SHARED_INFO.fragStrideBytes >>> 2
const FRAG_DATA = XDP_SHARED_INFO.fragData >>> 2
const FRAG_LENGTH = XDP_SHARED_INFO.fragLength >>> 2
const FRAG_BUFFER = XDP_SHARED_INFO.fragBuffer >>> 2

/** Whether the packet of the xdp_buff at word `at` has frags. */
export function hasFrags({ u32 }: GuestMemory, at: number): boolean {
  return ((u32[at + FLAGS] as number) & XDP_BUFF_HAS_FRAGS) !== 0
}

/** Word of the shared info of an xdp_buff. */
function sharedInfo({ u32 }: GuestMemory, at: number): number {
  return ((u32[at + HARD_START] as number) + (u32[at + FRAME_SIZE] as number) - XDP_SHARED_INFO.sizeBytes) >>> 2
}

/** Bytes of the packet: head and frags. */
export function packetBytes(memory: GuestMemory, at: number): number {
  const { u32 } = memory
  const head = (u32[at + DATA_END] as number) - (u32[at + DATA] as number)
  return hasFrags(memory, at) ? head + (u32[sharedInfo(memory, at) + BYTES] as number) : head
}

/** A run of bytes within one buffer: guest address in the packet, place in the other buffer, length. */
type EachPiece = (packet: number, done: number, length: number) => void

/** Goes through `length` bytes from `offset` on, which the packet has, buffer by buffer. */
export function eachPiece(memory: GuestMemory, at: number, offset: number, length: number, each: EachPiece): void {
  const { u32 } = memory
  let start = u32[at + DATA] as number
  let here = (u32[at + DATA_END] as number) - start
  let frag = hasFrags(memory, at) ? sharedInfo(memory, at) + FRAGS : 0
  let [from, done] = [offset, 0]
  for (;;) {
    const some = Math.min(length - done, here - from)
    if (some > 0) {
      each(start + from, done, some)
      done += some
      from += some
    }
    if (done >= length || frag === 0) return
    from -= here
    start = u32[frag + FRAG_DATA] as number
    here = u32[frag + FRAG_LENGTH] as number
    frag += STRIDE
  }
}

/** bpf_xdp_adjust_tail(ctx, delta) of a packet with frags: 0 or -errno. @see bpf_xdp_frags_increase_tail in net/core/filter.c (6.12) */
export function adjustFragsTail(memory: GuestMemory, at: number, delta: number): number {
  return delta < 0 ? shrink(memory, at, -delta) : grow(memory, at, delta)
}

/** The last frag takes more; how far, its receive queue says. */
function grow(memory: GuestMemory, at: number, delta: number): number {
  const { u32, u8 } = memory
  const info = sharedInfo(memory, at)
  const last = info + FRAGS + STRIDE * ((u32[info + COUNT] as number) - 1)
  const most = u32[((u32[at + RXQ] as number) + XDP_RXQ_INFO.fragBytes) >>> 2] as number
  if (most === 0 || most > (u32[at + FRAME_SIZE] as number)) return -ERRNO.EOPNOTSUPP
  const [data, length] = [u32[last + FRAG_DATA] as number, u32[last + FRAG_LENGTH] as number]
  const used = data - (u32[last + FRAG_BUFFER] as number) + length
  if (delta > most - used) return -ERRNO.EINVAL
  u8.fill(0, data + length, data + length + delta)
  u32[last + FRAG_LENGTH] = length + delta
  u32[info + BYTES] = (u32[info + BYTES] as number) + delta
  return 0
}

/** Frags go from the end on, then the head becomes shorter. */
function shrink(memory: GuestMemory, at: number, delta: number): number {
  const { u32 } = memory
  if (delta > packetBytes(memory, at) - SHORTEST_BYTES) return -ERRNO.EINVAL
  const info = sharedInfo(memory, at)
  let [count, left] = [u32[info + COUNT] as number, delta]
  while (count > 0 && left > 0) {
    const frag = info + FRAGS + STRIDE * (count - 1)
    const length = u32[frag + FRAG_LENGTH] as number
    const some = Math.min(left, length)
    left -= some
    u32[info + BYTES] = (u32[info + BYTES] as number) - some
    if (some < length) {
      u32[frag + FRAG_LENGTH] = length - some
      break
    }
    count--
  }
  u32[info + COUNT] = count
  if (count > 0) return 0
  u32[at + FLAGS] = (u32[at + FLAGS] as number) & ~XDP_BUFF_HAS_FRAGS
  u32[at + DATA_END] = (u32[at + DATA_END] as number) - left
  return 0
}
