import { SKF_LL_OFF, SKF_NET_OFF } from './classic-opcodes.ts'
import { linearBytes, packetBytes, type SocketBuffer } from './socket-buffer.ts'

/**
 * A packet load of classic BPF: big-endian, across fragments; negative offsets are relative to the network or the
 * link-layer header.
 *
 * @param offset 32 bits, signed or not
 * @returns unsigned; undefined where it is not in the buffer, which ends the program with 0
 */
export function loadPacket(buffer: SocketBuffer, offset: number, bytes: number): number | undefined {
  const start = convertOffset(buffer, offset | 0)
  return start === undefined ? undefined : readBuffer(buffer, start, bytes)
}

/** @see bpf_skb_load_helper_convert_offset in the kernel's net/core/filter.c */
function convertOffset({ networkOffset, macOffset }: SocketBuffer, offset: number): number | undefined {
  if (offset >= 0) return offset
  if (offset >= SKF_NET_OFF) return offset - SKF_NET_OFF + networkOffset
  if (offset >= SKF_LL_OFF && macOffset !== undefined) return offset - SKF_LL_OFF + macOffset
  return undefined
}

/** Big-endian bytes from `start` on, which is negative in the headroom; undefined where some are missing. */
export function readBuffer(buffer: SocketBuffer, start: number, bytes: number): number | undefined {
  const { head, headroomBytes } = buffer
  const at = headroomBytes + start
  if (at < 0) return undefined
  const linear = at + bytes <= head.length
  if (!linear && start > packetBytes(buffer) - bytes) return undefined
  let value = 0
  for (let index = 0; index < bytes; index++) {
    value = value * 256 + (linear ? (head[at + index] as number) : byteAt(buffer, start + index))
  }
  return value
}

function byteAt(buffer: SocketBuffer, offset: number): number {
  const linear = linearBytes(buffer)
  if (offset < linear) return buffer.head[buffer.headroomBytes + offset] as number
  let rest = offset - linear
  for (const fragment of buffer.fragments) {
    if (rest < fragment.length) return fragment[rest] as number
    rest -= fragment.length
  }
  throw new RangeError('past the fragments')
}
