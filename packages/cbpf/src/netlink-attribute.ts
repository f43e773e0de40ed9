import { linearBytes, type SocketBuffer } from './socket-buffer.ts'

/**
 * ```
 *  0              16              32
 *  |  nla_len     |   nla_type    | payload, padded to 4 bytes     (host byte order: little endian here)
 * ```
 */
const HEADER_BYTES = 4
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const TYPE_MASK = 0x3fff

/**
 * The offset of the first attribute of type `type` in the list of attributes at `start`; 0 where there is none.
 *
 * @see bpf_skb_get_nlattr in the kernel's net/core/filter.c
 */
export function findAttribute(buffer: SocketBuffer, start: number, type: number): number {
  const bytes = packet(buffer)
  return bytes === undefined || start > bytes.length - HEADER_BYTES ? 0 : search(bytes, start, bytes.length, type)
}

/** The same within the attribute that begins at `start`. @see bpf_skb_get_nlattr_nest */
export function findNestedAttribute(buffer: SocketBuffer, start: number, type: number): number {
  const bytes = packet(buffer)
  if (bytes === undefined || start > bytes.length - HEADER_BYTES) return 0
  const lengthBytes = u16(bytes, start)
  if (!isAttribute(lengthBytes, bytes.length - start)) return 0
  return search(bytes, start + HEADER_BYTES, start + lengthBytes, type)
}

/** Linear packets only, as the kernel has it. */
function packet(buffer: SocketBuffer): Uint8Array | undefined {
  if (buffer.fragments.length > 0) return undefined
  return buffer.head.subarray(buffer.headroomBytes, buffer.headroomBytes + linearBytes(buffer))
}

function search(bytes: Uint8Array, start: number, end: number, type: number): number {
  let at = start
  while (end - at >= HEADER_BYTES) {
    const lengthBytes = u16(bytes, at)
    if (!isAttribute(lengthBytes, end - at)) return 0
    if ((u16(bytes, at + 2) & TYPE_MASK) === type) return at
    at += (lengthBytes + 3) & ~3
  }
  return 0
}

function isAttribute(lengthBytes: number, restBytes: number): boolean {
  return lengthBytes >= HEADER_BYTES && lengthBytes <= restBytes
}

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
