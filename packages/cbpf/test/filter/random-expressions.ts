import { seededNumbers } from '../../../../fixtures/captures/random-numbers.ts'

/** Filter expressions of all sorts, some of which mean nothing. */
export class RandomExpressions {
  readonly #below: (limit: number) => number

  constructor(seed: number) {
    this.#below = seededNumbers(seed)
  }

  next(): string {
    return this.#expression(this.#below(4))
  }

  #of<Item>(...items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item
  }

  #expression(depth: number): string {
    const terms = Array.from({ length: 1 + this.#below(3) }, () => this.#term(depth))
    return terms.reduce((text, term) => `${text} ${this.#of('and', 'or', 'and', 'or', '&&', '||')} ${term}`)
  }

  #term(depth: number): string {
    const not = this.#of('', '', '', '', 'not ', '! ')
    if (depth > 0 && this.#below(3) === 0) return `${not}(${this.#expression(depth - 1)})`
    return not + this.#primitive()
  }

  #primitive(): string {
    switch (this.#below(16)) {
      case 0:
      case 1:
        return this.#of(...ABBREVIATIONS)
      case 2:
        return this.#of(...RARE)
      case 3:
      case 4:
        return `${this.#of('', '', '', 'ip ', 'arp ', 'rarp ')}${this.#direction()}${this.#of('host', 'host', 'net')} ${this.#ipv4()}`
      case 5:
        return `${this.#direction()}net ${this.#network()}`
      case 6:
        return `${this.#of('', 'ip6 ')}${this.#direction()}host ${this.#ipv6()}`
      case 7:
        return `${this.#direction()}net ${this.#of(...IPV6_NETWORKS)}`
      case 8:
      case 9:
        return this.#ports()
      case 10:
        return `ether ${this.#direction()}host ${this.#mac()}`
      case 11:
        return `${this.#of('', 'ip ', 'ip6 ', 'ether ')}proto ${this.#of(...PROTOCOLS)}`
      case 12:
        return this.#of(`less ${this.#number()}`, `greater ${this.#number()}`, ...LONE)
      case 13:
        return this.#encapsulation()
      default:
        return `${this.#arithmetic(2)} ${this.#of('=', '!=', '<', '>', '<=', '>=', '==')} ${this.#arithmetic(1)}`
    }
  }

  #direction(): string {
    return this.#of('', '', 'src ', 'dst ', 'src or dst ', 'src and dst ', 'dst or src ')
  }

  #ipv4(): string {
    return this.#of('10.0.0.1', '10.0.0.2', '192.168.1.1', '0.0.0.0', '255.255.255.255', '10.1', '172.16.3', '10', '7')
  }

  #network(): string {
    return this.#of(
      '10.0.0.0/8',
      '10.0.0.1/32',
      '192.168.0.0/16',
      '0.0.0.0/0',
      '10.1/16',
      '172.16.0.0 mask 255.240.0.0',
    )
  }

  #ipv6(): string {
    return this.#of('::1', '2001:db8::1', 'fe80::1:2', '::', '1:2:3:4:5:6:7:8', '::ffff:10.0.0.1', '2001:db8::2')
  }

  #mac(): string {
    return this.#of('02:00:00:00:00:01', '02-00-00-00-00-02', '0200.0000.0003', '020000000001', 'ff:ff:ff:ff:ff:ff')
  }

  #ports(): string {
    const protocol = this.#of('', '', 'tcp ', 'udp ', 'sctp ')
    const kind = this.#below(4)
    if (kind === 0)
      return `${protocol}${this.#direction()}portrange ${this.#of('80-90', '1000-2000', '5-2', '0-65535', '53')}`
    const port = (): string => this.#of('80', '443', '53', '0', '65535', '0x50', '(22)')
    const first = `${protocol}${this.#direction()}port ${this.#of(port(), port(), 'http', 'domain', '\\ssh')}`
    if (kind === 1) return `${first} ${this.#of('or', 'and')} ${this.#of('', 'not ')}${port()}`
    if (kind === 2) return `${protocol}${this.#direction()}port (${port()} ${this.#of('or', 'and')} ${port()})`
    return first
  }

  #encapsulation(): string {
    return this.#of('vlan', 'vlan 100', 'vlan 5', 'mpls', 'mpls 1000', 'pppoes', 'pppoes 7', 'pppoed', 'vlan (3)')
  }

  #number(): string {
    return this.#of(
      '0',
      '1',
      '2',
      '4',
      '5',
      '6',
      '8',
      '0xf',
      '0xff',
      '17',
      '20',
      '64',
      '100',
      '1500',
      '0x800',
      '0xffffffff',
    )
  }

  #arithmetic(depth: number): string {
    if (depth === 0 || this.#below(4) === 0) return this.#operand(depth)
    const kind = this.#below(6)
    if (kind === 0) return `(${this.#arithmetic(depth - 1)})`
    if (kind === 1) return `- ${this.#arithmetic(depth - 1)}`
    return `${this.#arithmetic(depth - 1)} ${this.#of('+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>')} ${this.#arithmetic(depth - 1)}`
  }

  #operand(depth: number): string {
    const kind = this.#below(6)
    if (kind < 2) return this.#of(this.#number(), this.#number(), 'len', 'tcp-syn', 'icmp-echo')
    const header = this.#of('ip', 'ip', 'tcp', 'udp', 'icmp', 'ether', 'ip6', 'icmp6', 'arp', 'igmp', 'sctp', 'link')
    const index =
      depth > 0 && this.#below(4) === 0 ? this.#arithmetic(depth - 1) : this.#of(this.#number(), 'tcpflags', '12')
    return `${header}[${index}${this.#of('', '', ':1', ':2', ':4')}]`
  }
}

const ABBREVIATIONS = ['ip', 'ip6', 'arp', 'rarp', 'tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'igmp', 'tcp', 'udp', 'ip']
// biome-ignore format: words
const RARE = ['igrp', 'pim', 'vrrp', 'carp', 'ah', 'esp', 'atalk', 'aarp', 'decnet', 'lat', 'sca', 'moprc', 'mopdl', 'iso',
  'esis', 'isis', 'clnp', 'l1', 'l2', 'iih', 'lsp', 'snp', 'csnp', 'psnp', 'stp', 'ipx', 'netbeui', 'es-is']
const IPV6_NETWORKS = ['2001:db8::/32', 'fe80::/10', '::/0', '::1/128', '2001:db8:1:2::/64', 'ff00::/8']
const PROTOCOLS = [
  '6',
  '17',
  '1',
  '58',
  '\\tcp',
  '\\udp',
  '0x800',
  '0x86dd',
  '47',
  '\\icmp',
  '2048',
  '5',
  '\\ip',
  '\\arp',
]
// biome-ignore format: words
const LONE = ['ether broadcast', 'ether multicast', 'broadcast', 'multicast', 'ip multicast', 'ip6 multicast', 'ip broadcast',
  'inbound', 'outbound', 'ifindex 3', 'byte 9 = 6', 'byte 20 < 5', 'byte 3 > 7', 'byte 1 & 3', 'byte 1 | 4', 'len > 100', 'llc', 'llc i', 'llc ui', 'llc rnr', 'llc s']
