/** Numbers of protocols that expressions test for by themselves. */
export const IP_PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  igrp: 9,
  udp: 17,
  routing: 43,
  fragment: 44,
  esp: 50,
  ah: 51,
  icmp6: 58,
  none: 59,
  destinationOptions: 60,
  pim: 103,
  vrrp: 112,
  carp: 112,
  sctp: 132,
} as const

/**
 * What `proto` knows by name. libpcap asks the host's protocols file, which differs from host to host.
 *
 * @see IANA, Protocol Numbers
 */
// biome-ignore format: table
const BY_NAME: Readonly<Record<string, number>> = {
  ip: 0, hopopt: 0, icmp: 1, igmp: 2, ggp: 3, ipencap: 4, st: 5, tcp: 6, egp: 8, igp: 9, pup: 12, udp: 17, hmp: 20,
  'xns-idp': 22, rdp: 27, 'iso-tp4': 29, dccp: 33, xtp: 36, ddp: 37, 'idpr-cmtp': 38, ipv6: 41, 'ipv6-route': 43,
  'ipv6-frag': 44, idrp: 45, rsvp: 46, gre: 47, esp: 50, ah: 51, skip: 57, 'ipv6-icmp': 58, 'ipv6-nonxt': 59,
  'ipv6-opts': 60, rspf: 73, vmtp: 81, eigrp: 88, ospf: 89, 'ax.25': 93, ipip: 94, etherip: 97, encap: 98, pim: 103,
  ipcomp: 108, vrrp: 112, l2tp: 115, isis: 124, sctp: 132, fc: 133, 'mobility-header': 135, udplite: 136,
  'mpls-in-ip': 137, manet: 138, hip: 139, shim6: 140, wesp: 141, rohc: 142,
}

export const PROTOCOL_NAMES: readonly string[] = Object.keys(BY_NAME)

export function protocolNamed(name: string): number | undefined {
  return Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined
}

/** Numbers of protocols of ISO: the first byte of their headers. */
export const ISO_PROTOCOL = { clnp: 0x81, esis: 0x82, isis: 0x83 } as const

export const ISO_PROTOCOL_NAMES: readonly string[] = Object.keys(ISO_PROTOCOL)

export function isoProtocolNamed(name: string): number | undefined {
  return Object.hasOwn(ISO_PROTOCOL, name) ? ISO_PROTOCOL[name as keyof typeof ISO_PROTOCOL] : undefined
}
