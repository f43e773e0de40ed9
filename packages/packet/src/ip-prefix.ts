import { formatIpv4, parseIpv4, readIpv4 } from './ipv4-address.ts'
import { formatIpv6, parseIpv6 } from './ipv6-address.ts'
import { PacketError } from './packet-error.ts'

/** An IP network: the address with its host bits cleared, in network order, and the length of the prefix in bits. */
export interface IpPrefix {
  readonly family: 4 | 6
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  readonly prefixBits: number
}

/** The bytes of an IPv4 or IPv6 address, told apart by the colon. @throws PacketError ADDRESS_IPV4, ADDRESS_IPV6 */
export function parseIp(text: string): Uint8Array {
  if (text.includes(':')) return parseIpv6(text)
  const address = parseIpv4(text)
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address)
}

/** The text of 4 or 16 address bytes. */
export function formatIp(address: Uint8Array): string {
  return address.length === 4 ? formatIpv4(readIpv4(address, 0)) : formatIpv6(address)
}

/**
 * `10.0.0.0/8` or `2001:db8::/32`; an address alone is a host prefix (/32 or /128). Host bits are cleared.
 * @throws PacketError ADDRESS_PREFIX, ADDRESS_IPV4, ADDRESS_IPV6
 */
export function parsePrefix(text: string): IpPrefix {
  const slash = text.indexOf('/')
  const address = parseIp(slash === -1 ? text : text.slice(0, slash))
  const maxBits = address.length * 8
  const digits = slash === -1 ? String(maxBits) : text.slice(slash + 1)
  if (!/^[0-9]{1,3}$/.test(digits) || Number(digits) > maxBits) {
    throw new PacketError({
      code: 'ADDRESS_PREFIX',
      message: 'prefix length out of range',
      got: JSON.stringify(text),
      expected: `/0 to /${maxBits}`,
    })
  }
  const prefixBits = Number(digits)
  for (let index = 0; index < address.length; index++) {
    const kept = Math.min(8, Math.max(0, prefixBits - index * 8))
    address[index] = address[index]! & ~(0xff >> kept)
  }
  return { family: address.length === 4 ? 4 : 6, address, prefixBits }
}
