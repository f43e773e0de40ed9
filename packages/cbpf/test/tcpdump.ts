import { execFileSync, type StdioOptions } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Filters of all sorts: protocols, addresses, ports, headers of variable length, arithmetic, lengths, VLANs. */
const ALL_EXPRESSIONS: readonly string[] = [
  'ip',
  'ip6',
  'arp',
  'icmp or icmp6',
  'ip and tcp and dst port 80',
  'port 53',
  'udp port 53',
  'tcp',
  'udp',
  'not ip',
  'host 10.0.0.1',
  'net 10.0.0.0/8',
  'src net 192.168.0.0/16 and not dst net 192.168.0.0/16',
  'ip6 host 2001:db8::1',
  'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn',
  'tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)',
  'portrange 1000-2000',
  'len > 100',
  'less 60',
  'greater 128',
  'ether broadcast',
  'ether multicast',
  'ether host 02:00:00:00:00:01',
  'vlan',
  'vlan 100 and ip',
  'vlan and vlan and ip',
  'ip[6:2] & 0x1fff != 0',
  'ip proto 47',
  'ip6 proto 17',
  'ip6[6] == 44',
  'ip[8] * 3 > 100',
  'ip[8] / 2 < 20 or ip[8] % 7 == 1',
  'ether[0] ^ ether[6] == 0',
  'ip[ip[0] & 15] > 7',
  'tcp or udp and not port 22',
  'mpls',
  'pppoes',
  'ether proto 0x88cc',
  'igmp',
  'sctp',
]

/** A third of them where CI does not ask for all: each is a process or two. */
export const EXPRESSIONS: readonly string[] = ALL_EXPRESSIONS.filter(
  (_, index) => process.env['CI'] !== undefined || index % 3 === 1,
)

const OPTIONS: { readonly stdio: StdioOptions } = { stdio: ['ignore', 'pipe', 'pipe'] }

/** What `tcpdump -d` or `-ddd` prints for an Ethernet filter. */
export function compileFilter(form: '-d' | '-ddd', expression: string): string {
  return execFileSync('tcpdump', ['-y', 'EN10MB', form, expression], { ...OPTIONS, encoding: 'utf8' })
}

/** The packets of a capture that a filter accepts, as a capture. */
export function filterCapture(capture: Uint8Array, expression: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-cbpf-'))
  try {
    const file = join(folder, 'in.pcap')
    writeFileSync(file, capture)
    return execFileSync('tcpdump', ['-r', file, '-w', '-', expression], OPTIONS)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Why tcpdump can't be asked; undefined where it can. */
export const tcpdumpMissing: string | undefined = probe()

function probe(): string | undefined {
  try {
    compileFilter('-ddd', 'ip')
    return undefined
  } catch (error) {
    return `tcpdump does not compile filters here: ${String(error).split('\n')[0]}`
  }
}
