import { checksumSum, internetChecksum } from './checksum.ts'

/** What TCP, UDP and ICMPv6 need of the IP header around them for their checksums. */
export interface PseudoHeader {
  readonly family: 4 | 6
  /** Where source and destination stand side by side in the frame. */
  readonly addressesOffsetBytes: number
  /** The unfolded sum of source and final destination, which an IPv6 routing header may name. */
  readonly addressesSum: number
}

/** The pseudo header whose addresses stand side by side at `addressesOffsetBytes` of a frame. */
export function pseudoHeaderAt(frame: Uint8Array, family: 4 | 6, addressesOffsetBytes: number): PseudoHeader {
  const addressesSum = checksumSum(frame, addressesOffsetBytes, family === 4 ? 8 : 32)
  return { family, addressesOffsetBytes, addressesSum }
}

/** The same with the destination of 16 bytes at `finalOffsetBytes`. */
export function withFinalDestination(pseudo: PseudoHeader, frame: Uint8Array, finalOffsetBytes: number): PseudoHeader {
  const sourceSum = checksumSum(frame, pseudo.addressesOffsetBytes, 16)
  return { ...pseudo, addressesSum: checksumSum(frame, finalOffsetBytes, 16, sourceSum) }
}

/** The checksum of an upper-layer packet whose own checksum field is zero; 0 when that field holds the right value. */
export function transportChecksum(
  frame: Uint8Array,
  offsetBytes: number,
  lengthBytes: number,
  protocol: number,
  pseudo: PseudoHeader | undefined,
): number {
  const sum = pseudo === undefined ? 0 : pseudo.addressesSum + protocol + lengthBytes
  return internetChecksum(frame, offsetBytes, lengthBytes, sum)
}
