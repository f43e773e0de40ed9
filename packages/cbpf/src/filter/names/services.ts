/** Transports that have the port. */
export type ServiceTransport = 'tcp' | 'udp'

/** What a name stands for. */
export interface Service {
  readonly port: number
  readonly transports: readonly ServiceTransport[]
}

/**
 * What `port` knows by name. libpcap asks the host's services file, which differs from host to host; these are the same
 * nearly everywhere.
 *
 * @see IANA, Service Name and Transport Protocol Port Number Registry
 */
// biome-ignore format: table
const ROWS: readonly (readonly [names: string, port: number, transports: string])[] = [
  ['echo',           7,    'tcp udp'],
  ['discard',        9,    'tcp udp'],
  ['daytime',        13,   'tcp udp'],
  ['chargen',        19,   'tcp udp'],
  ['ftp-data',       20,   'tcp'],
  ['ftp',            21,   'tcp'],
  ['ssh',            22,   'tcp'],
  ['telnet',         23,   'tcp'],
  ['smtp mail',      25,   'tcp'],
  ['time',           37,   'tcp udp'],
  ['whois',          43,   'tcp'],
  ['tacacs',         49,   'tcp udp'],
  ['domain',         53,   'tcp udp'],
  ['bootps',         67,   'udp'],
  ['bootpc',         68,   'udp'],
  ['tftp',           69,   'udp'],
  ['finger',         79,   'tcp'],
  ['http www',       80,   'tcp'],
  ['kerberos',       88,   'tcp udp'],
  ['pop3 pop-3',     110,  'tcp'],
  ['sunrpc portmapper', 111, 'tcp udp'],
  ['nntp',           119,  'tcp'],
  ['ntp',            123,  'udp'],
  ['netbios-ns',     137,  'udp'],
  ['netbios-dgm',    138,  'udp'],
  ['netbios-ssn',    139,  'tcp'],
  ['imap2 imap',     143,  'tcp'],
  ['snmp',           161,  'tcp udp'],
  ['snmp-trap snmptrap', 162, 'tcp udp'],
  ['bgp',            179,  'tcp'],
  ['ldap',           389,  'tcp udp'],
  ['https',          443,  'tcp udp'],
  ['microsoft-ds',   445,  'tcp'],
  ['isakmp',         500,  'udp'],
  ['syslog',         514,  'tcp udp'],
  ['printer',        515,  'tcp'],
  ['submission',     587,  'tcp'],
  ['ldaps',          636,  'tcp udp'],
  ['domain-s',       853,  'tcp udp'],
  ['rsync',          873,  'tcp'],
  ['ftps',           990,  'tcp'],
  ['telnets',        992,  'tcp'],
  ['imaps',          993,  'tcp'],
  ['pop3s',          995,  'tcp'],
  ['openvpn',        1194, 'tcp udp'],
  ['l2f',            1701, 'udp'],
  ['radius',         1812, 'tcp udp'],
  ['radius-acct',    1813, 'tcp udp'],
  ['nfs',            2049, 'tcp udp'],
  ['mysql',          3306, 'tcp'],
  ['svn',            3690, 'tcp'],
  ['sip',            5060, 'tcp udp'],
  ['sip-tls',        5061, 'tcp udp'],
  ['xmpp-client',    5222, 'tcp'],
  ['xmpp-server',    5269, 'tcp'],
  ['mdns',           5353, 'udp'],
  ['postgresql',     5432, 'tcp'],
  ['amqp',           5672, 'tcp'],
  ['x11',            6000, 'tcp'],
  ['http-alt webcache', 8080, 'tcp'],
  ['git',            9418, 'tcp'],
]

const byName = new Map(
  ROWS.flatMap(([names, port, transports]) =>
    names
      .split(' ')
      .map((name): [string, Service] => [name, { port, transports: transports.split(' ') as ServiceTransport[] }]),
  ),
)

export const SERVICE_NAMES: readonly string[] = [...byName.keys()]

export function serviceNamed(name: string): Service | undefined {
  return byName.get(name)
}
