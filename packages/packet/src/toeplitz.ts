import { PacketError } from './packet-error.ts'
import { ETHERTYPE, IP_PROTOCOL } from './protocol-numbers.ts'

/*
 * Receive side scaling (RSS): the Toeplitz hash, and which bytes of a frame go into it.
 *
 * The hash XORs, for each set bit of the input, the 32 bits of the key that start at that bit's position. It is linear,
 * so the contribution of one input byte is a table look-up by position and value: 256 words for each position, made
 * once from the key. A hash of an IPv4 4-tuple is then 12 look-ups, without allocation.
 */

const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (byte) => Number.parseInt(byte, 16))

/** The 40-byte key of the Microsoft specification's verification suite, which many drivers use as their default. */
export const TOEPLITZ_DEFAULT_KEY: Uint8Array = hex(
  '6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa',
)

/**
 * A 40-byte key of period 16 bits: both directions of a flow get the same hash.
 * @see Woo, Park: "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling", KAIST 2012
 */
export const TOEPLITZ_SYMMETRIC_KEY: Uint8Array = hex('6d5a'.repeat(20))

const MIN_KEY_BYTES = 40
const MAX_KEY_BYTES = 256
/** Cards give up on longer chains; so does this, and hashes the addresses alone. */
const MAX_EXTENSION_HEADERS = 8

/** What a {@link Toeplitz} hashes with and over. */
export interface ToeplitzOptions {
  /** 40 bytes or more (i40e has 52); {@link TOEPLITZ_DEFAULT_KEY} if absent. It is copied. */
  readonly key?: Uint8Array
  /**
   * Hash the ports of UDP too. Off as in most drivers (`ethtool -n <nic> rx-flow-hash udp4` says sd), because the
   * fragments of one datagram would spread over queues.
   */
  readonly udpPorts?: boolean
}

/**
 * The RSS hash of a network card.
 * @see https://learn.microsoft.com/en-us/windows-hardware/drivers/network/rss-hashing-functions
 */
export class Toeplitz {
  readonly key: Uint8Array
  readonly udpPorts: boolean
  /** The most input bytes this key can hash: its length less 4. */
  readonly maxInputBytes: number
  readonly #table: Int32Array

  /** @throws PacketError TOEPLITZ_KEY when the key is shorter than 40 or longer than 256 bytes */
  constructor(options: ToeplitzOptions = {}) {
    this.key = Uint8Array.from(options.key ?? TOEPLITZ_DEFAULT_KEY)
    if (this.key.length < MIN_KEY_BYTES || this.key.length > MAX_KEY_BYTES) {
      throw new PacketError({
        code: 'TOEPLITZ_KEY',
        message: 'RSS key has an impossible length',
        got: `${this.key.length} bytes`,
        expected: `${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes`,
      })
    }
    this.udpPorts = options.udpPorts ?? false
    this.maxInputBytes = this.key.length - 4
    this.#table = contributions(this.key)
  }

  /**
   * The hash (unsigned 32 bits) of `lengthBytes` bytes at `offsetBytes`.
   * @throws PacketError TOEPLITZ_INPUT when the input is longer than the key can hash
   */
  hash(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): number {
    if (lengthBytes > this.maxInputBytes) {
      throw new PacketError({
        code: 'TOEPLITZ_INPUT',
        message: 'input is longer than the RSS key can hash',
        got: `${lengthBytes} bytes`,
        expected: `at most ${this.maxInputBytes} bytes`,
      })
    }
    return this.#part(bytes, offsetBytes, lengthBytes, 0) >>> 0
  }

  /**
   * The RSS hash (unsigned 32 bits) of an Ethernet frame that stands at `frameOffsetBytes`; `bytes` may lie in shared
   * memory. TCP (and UDP with {@link ToeplitzOptions.udpPorts}) hashes addresses and ports; other IP packets, fragments
   * and headers cut short of their ports hash the addresses; what is not IP has hash 0. VLAN tags and IPv6 extension
   * headers are walked over; addresses are those of the IP header. Nothing is read outside of the frame.
   */
  rssHash(bytes: Uint8Array, frameOffsetBytes: number, frameLengthBytes: number): number {
    const end = frameOffsetBytes + frameLengthBytes
    let at = frameOffsetBytes + 12
    if (at + 2 > end) return 0
    let etherType = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
    while ((etherType === ETHERTYPE.VLAN || etherType === ETHERTYPE.QINQ) && at + 4 <= end) {
      etherType = (bytes[at + 2]! << 8) | bytes[at + 3]!
      at += 4
    }
    if (etherType === ETHERTYPE.IPV4) return this.#hashIpv4(bytes, at, end) >>> 0
    if (etherType === ETHERTYPE.IPV6) return this.#hashIpv6(bytes, at, end) >>> 0
    return 0
  }

  #hashIpv4(bytes: Uint8Array, at: number, end: number): number {
    if (at + 20 > end || bytes[at]! >> 4 !== 4) return 0
    const addresses = this.#part(bytes, at + 12, 8, 0)
    const isFragment = (((bytes[at + 6]! << 8) | bytes[at + 7]!) & 0x3fff) !== 0
    const portsAt = at + (bytes[at]! & 15) * 4
    if (isFragment || portsAt < at + 20 || portsAt + 4 > end || !this.#hasPorts(bytes[at + 9]!)) return addresses
    return addresses ^ this.#part(bytes, portsAt, 4, 8)
  }

  #hashIpv6(bytes: Uint8Array, at: number, end: number): number {
    if (at + 40 > end || bytes[at]! >> 4 !== 6) return 0
    const addresses = this.#part(bytes, at + 8, 32, 0)
    let next = bytes[at + 6]!
    let portsAt = at + 40
    for (let count = 0; count < MAX_EXTENSION_HEADERS && isSkippableExtension(next) && portsAt + 8 <= end; count++) {
      next = bytes[portsAt]!
      portsAt += bytes[portsAt + 1]! * 8 + 8
    }
    if (portsAt + 4 > end || !this.#hasPorts(next)) return addresses
    return addresses ^ this.#part(bytes, portsAt, 4, 32)
  }

  #hasPorts(protocol: number): boolean {
    return protocol === IP_PROTOCOL.TCP || (this.udpPorts && protocol === IP_PROTOCOL.UDP)
  }

  /** The contribution of bytes that stand at `position` in the hash input. Four a turn, since a 4-tuple is words. */
  #part(bytes: Uint8Array, offsetBytes: number, lengthBytes: number, position: number): number {
    const table = this.#table
    const end = offsetBytes + lengthBytes
    let hash = 0
    let row = position << 8
    let at = offsetBytes
    for (; at + 4 <= end; at += 4, row += 1024) {
      hash ^=
        table[row | bytes[at]!]! ^
        table[(row + 256) | bytes[at + 1]!]! ^
        table[(row + 512) | bytes[at + 2]!]! ^
        table[(row + 768) | bytes[at + 3]!]!
    }
    for (; at < end; at++, row += 256) hash ^= table[row | bytes[at]!]!
    return hash
  }
}

/** A fragment header is not skipped: the ports may stand in another fragment. */
function isSkippableExtension(nextHeader: number): boolean {
  return (
    nextHeader === IP_PROTOCOL.HOP_BY_HOP ||
    nextHeader === IP_PROTOCOL.ROUTING ||
    nextHeader === IP_PROTOCOL.DESTINATION_OPTIONS
  )
}

/** `table[position * 256 + value]`: what a byte of that value at that position of the input adds to the hash. */
function contributions(key: Uint8Array): Int32Array {
  const positions = key.length - 4
  const table = new Int32Array(positions * 256)
  for (let position = 0; position < positions; position++) {
    const base = position * 256
    for (let bit = 0; bit < 8; bit++) table[base + (0x80 >> bit)] = keyWindow(key, position, bit)
    // Linear: a value of several bits is the XOR of its lowest bit and the rest, both smaller and so there already.
    for (let value = 1; value < 256; value++) {
      const lowest = value & -value
      if (lowest !== value) table[base + value] = table[base + lowest]! ^ table[base + (value ^ lowest)]!
    }
  }
  return table
}

/** The 32 bits of the key that start `bit` bits into byte `position`. */
function keyWindow(key: Uint8Array, position: number, bit: number): number {
  const word = (key[position]! << 24) | (key[position + 1]! << 16) | (key[position + 2]! << 8) | key[position + 3]!
  return bit === 0 ? word : (word << bit) | (key[position + 4]! >> (8 - bit))
}
