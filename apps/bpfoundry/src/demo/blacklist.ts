/** Nine of ten packets come from random addresses in 10.0.0.0/8; one of ten from outside, which no blacklist holds. */
export const TRAFFIC = 'rate=10M,size=60,src=10.0.0.0/8,dst=192.0.2.1,proto=udp,dport=9,allowed=10%'

/** An odd multiplier modulo 2^24 visits every address of 10.0.0.0/8 once: random-looking, and distinct. */
const MULTIPLIER = 0x9e3779
const INCREMENT = 0x7f4a7c

/**
 * Keys `first` up to `first + count` of the blacklist, packed: 4 bytes each, in network order.
 *
 * @param first number of the first address, `first + count` is at most 2^24
 */
export function blacklistKeys(first: number, count: number): Uint8Array {
  const keys = new Uint8Array(count * 4)
  for (let n = 0; n < count; n++) {
    const host = (Math.imul(first + n, MULTIPLIER) + INCREMENT) & 0xffffff
    keys[4 * n] = 10
    keys[4 * n + 1] = host >>> 16
    keys[4 * n + 2] = (host >>> 8) & 0xff
    keys[4 * n + 3] = host & 0xff
  }
  return keys
}
