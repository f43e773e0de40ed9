import type { Protocol } from '../qualifiers.ts'
import type { TokenContent, Word } from './token.ts'

/** Protocols, and other words for them. */
// biome-ignore format: table
const PROTOCOLS: readonly (readonly [protocol: Protocol, ...words: string[]])[] = [
  ['link', 'link', 'ether', 'ppp', 'slip', 'fddi', 'tr', 'wlan'],
  ['ip'], ['arp'], ['rarp'], ['ip6'], ['atalk'], ['aarp'], ['decnet'], ['lat'], ['sca'], ['moprc'], ['mopdl'],
  ['sctp'], ['tcp'], ['udp'], ['icmp'], ['igmp'], ['igrp'], ['pim'], ['vrrp'], ['carp'], ['icmp6'], ['ah'], ['esp'],
  ['iso'], ['esis', 'esis', 'es-is'], ['isis', 'isis', 'is-is'], ['clnp'],
  ['l1'], ['l2'], ['iih'], ['lsp'], ['snp'], ['csnp'], ['psnp'],
  ['stp'], ['ipx'], ['netbeui'], ['radio'],
]

/** Words of the grammar, and other words for them. */
// biome-ignore format: table
const WORDS: readonly (readonly [word: Word, ...words: string[]])[] = [
  ['src'], ['dst'], ['host'], ['net'], ['mask'], ['port'], ['portrange'], ['proto'], ['protochain'], ['gateway'],
  ['less'], ['greater'], ['byte'], ['broadcast'], ['multicast'], ['and'], ['or'], ['not'], ['len', 'len', 'length'],
  ['inbound'], ['outbound'], ['ifindex'], ['ifname', 'ifname', 'on'], ['vlan'], ['mpls'], ['pppoed'], ['pppoes'], ['llc'],
]

/** Words that only mean something for link layers, or with encapsulations, that are not supported. */
const FOREIGN = `type subtype direction dir address1 addr1 address2 addr2 address3 addr3 address4 addr4 ra ta
  rset ruleset rnr rulenum srnr subrulenum reason action geneve lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic
  vpi vci connectmsg metaconnect fisu lsu lssu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls`.split(/\s+/)

/**
 * Numbers with names: offsets of fields, types, flags.
 *
 * @see pcap-filter(7)
 */
// biome-ignore format: table
const CONSTANTS: Readonly<Record<string, number>> = {
  'icmptype': 0, 'icmpcode': 1,
  'icmp-echoreply': 0, 'icmp-unreach': 3, 'icmp-sourcequench': 4, 'icmp-redirect': 5, 'icmp-echo': 8,
  'icmp-routeradvert': 9, 'icmp-routersolicit': 10, 'icmp-timxceed': 11, 'icmp-paramprob': 12, 'icmp-tstamp': 13,
  'icmp-tstampreply': 14, 'icmp-ireq': 15, 'icmp-ireqreply': 16, 'icmp-maskreq': 17, 'icmp-maskreply': 18,
  'icmp6type': 0, 'icmp6code': 1,
  'icmp6-destinationunreach': 1, 'icmp6-packettoobig': 2, 'icmp6-timeexceeded': 3, 'icmp6-parameterproblem': 4,
  'icmp6-echo': 128, 'icmp6-echoreply': 129, 'icmp6-multicastlistenerquery': 130,
  'icmp6-multicastlistenerreportv1': 131, 'icmp6-multicastlistenerdone': 132, 'icmp6-routersolicit': 133,
  'icmp6-routeradvert': 134, 'icmp6-neighborsolicit': 135, 'icmp6-neighboradvert': 136, 'icmp6-redirect': 137,
  'icmp6-routerrenum': 138, 'icmp6-nodeinformationquery': 139, 'icmp6-nodeinformationresponse': 140,
  'icmp6-ineighbordiscoverysolicit': 141, 'icmp6-ineighbordiscoveryadvert': 142,
  'icmp6-multicastlistenerreportv2': 143, 'icmp6-homeagentdiscoveryrequest': 144,
  'icmp6-homeagentdiscoveryreply': 145, 'icmp6-mobileprefixsolicit': 146, 'icmp6-mobileprefixadvert': 147,
  'icmp6-certpathsolicit': 148, 'icmp6-certpathadvert': 149, 'icmp6-multicastrouteradvert': 151,
  'icmp6-multicastroutersolicit': 152, 'icmp6-multicastrouterterm': 153,
  'tcpflags': 13, 'tcp-fin': 0x01, 'tcp-syn': 0x02, 'tcp-rst': 0x04, 'tcp-push': 0x08, 'tcp-ack': 0x10,
  'tcp-urg': 0x20, 'tcp-ece': 0x40, 'tcp-cwr': 0x80,
}

const byText = new Map<string, TokenContent>([
  ...PROTOCOLS.flatMap(([protocol, ...words]) =>
    (words.length === 0 ? [protocol] : words).map((text): [string, TokenContent] => [
      text,
      { kind: 'protocol', protocol },
    ]),
  ),
  ...WORDS.flatMap(([word, ...words]) =>
    (words.length === 0 ? [word] : words).map((text): [string, TokenContent] => [text, { kind: 'word', word }]),
  ),
  ...FOREIGN.map((text): [string, TokenContent] => [text, { kind: 'foreign' }]),
  ...Object.entries(CONSTANTS).map(([text, value]): [string, TokenContent] => [text, { kind: 'number', value }]),
])

/** What a word of the language is; undefined where it is a name. */
export function wordContent(text: string): TokenContent | undefined {
  return byText.get(text)
}
