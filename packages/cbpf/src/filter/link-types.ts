/** How packets of a link layer tell what they carry. */
export type TypeField =
  | 'ethernet'
  | 'llc'
  | 'cooked'
  | 'ether-type'
  | 'ppp'
  | 'ip-version'
  | 'ipv4-only'
  | 'ipv6-only'
  | 'family-in-host-order'
  | 'family'

/** Where the parts of a packet of one link layer stand. Offsets are bytes from the start of the packet. */
export interface LinkType {
  /** As `tcpdump -y` takes it. */
  readonly name: LinkTypeName
  /** Its number in captures. @see https://www.tcpdump.org/linktypes.html */
  readonly number: number
  readonly description: string
  readonly typeField: TypeField
  /** Of the field that tells the type; 0 where there is none. */
  readonly typeOffset: number
  /** Where the link layer's header ends. */
  readonly payload: number
  /** From there to the network header, with and without a SNAP header. */
  readonly network: number
  readonly networkWithoutSnap: number
  /** Of the MAC addresses, where there are some. */
  readonly source: number | undefined
  readonly destination: number | undefined
}

// biome-ignore format: table
const ROWS = [
  // name      number description          type                    at  payload network no SNAP source     destination
  ['EN10MB',     1,   'Ethernet',          'ethernet',             12, 14,     0,      3,      6,         0],
  ['IEEE802',    6,   'Token ring',        'llc',                  20, 14,     8,      3,      8,         2],
  ['FDDI',       10,  'FDDI',              'llc',                  13, 13,     8,      3,      7,         1],
  ['RAW',        101, 'Raw IP',            'ip-version',           0,  0,      0,      0,      undefined, undefined],
  ['IPV4',       228, 'Raw IPv4',          'ipv4-only',            0,  0,      0,      0,      undefined, undefined],
  ['IPV6',       229, 'Raw IPv6',          'ipv6-only',            0,  0,      0,      0,      undefined, undefined],
  ['NULL',       0,   'BSD loopback',      'family-in-host-order', 0,  4,      0,      0,      undefined, undefined],
  ['LOOP',       108, 'OpenBSD loopback',  'family',               0,  4,      0,      0,      undefined, undefined],
  ['PPP',        9,   'PPP',               'ppp',                  2,  4,      0,      0,      undefined, undefined],
  ['LINUX_SLL',  113, 'Linux cooked v1',   'cooked',               14, 16,     0,      0,      undefined, undefined],
  ['LINUX_SLL2', 276, 'Linux cooked v2',   'ether-type',           0,  20,     0,      0,      undefined, undefined],
] as const

export type LinkTypeName = (typeof ROWS)[number][0]

/** Every link layer that filters can be compiled for. */
export const LINK_TYPES: readonly LinkType[] = ROWS.map(
  ([name, number, description, typeField, typeOffset, payload, network, networkWithoutSnap, source, destination]) =>
    Object.freeze({
      name,
      number,
      description,
      typeField,
      typeOffset,
      payload,
      network,
      networkWithoutSnap,
      source,
      destination,
    }),
)

/** In any case; undefined where it is unknown, or not supported. */
export function linkTypeNamed(name: string): LinkType | undefined {
  return LINK_TYPES.find((row) => row.name === name.toUpperCase())
}
