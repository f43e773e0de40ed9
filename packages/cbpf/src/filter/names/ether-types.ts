/** Types of Ethernet frames. */
export const ETHER_TYPE = {
  ip: 0x0800,
  arp: 0x0806,
  mopdl: 0x6001,
  moprc: 0x6002,
  decnet: 0x6003,
  lat: 0x6004,
  sca: 0x6007,
  rarp: 0x8035,
  atalk: 0x809b,
  aarp: 0x80f3,
  vlan: 0x8100,
  ipx: 0x8137,
  ip6: 0x86dd,
  mpls: 0x8847,
  pppoed: 0x8863,
  pppoes: 0x8864,
  serviceVlan: 0x88a8,
  stackedVlan: 0x9100,
} as const

/** Service access points of IEEE 802.2: protocols whose frames have a length where others have their type. */
export const LLC_SAP = { ip: 0x06, stp: 0x42, ipx: 0xe0, netbeui: 0xf0, iso: 0xfe } as const

/** Up to here a type is a length. */
export const MAX_FRAME_LENGTH = 1500

/** What `ether proto` knows by name: its table before that of the access points. */
// biome-ignore format: table
const BY_NAME: Readonly<Record<string, number>> = {
  aarp: ETHER_TYPE.aarp, arp: ETHER_TYPE.arp, atalk: ETHER_TYPE.atalk, decnet: ETHER_TYPE.decnet, ip: ETHER_TYPE.ip,
  ip6: ETHER_TYPE.ip6, lat: ETHER_TYPE.lat, loopback: 0x9000, mopdl: ETHER_TYPE.mopdl, moprc: ETHER_TYPE.moprc,
  rarp: ETHER_TYPE.rarp, sca: ETHER_TYPE.sca,
  iso: LLC_SAP.iso, stp: LLC_SAP.stp, ipx: LLC_SAP.ipx, netbeui: LLC_SAP.netbeui,
}

export const ETHER_TYPE_NAMES: readonly string[] = Object.keys(BY_NAME)

export function etherTypeNamed(name: string): number | undefined {
  return Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined
}
