/*
 * The Internet checksum: the ones' complement of the ones' complement sum of 16-bit big-endian words.
 *
 * A sum is kept unfolded in a double, exact up to 2^53, so that partial sums of any frame can be added freely.
 */

/**
 * The unfolded sum of the 16-bit words of `bytes[offsetBytes .. offsetBytes + lengthBytes)`, an odd last byte padded
 * with zero (RFC 1071, section 1).
 * @param sum an earlier partial sum, over an even number of bytes, to go on from
 */
export function checksumSum(bytes: Uint8Array, offsetBytes: number, lengthBytes: number, sum = 0): number {
  const evenEnd = offsetBytes + (lengthBytes & ~1)
  let total = sum
  for (let at = offsetBytes; at < evenEnd; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!
  return lengthBytes & 1 ? total + (bytes[evenEnd]! << 8) : total
}

/** Folds an unfolded sum into 16 bits by end-around carry (RFC 1071, section 2). */
export function foldChecksum(sum: number): number {
  let folded = sum
  while (folded > 0xffff_ffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000)
  folded = (folded & 0xffff) + (folded >>> 16)
  return (folded & 0xffff) + (folded >>> 16)
}

/**
 * The Internet checksum of a stretch of bytes, as it stands in a header. Over a stretch that holds its own right
 * checksum it is 0.
 * @param sum an earlier partial sum, such as that of a pseudo header
 * @see https://www.rfc-editor.org/rfc/rfc1071
 */
export function internetChecksum(bytes: Uint8Array, offsetBytes: number, lengthBytes: number, sum = 0): number {
  return ~foldChecksum(checksumSum(bytes, offsetBytes, lengthBytes, sum)) & 0xffff
}

/**
 * The unfolded sum of the pseudo header of TCP, UDP and ICMPv6: addresses, protocol, and length of the upper-layer
 * packet. One function serves both families, since zero bytes and field widths do not change the sum.
 * @param addressesOffsetBytes where source and destination address stand side by side: IPv4 header + 12, IPv6 header + 8
 * @param addressesLengthBytes 8 for IPv4, 32 for IPv6
 * @see https://www.rfc-editor.org/rfc/rfc9293#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc8200#section-8.1
 */
export function pseudoHeaderSum(
  bytes: Uint8Array,
  addressesOffsetBytes: number,
  addressesLengthBytes: 8 | 32,
  protocol: number,
  upperLengthBytes: number,
): number {
  return checksumSum(bytes, addressesOffsetBytes, addressesLengthBytes, protocol + upperLengthBytes)
}

/**
 * The checksum after one 16-bit word of the covered data has changed: HC' = ~(~HC + ~m + m').
 * @see https://www.rfc-editor.org/rfc/rfc1624#section-3
 */
export function updateChecksum(checksum: number, oldWord: number, newWord: number): number {
  return ~foldChecksum((~checksum & 0xffff) + (~oldWord & 0xffff) + (newWord & 0xffff)) & 0xffff
}

/** {@link updateChecksum} for an aligned 32-bit value, such as an IPv4 address (network order, as a number). */
export function updateChecksum32(checksum: number, oldValue: number, newValue: number): number {
  const high = updateChecksum(checksum, oldValue >>> 16, newValue >>> 16)
  return updateChecksum(high, oldValue & 0xffff, newValue & 0xffff)
}
