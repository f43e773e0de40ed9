/*
 * The numbers by which headers name each other, with their spelling in <linux/if_ether.h>, <netinet/in.h> and the
 * tcpdump registry.
 */

/** EtherTypes (IEEE 802). `LOCAL_EXPERIMENTAL` announces a payload of unknown kind. */
// biome-ignore format: table
export const ETHERTYPE = {
  IPV4:               0x0800,
  ARP:                0x0806,
  VLAN:               0x8100,
  IPV6:               0x86dd,
  QINQ:               0x88a8,
  LOCAL_EXPERIMENTAL: 0x88b5,
  /** Values below are the length of an IEEE 802.3 frame. */
  FIRST:              0x0600,
} as const

/** IP protocol numbers (IANA), IPv6 extension headers included. `EXPERIMENTAL` (RFC 3692) announces a bare payload. */
// biome-ignore format: table
export const IP_PROTOCOL = {
  HOP_BY_HOP:          0,
  ICMP:                1,
  IPIP:                4,
  TCP:                 6,
  UDP:                17,
  IPV6:               41,
  ROUTING:            43,
  FRAGMENT:           44,
  ICMPV6:             58,
  NO_NEXT_HEADER:     59,
  DESTINATION_OPTIONS: 60,
  EXPERIMENTAL:       253,
} as const

/** Link types of capture files. @see https://www.tcpdump.org/linktypes.html */
// biome-ignore format: table
export const LINKTYPE = {
  ETHERNET: 1,
  RAW:      101,
} as const
