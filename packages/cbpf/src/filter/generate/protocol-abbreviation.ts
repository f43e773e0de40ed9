import { type Condition, or } from '../condition.ts'
import { ETHER_TYPE, LLC_SAP } from '../names/ether-types.ts'
import { IP_PROTOCOL, ISO_PROTOCOL } from '../names/protocols.ts'
import type { Protocol } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { carries } from './link-protocol.ts'
import { protocolCarries } from './protocol-number.ts'

/** What a protocol is carried by, and its numbers there; more than one for groups of packet types. */
type Row = readonly [carrier: Protocol, ...numbers: number[]]

/** Types of packets of IS-IS. */
const L1_LAN_IIH = 15
const L2_LAN_IIH = 16
const PTP_IIH = 17
const L1_LSP = 18
const L2_LSP = 20
const L1_CSNP = 24
const L2_CSNP = 25
const L1_PSNP = 26
const L2_PSNP = 27

/** What the name of a protocol alone stands for. The last number of a group is tested first. */
// biome-ignore format: table
const ABBREVIATIONS: Partial<Readonly<Record<Protocol, Row>>> = {
  ip:      ['link', ETHER_TYPE.ip],
  ip6:     ['link', ETHER_TYPE.ip6],
  arp:     ['link', ETHER_TYPE.arp],
  rarp:    ['link', ETHER_TYPE.rarp],
  atalk:   ['link', ETHER_TYPE.atalk],
  aarp:    ['link', ETHER_TYPE.aarp],
  decnet:  ['link', ETHER_TYPE.decnet],
  sca:     ['link', ETHER_TYPE.sca],
  lat:     ['link', ETHER_TYPE.lat],
  mopdl:   ['link', ETHER_TYPE.mopdl],
  moprc:   ['link', ETHER_TYPE.moprc],
  iso:     ['link', LLC_SAP.iso],
  stp:     ['link', LLC_SAP.stp],
  ipx:     ['link', LLC_SAP.ipx],
  netbeui: ['link', LLC_SAP.netbeui],
  sctp:    ['default', IP_PROTOCOL.sctp],
  tcp:     ['default', IP_PROTOCOL.tcp],
  udp:     ['default', IP_PROTOCOL.udp],
  pim:     ['default', IP_PROTOCOL.pim],
  ah:      ['default', IP_PROTOCOL.ah],
  esp:     ['default', IP_PROTOCOL.esp],
  icmp:    ['ip', IP_PROTOCOL.icmp],
  igmp:    ['ip', IP_PROTOCOL.igmp],
  igrp:    ['ip', IP_PROTOCOL.igrp],
  vrrp:    ['ip', IP_PROTOCOL.vrrp],
  carp:    ['ip', IP_PROTOCOL.carp],
  icmp6:   ['ip6', IP_PROTOCOL.icmp6],
  esis:    ['iso', ISO_PROTOCOL.esis],
  isis:    ['iso', ISO_PROTOCOL.isis],
  clnp:    ['iso', ISO_PROTOCOL.clnp],
  l1:      ['isis', PTP_IIH, L1_LAN_IIH, L1_LSP, L1_CSNP, L1_PSNP],
  l2:      ['isis', PTP_IIH, L2_LAN_IIH, L2_LSP, L2_CSNP, L2_PSNP],
  iih:     ['isis', L2_LAN_IIH, L1_LAN_IIH, PTP_IIH],
  lsp:     ['isis', L2_LSP, L1_LSP],
  snp:     ['isis', L2_CSNP, L1_CSNP, L1_PSNP, L2_PSNP],
  csnp:    ['isis', L2_CSNP, L1_CSNP],
  psnp:    ['isis', L2_PSNP, L1_PSNP],
}

/** `tcp`: a packet of this protocol. */
export function isProtocol(generation: Generation, protocol: Protocol): Condition {
  const row = ABBREVIATIONS[protocol]
  if (row === undefined) throw generation.error(refusal(protocol))
  const [carrier, ...numbers] = row
  const tests = numbers.map((number) =>
    carrier === 'link' ? carries(generation, number) : protocolCarries(generation, carrier, number),
  )
  return tests.reduce((later, test) => or(test, later))
}

function refusal(protocol: Protocol): string {
  return protocol === 'link' ? 'link layer applied in wrong context' : `'${protocol}' is not a valid protocol type`
}
