import { PacketError } from './packet-error.ts'

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
const IPV4_PATTERN = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`)

/**
 * The address as an unsigned 32-bit number: `10.1.2.3` is 0x0a010203. Only the four-part decimal form, without leading
 * zeros, is taken (inet_pton, RFC 6943 section 3.1.1).
 * @throws PacketError ADDRESS_IPV4
 */
export function parseIpv4(text: string): number {
  const match = IPV4_PATTERN.exec(text)
  if (match === null) {
    throw new PacketError({
      code: 'ADDRESS_IPV4',
      message: 'not an IPv4 address',
      got: JSON.stringify(text),
      expected: 'four decimal numbers from 0 to 255, such as 10.1.2.3',
    })
  }
  return (+match[1]! * 0x1000000 + (+match[2]! << 16) + (+match[3]! << 8) + +match[4]!) >>> 0
}

/** `10.1.2.3` of 0x0a010203. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** The unsigned 32-bit number in network order at `offsetBytes`. */
export function readIpv4(bytes: Uint8Array, offsetBytes: number): number {
  return (
    ((bytes[offsetBytes]! << 24) |
      (bytes[offsetBytes + 1]! << 16) |
      (bytes[offsetBytes + 2]! << 8) |
      bytes[offsetBytes + 3]!) >>>
    0
  )
}
