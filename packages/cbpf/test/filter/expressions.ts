/** Filters of all sorts, once each. */
// biome-ignore format: words
export const EXPRESSIONS: readonly string[] = [
  '', 'icmp or icmp6', 'ip and tcp and dst port 80', 'host 10.0.0.1', 'port 53', 'ip', 'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
  'vlan 100 and ip6', 'net 10.0.0.0/8', 'greater 1000', 'ether host 00:11:22:33:44:55', 'ip proto 17 and udp[8:4] = 0xdeadbeef',
  'len > 64 and not arp', 'portrange 1000-2000', 'ip[0] & 0xf != 5', 'mpls 100', 'ip6 protochain 6', 'inbound',
  'outbound', 'ifindex 3', 'not ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'igmp', 'igrp', 'pim', 'vrrp',
  'carp', 'ah', 'esp', 'atalk', 'aarp', 'decnet', 'lat', 'sca', 'moprc', 'mopdl', 'iso', 'esis', 'isis', 'clnp', 'l1', 'l2',
  'iih', 'lsp', 'snp', 'csnp', 'psnp', 'stp', 'ipx', 'netbeui', 'src host 10.0.0.1', 'dst 10.0.0.1', 'host 10.1',
  'src or dst host 10.0.0.1', 'src and dst net 10', 'arp host 10.0.0.1', 'net 172.16.0.0 mask 255.240.0.0', 'net 0.0.0.0/0',
  'host 10.0.0.1 and not 10.0.0.2', 'host (10.0.0.1 or 10.0.0.2)', 'ip6 host 2001:db8::1', 'net 2001:db8::/32', 'net fe80::/10',
  'host ::ffff:10.0.0.1', 'port 80 or 443', 'port (22 and (80 or 443))', 'tcp port http', 'udp port domain', 'port domain',
  'src port 53 and dst port 1024', 'src and dst port 53', 'tcp dst portrange 6000-6008', 'portrange http-https', 'portrange 90-80',
  'ether src 02:00:00:00:00:01', 'ether dst host 0200.0000.0003', 'ether broadcast', 'ether multicast', 'ip multicast', 'ip6 multicast',
  'ip broadcast', 'ether proto 0x88cc', 'ether proto \\arp', 'ether proto 5', 'ip proto \\icmp', 'ip6 proto 17', 'proto 47',
  'iso proto \\esis', 'less 60', 'byte 20 = 6', 'byte 20 < 6', 'byte 20 > 6', 'byte 20 & 6', 'byte 20 | 6', 'vlan', 'vlan and vlan and ip',
  'vlan 100 and vlan 200', 'not vlan and tcp', 'mpls', 'mpls and mpls 5 and host 10.0.0.1', 'vlan and mpls and ip6', 'pppoed', 'pppoes',
  'pppoes 7 and ip', 'pppoes and tcp port 80', 'pppoes and ether[0] = 1', 'ip protochain 6', 'protochain 51',
  'tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)', 'ip[ip[0] & 15] > 7', 'ip[8] / 2 < 20 or ip[8] % 7 == 1',
  'ether[0] ^ ether[6] == 0', 'ip[0] + tcp[0] = 4', 'icmp[icmptype] != icmp-echo', 'icmp6[icmp6type] = icmp6-echo', 'ip6[6] == 44',
  'arp[6:2] = 2', 'len - ip[2:2] > 14', '- ip[0] * 2 = 1', 'ip[2:2] = ip6[4:2]', '1 = 1', '7 % 4 * 2 < len', '2 ^ 1 << 1 = len',
  'tcp[13] = 2 and tcp[13] != 18', 'ip[6:2] & 0x1fff != 0', 'ip[0] & 0 = 0', 'ip[0] | 0 = 4', 'udp[4:2] << 3 > 100', 'sctp[0:2] >= 80',
  'llc', 'llc i', 'llc s', 'llc u', 'llc rr', 'llc rnr', 'llc rej', 'llc ui', 'llc ua', 'llc disc', 'llc sabme', 'llc test',
  'llc \\xid', 'llc frmr and not ip', 'vlan and llc i', 'ip and not (host 10.0.0.1 or host 10.0.0.2) and not port 53', '(tcp or udp) and (port 53 or port 80) and not src net 10.0.0.0/8',
  'tcp or udp and not port 22', 'not (ip or ip6)', 'ip or not ip and len > 5', '!(host 10.0.0.1) && (tcp || udp)',
  'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn and dst host 10.0.0.1', 'host 10.0.0.1 or host 10.0.0.2 or host 10.0.0.3 or 10.0.0.4',
  'port 1 or 2 or 3 or 4 or 5 or 6 or 7 or 8 or 9 or 10 or 11 or 12 or 13 or 14 or 15 or 16',
  `arp or ip and (${Array.from({ length: 24 }, (_, index) => `port ${7 * index}`).join(' or ')})`,
]

/** The rest of the link layers are asked about these. */
// biome-ignore format: words
export const LINK_EXPRESSIONS: readonly string[] = [
  'ip', 'ip6', 'arp', 'tcp', 'icmp6', 'host 10.0.0.1', 'ip6 host ::1', 'port 53', 'tcp portrange 1-100', 'ip[8] < 5', 'tcp[13] & 2 != 0',
  'iso', 'ipx', 'atalk', 'aarp', 'stp', 'decnet', 'isis', 'proto 47', 'ether proto 0x88cc', 'ip multicast', 'greater 100', 'ether[0] = 1',
  'inbound', 'outbound', 'ifindex 2', 'llc', 'llc i', 'llc rulenum', 'mpls', 'pppoes', 'vlan', 'ether host 02:00:00:00:00:01', 'ether multicast', 'byte 3 = 4',
  'ip proto 6 and not port 80 or arp', 'netbeui', 'ip protochain 6',
]
