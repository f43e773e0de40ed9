import { formatIpv4, parseIpv4, readIpv4 } from './ipv4-address.ts'
import { PacketError } from './packet-error.ts'

const GROUPS = 8

/**
 * The 16 bytes of any textual form of RFC 4291 section 2.2: full, `::`, or with an IPv4 address as the last 32 bits.
 * No zone (`%eth0`).
 * @throws PacketError ADDRESS_IPV6
 */
export function parseIpv6(text: string): Uint8Array {
  const halves = text.split('::')
  if (halves.length > 2) throw invalid(text)
  const head = parseGroups(halves[0]!, halves.length === 1, text)
  const tail = halves.length === 1 ? [] : parseGroups(halves[1]!, true, text)
  const missing = GROUPS - head.length - tail.length
  // A `::` stands for one group or more (RFC 5952, section 4.2.2 lets one pass on input).
  if (halves.length === 1 ? missing !== 0 : missing < 1) throw invalid(text)
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const bytes = new Uint8Array(16)
  for (const [index, group] of groups.entries()) {
    bytes[index * 2] = group >> 8
    bytes[index * 2 + 1] = group & 255
  }
  return bytes
}

function parseGroups(part: string, mayEndInIpv4: boolean, whole: string): number[] {
  if (part === '') return []
  const words = part.split(':')
  return words.flatMap((word, index) => {
    if (/^[0-9a-f]{1,4}$/i.test(word)) return [Number.parseInt(word, 16)]
    if (!mayEndInIpv4 || index !== words.length - 1 || !word.includes('.')) throw invalid(whole)
    return parseEmbeddedIpv4(word, whole)
  })
}

function parseEmbeddedIpv4(word: string, whole: string): number[] {
  try {
    const address = parseIpv4(word)
    return [address >>> 16, address & 0xffff]
  } catch (cause) {
    throw invalid(whole, cause)
  }
}

function invalid(text: string, cause?: unknown): PacketError {
  return new PacketError({
    code: 'ADDRESS_IPV6',
    message: 'not an IPv6 address',
    got: JSON.stringify(text),
    expected: 'up to eight groups of hexadecimal digits, such as 2001:db8::1',
    cause,
  })
}

/**
 * The one recommended text of the 16 bytes at `offsetBytes`: lower case, no leading zeros, the first longest run of two
 * or more zero groups as `::`, IPv4-mapped addresses in mixed notation.
 * @see https://www.rfc-editor.org/rfc/rfc5952
 */
export function formatIpv6(bytes: Uint8Array, offsetBytes = 0): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((bytes[offsetBytes + i]! << 8) | bytes[offsetBytes + i + 1]!)
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4(readIpv4(bytes, offsetBytes + 12))}`
  }
  const run = longestZeroRun(groups)
  const join = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return join(groups)
  return `${join(groups.slice(0, run.start))}::${join(groups.slice(run.start + run.length))}`
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let index = 0; index < groups.length; index++) {
    if (groups[index] !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}
