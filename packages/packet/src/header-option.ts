import { PacketError } from './packet-error.ts'

/** An option of an IPv4, IPv6 or TCP header: its number, and the value without number and length. */
export interface HeaderOption {
  readonly kind: number
  readonly data: Uint8Array
}

/** How options are laid out. In IPv4 and TCP the length counts the kind and length bytes, too. */
interface OptionStyle {
  /** Kinds below this are one byte long. */
  readonly firstKindWithLength: number
  readonly lengthCounts: 0 | 2
}

// biome-ignore format: table
const STYLES = {
  ipv4: { firstKindWithLength: 2, lengthCounts: 2 },
  ipv6: { firstKindWithLength: 1, lengthCounts: 0 },
} as const satisfies Record<OptionStyleName, OptionStyle>

/** TCP has the style of IPv4. */
export type OptionStyleName = 'ipv4' | 'ipv6'

/** The end-of-options kind of IPv4 and TCP; a single byte of padding in IPv6. */
const END_OR_PAD1 = 0
const PADN = 1

/** The bytes of a list of options, without padding. @throws PacketError PACKET_FIELD_RANGE */
export function encodeOptions(options: readonly HeaderOption[], styleName: OptionStyleName): Uint8Array {
  const style = STYLES[styleName]
  return Uint8Array.from(
    options.flatMap(({ kind, data }) => {
      const length = data.length + style.lengthCounts
      if (kind < 0 || kind > 255 || length > 255) throw optionRange(kind, data)
      return kind < style.firstKindWithLength ? [kind] : [kind, length, ...data]
    }),
  )
}

function optionRange(kind: number, data: Uint8Array): PacketError {
  return new PacketError({
    code: 'PACKET_FIELD_RANGE',
    message: 'option does not fit its kind and length bytes',
    got: `kind ${kind} with ${data.length} bytes`,
    expected: 'kind 0 to 255 with at most 253 bytes',
  })
}

/** Options as they stand in a header: up to the end mark, or up to the first whose length can't be. */
export interface ParsedOptions {
  readonly options: readonly HeaderOption[]
  readonly malformed: boolean
}

/** Reads the options of `bytes[offsetBytes .. endBytes)`. */
export function parseOptions(
  bytes: Uint8Array,
  offsetBytes: number,
  endBytes: number,
  styleName: OptionStyleName,
): ParsedOptions {
  const style = STYLES[styleName]
  const options: HeaderOption[] = []
  for (let at = offsetBytes; at < endBytes; ) {
    const kind = bytes[at]!
    if (kind === END_OR_PAD1 && styleName === 'ipv4') break
    if (kind < style.firstKindWithLength) {
      options.push({ kind, data: bytes.subarray(at + 1, at + 1) })
      at += 1
      continue
    }
    const end = at + 2 - style.lengthCounts + (at + 1 < endBytes ? bytes[at + 1]! : endBytes)
    if (end < at + 2 || end > endBytes) return { options, malformed: true }
    options.push({ kind, data: bytes.subarray(at + 2, end) })
    at = end
  }
  return { options, malformed: false }
}

/** IPv6 padding of this many bytes: nothing, Pad1, or PadN (RFC 8200, section 4.2). */
export function ipv6Padding(lengthBytes: number): HeaderOption[] {
  if (lengthBytes === 0) return []
  if (lengthBytes === 1) return [option(END_OR_PAD1)]
  return [option(PADN, ...new Array<number>(lengthBytes - 2).fill(0))]
}

const option = (kind: number, ...data: number[]): HeaderOption => ({ kind, data: Uint8Array.from(data) })
const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255]
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)]

/** Builders of the usual TCP options (RFC 9293 section 3.2, RFC 7323, RFC 2018). */
export const tcpOption: {
  readonly endOfList: () => HeaderOption
  readonly noOperation: () => HeaderOption
  readonly maximumSegmentSize: (lengthBytes: number) => HeaderOption
  readonly windowScale: (shift: number) => HeaderOption
  readonly sackPermitted: () => HeaderOption
  readonly sack: (...edges: readonly (readonly [left: number, right: number])[]) => HeaderOption
  readonly timestamps: (value: number, echoReply: number) => HeaderOption
} = {
  endOfList: () => option(0),
  noOperation: () => option(1),
  maximumSegmentSize: (lengthBytes) => option(2, ...u16(lengthBytes)),
  windowScale: (shift) => option(3, shift),
  sackPermitted: () => option(4),
  sack: (...edges) => option(5, ...edges.flatMap(([left, right]) => [...u32(left), ...u32(right)])),
  timestamps: (value, echoReply) => option(8, ...u32(value), ...u32(echoReply)),
}

/** Builders of the usual IPv4 options (RFC 791 section 3.1, RFC 2113). */
export const ipv4Option: {
  readonly endOfList: () => HeaderOption
  readonly noOperation: () => HeaderOption
  /** Room for so many addresses, none recorded yet. */
  readonly recordRoute: (slots: number) => HeaderOption
  /** Room for so many timestamps, none recorded yet. */
  readonly timestamps: (slots: number) => HeaderOption
  readonly routerAlert: () => HeaderOption
} = {
  endOfList: () => option(0),
  noOperation: () => option(1),
  recordRoute: (slots) => option(7, 4, ...new Array<number>(slots * 4).fill(0)),
  timestamps: (slots) => option(68, 5, 0, ...new Array<number>(slots * 4).fill(0)),
  routerAlert: () => option(148, 0, 0),
}

/** Builders of IPv6 hop-by-hop and destination options (RFC 8200 section 4.2, RFC 2711). */
export const ipv6Option: {
  readonly pad1: () => HeaderOption
  /** Padding of this many bytes in all, two or more. */
  readonly padN: (lengthBytes: number) => HeaderOption
  readonly routerAlert: (value: number) => HeaderOption
} = {
  pad1: () => option(END_OR_PAD1),
  padN: (lengthBytes) => option(PADN, ...new Array<number>(Math.max(0, lengthBytes - 2)).fill(0)),
  routerAlert: (value) => option(5, ...u16(value)),
}
