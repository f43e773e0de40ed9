import { TCP_FLAG } from '../headers/tcp.ts'
import { parsePrefix } from '../ip-prefix.ts'
import { parseIpv4, readIpv4 } from '../ipv4-address.ts'
import { parseMac } from '../mac-address.ts'
import { PacketError } from '../packet-error.ts'
import type { AddressRange, NumberRange } from './stream.ts'

/* How the values of a traffic specification are written. Each parser throws PacketError; the key is added by the caller. */

const SUFFIX: Readonly<Record<string, number>> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 }

/** `1000000`, `1_000_000`, `1M`, `14.88M`. */
export function parseQuantity(text: string): number {
  const match = /^([0-9][0-9_]*(?:\.[0-9]+)?)([kKMG]?)$/.exec(text)
  if (match === null) throw wrongValue(text, 'a number, such as 1000000, 1_000_000 or 1.5M')
  return Number(match[1]!.replaceAll('_', '')) * SUFFIX[match[2]!]!
}

/** A {@link parseQuantity} that is whole and in range. */
export function parseWhole(text: string, min: number, max: number): number {
  const value = parseQuantity(text)
  if (!Number.isInteger(value)) throw wrongValue(text, 'a whole number')
  if (value < min || value > max) throw outOfRange(text, `${min} to ${max}`)
  return value
}

/** `9` or `1024-65535`. */
export function parseRange(text: string, min: number, max: number): NumberRange {
  const [first, last, ...rest] = text.split('-')
  if (rest.length > 0) throw wrongValue(text, 'a number or a range such as 1024-65535')
  const range = { min: parseWhole(first!, min, max), max: parseWhole(last ?? first!, min, max) }
  if (range.min > range.max) throw outOfRange(text, 'the lower end first')
  return range
}

/** `10.1.2.3`, `10.0.0.0/8`, `10.0.0.5-10.0.0.9`, `2001:db8::/64`. */
export function parseAddressRange(text: string): AddressRange {
  const dash = text.indexOf('-')
  if (dash !== -1) return parseIpv4Span(text, dash)
  const { family, address, prefixBits } = parsePrefix(text)
  if (family === 6) return { family, address, prefixBits }
  return { family, first: readIpv4(address, 0), count: 2 ** (32 - prefixBits) }
}

function parseIpv4Span(text: string, dash: number): AddressRange {
  if (text.includes(':')) throw wrongValue(text, 'a prefix such as 2001:db8::/64: IPv6 has no a-b ranges here')
  const first = parseIpv4(text.slice(0, dash))
  const last = parseIpv4(text.slice(dash + 1))
  if (first > last) throw outOfRange(text, 'the lower address first')
  return { family: 4, first, count: last - first + 1 }
}

/** A part of a hundred: `10%`. */
export function parsePercent(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)%$/.exec(text)
  if (match === null) throw wrongValue(text, 'a percentage, such as 10%')
  const value = Number(match[1])
  if (value > 100) throw outOfRange(text, '0% to 100%')
  return value
}

/** One of a few words. */
export function parseChoice<Word extends string>(text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw wrongValue(text, words.join(', '))
  return found
}

/** The address in its usual form. */
export function checkedMac(text: string): string {
  parseMac(text)
  return text
}

/** `SYN`, or several joined with `+`: `SYN+ACK`. */
export function parseTcpFlags(text: string): number {
  const names = Object.keys(TCP_FLAG) as (keyof typeof TCP_FLAG)[]
  return text
    .split('+')
    .reduce((flags, word) => flags | TCP_FLAG[parseChoice(word.toUpperCase() as keyof typeof TCP_FLAG, names)], 0)
}

export function wrongValue(got: string, expected: string): PacketError {
  return new PacketError({
    code: 'PKTGEN_VALUE',
    message: 'value of the wrong kind',
    got: JSON.stringify(got),
    expected,
  })
}

export function outOfRange(got: string, expected: string): PacketError {
  return new PacketError({ code: 'PKTGEN_RANGE', message: 'value out of range', got: JSON.stringify(got), expected })
}
