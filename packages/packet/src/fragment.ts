import { internetChecksum } from './checksum.ts'
import { encodeOptions } from './header-option.ts'
import { type Ipv4Layer, ipv4Layout } from './headers/ipv4.ts'
import { ipv6Fragment } from './headers/ipv6-extension.ts'
import { packet } from './packet-builder.ts'
import { PacketError } from './packet-error.ts'
import { type ParsedPacket, parsePacket } from './packet-parser.ts'
import { IP_PROTOCOL } from './protocol-numbers.ts'

/** Options with this bit go into every fragment, the others into the first alone (RFC 791, section 3.1). */
const COPIED = 0x80

const IPV6_HEADER_BYTES = 40

/**
 * Cuts an Ethernet frame's IPv4 packet into fragments of at most `mtuBytes` (IP header included); headers before IPv4
 * are repeated. A frame that fits is given back as it is.
 * @throws PacketError FRAGMENT_PACKET when there is no whole IPv4 packet or its don't-fragment flag is set; FRAGMENT_MTU
 */
export function fragmentIpv4(frame: Uint8Array, mtuBytes: number): Uint8Array[] {
  const parsed = parsePacket(frame)
  const ip = parsed.find('ipv4')
  if (ip === undefined) throw notFragmentable('frame has no IPv4 packet', parsed)
  if (ip.dontFragment) throw notFragmentable("packet has the don't-fragment flag", parsed)
  const endBytes = ip.offsetBytes + ip.totalLength
  if (endBytes > frame.length) throw notFragmentable('IPv4 packet is cut', parsed)
  if (ip.totalLength <= mtuBytes) return [frame]
  const content = frame.subarray(ip.offsetBytes + ip.lengthBytes, endBytes)
  return pieces(content, mtuBytes - ip.lengthBytes).map(({ start, data, isLast }) =>
    packet(frame.subarray(0, ip.offsetBytes), ipv4FragmentHeader(frame, ip, start, data.length, isLast), data),
  )
}

function ipv4FragmentHeader(
  frame: Uint8Array,
  ip: Ipv4Layer,
  start: number,
  dataBytes: number,
  isLast: boolean,
): Uint8Array {
  const fixedBytes = ipv4Layout.lengthBytes
  const options =
    start === 0
      ? frame.subarray(ip.offsetBytes + fixedBytes, ip.offsetBytes + ip.lengthBytes)
      : encodeOptions(
          ip.options.filter(({ kind }) => kind & COPIED),
          'ipv4',
        )
  const lengthBytes = fixedBytes + ((options.length + 3) & ~3)
  const header = new Uint8Array(lengthBytes)
  ipv4Layout.write(header, 0, {
    ...ip,
    ihl: lengthBytes / 4,
    totalLength: lengthBytes + dataBytes,
    moreFragments: ip.moreFragments || !isLast,
    fragmentOffset: ip.fragmentOffset + start / 8,
    headerChecksum: 0,
  })
  header.set(options, fixedBytes)
  const checksum = internetChecksum(header, 0, lengthBytes)
  header[10] = checksum >> 8
  header[11] = checksum
  return header
}

/**
 * Cuts an Ethernet frame's IPv6 packet into fragments of at most `mtuBytes`. Hop-by-hop and routing headers, with what
 * is before them, stand in every fragment (RFC 8200, section 4.5). A frame that fits is given back as it is.
 * @throws PacketError FRAGMENT_PACKET when there is no whole IPv6 packet; FRAGMENT_MTU
 */
export function fragmentIpv6(frame: Uint8Array, mtuBytes: number, identification: number): Uint8Array[] {
  const parsed = parsePacket(frame)
  const ip = parsed.find('ipv6')
  if (ip === undefined) throw notFragmentable('frame has no IPv6 packet', parsed)
  const endBytes = ip.offsetBytes + ip.lengthBytes + ip.payloadLength
  if (endBytes > frame.length) throw notFragmentable('IPv6 packet is cut', parsed)
  if (endBytes - ip.offsetBytes <= mtuBytes) return [frame]
  const repeated = lastRepeatedHeader(parsed)
  const unfragmentableEnd = repeated.offsetBytes + repeated.lengthBytes
  const nextHeaderAt = repeated.name === 'ipv6' ? repeated.offsetBytes + 6 : repeated.offsetBytes
  const nextHeader = frame[nextHeaderAt]!
  const prefix = Uint8Array.from(frame.subarray(0, unfragmentableEnd))
  prefix[nextHeaderAt] = IP_PROTOCOL.FRAGMENT
  const content = frame.subarray(unfragmentableEnd, endBytes)
  const headersBytes = unfragmentableEnd - ip.offsetBytes
  return pieces(content, mtuBytes - headersBytes - 8).map(({ start, data, isLast }) => {
    const fields = { nextHeader, identification, fragmentOffset: start / 8, moreFragments: !isLast }
    const fragment = packet(prefix, ipv6Fragment(fields), data)
    const payloadLength = headersBytes - IPV6_HEADER_BYTES + 8 + data.length
    fragment[ip.offsetBytes + 4] = payloadLength >> 8
    fragment[ip.offsetBytes + 5] = payloadLength
    return fragment
  })
}

function lastRepeatedHeader({ layers }: ParsedPacket): ParsedPacket['layers'][number] {
  const start = layers.findIndex(({ name }) => name === 'ipv6')
  let last = start
  for (let index = start + 1; index < layers.length; index++) {
    const { name } = layers[index]!
    if (name === 'hopByHop' || name === 'routing') last = index
    else if (name !== 'destinationOptions') break
  }
  return layers[last]!
}

/** All pieces but the last are a multiple of 8 bytes long. */
function pieces(content: Uint8Array, roomBytes: number): { start: number; data: Uint8Array; isLast: boolean }[] {
  const stepBytes = roomBytes & ~7
  if (stepBytes <= 0) {
    throw new PacketError({
      code: 'FRAGMENT_MTU',
      message: 'MTU has no room for headers and 8 bytes',
      got: `${roomBytes} bytes of room`,
      expected: 'at least 8',
    })
  }
  const result: { start: number; data: Uint8Array; isLast: boolean }[] = []
  for (let start = 0; start < content.length; start += stepBytes) {
    const end = Math.min(content.length, start + stepBytes)
    result.push({ start, data: content.subarray(start, end), isLast: end === content.length })
  }
  return result
}

function notFragmentable(message: string, { stop }: ParsedPacket): PacketError {
  return new PacketError({ code: 'FRAGMENT_PACKET', message, ...(stop === undefined ? {} : { got: stop.message }) })
}
