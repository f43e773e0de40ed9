/** Link-layer protocols by the names that iproute2 knows and shows. @see lib/ll_proto.c, include/uapi/linux/if_ether.h */
// biome-ignore format: table
const PROTOCOLS = {
  all:      0x0003,
  ip:       0x0800,
  arp:      0x0806,
  '802.1Q': 0x8100,
  ipv6:     0x86dd,
  mpls_uc:  0x8847,
  mpls_mc:  0x8848,
  '802.1ad': 0x88a8,
} as const

/** Protocol of a filter, by its name. */
export type TcProtocol = keyof typeof PROTOCOLS

/** ETH_P_* */
export function protocolNumber(protocol: TcProtocol): number {
  return PROTOCOLS[protocol]
}
