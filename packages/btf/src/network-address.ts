/**
 * The bytes, in network order, of an address written as text: IPv4 (4), MAC (6) or IPv6 (16); undefined for other text.
 *
 * @see RFC 4291, section 2.2
 */
export function parseNetworkAddress(text: string): Uint8Array | undefined {
  return parseIpv4(text) ?? parseMac(text) ?? parseIpv6(text)
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return Uint8Array.from(parts, Number)
}

function parseMac(text: string): Uint8Array | undefined {
  const parts = text.split(/[:-]/)
  if (parts.length !== 6 || !parts.every((part) => /^[0-9a-f]{2}$/i.test(part))) return undefined
  return Uint8Array.from(parts, (part) => Number.parseInt(part, 16))
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (!text.includes(':') || halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (head === undefined) return undefined
  const given = head.length + (tail?.length ?? 0)
  if (tail === undefined ? given !== 8 : given > 7) return undefined
  const groups = [...head, ...new Array<string>(8 - given).fill('0'), ...(tail ?? [])]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return Uint8Array.from(
    groups.flatMap((group) => {
      const word = Number.parseInt(group, 16)
      return [word >>> 8, word & 0xff]
    }),
  )
}
