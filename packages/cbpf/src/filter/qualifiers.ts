/** Protocols that qualify, abbreviate or are indexed: `ip host`, `tcp`, `icmp[0]`. `link` is whatever the link layer is. */
// biome-ignore format: by layer
export type Protocol =
  | 'default' | 'link'
  | 'ip' | 'arp' | 'rarp' | 'ip6' | 'atalk' | 'aarp' | 'decnet' | 'lat' | 'sca' | 'moprc' | 'mopdl'
  | 'sctp' | 'tcp' | 'udp' | 'icmp' | 'igmp' | 'igrp' | 'pim' | 'vrrp' | 'carp' | 'icmp6' | 'ah' | 'esp'
  | 'iso' | 'esis' | 'isis' | 'clnp' | 'l1' | 'l2' | 'iih' | 'lsp' | 'snp' | 'csnp' | 'psnp'
  | 'stp' | 'ipx' | 'netbeui' | 'radio'

/** Which end: `src and dst`, `src or dst`. */
export type Direction = 'default' | 'src' | 'dst' | 'and' | 'or'

/** What an id names. */
export type AddressKind = 'default' | 'host' | 'net' | 'port' | 'portrange' | 'proto' | 'protochain' | 'gateway'

/** What stands before an id; ids without any take over those of the id before. */
export interface Qualifiers {
  readonly protocol: Protocol
  readonly direction: Direction
  readonly address: AddressKind
}
