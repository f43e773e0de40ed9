import { expect, test } from 'vitest'
import { bpfoundry } from './command-line.ts'

// As tcpdump prints it, TAB included.
const LISTING = `(000) ldh      [12]
(001) jeq      #0x800           jt 2	jf 10
(002) ldb      [23]
(003) jeq      #0x6             jt 4	jf 10
(004) ldh      [20]
(005) jset     #0x1fff          jt 10	jf 6
(006) ldxb     4*([14]&0xf)
(007) ldh      [x + 16]
(008) jeq      #0x50            jt 9	jf 10
(009) ret      #262144
(010) ret      #0
`
const ICMP_C = `{ 0x28, 0, 0, 0x0000000c },
{ 0x15, 0, 3, 0x00000800 },
{ 0x30, 0, 0, 0x00000017 },
{ 0x15, 0, 1, 0x00000001 },
{ 0x6, 0, 0, 0x00040000 },
{ 0x6, 0, 0, 0x00000000 },
`
const ICMP_DECIMAL = '6\n40 0 0 12\n21 0 3 2048\n48 0 0 23\n21 0 1 1\n6 0 0 262144\n6 0 0 0\n'
const RAW = `(000) ldb      [0]
(001) and      #0xf0
(002) jeq      #0x40            jt 3	jf 4
(003) ret      #96
(004) ret      #0
`
const UNOPTIMIZED = `(000) ldh      [12]
(001) jeq      #0x800           jt 4	jf 2
(002) ldh      [12]
(003) jeq      #0x806           jt 4	jf 5
(004) ret      #262144
(005) ret      #0
`

// biome-ignore format: table
test.for([
  ['as people read it',         ['ip and tcp and dst port 80'],             LISTING],
  ['-d, in words',              ['-d', 'ip', 'and', 'tcp', 'and', 'dst', 'port', '80'], LISTING],
  ['-dd',                       ['-dd', 'icmp'],                            ICMP_C],
  ['-ddd',                      ['-ddd', 'icmp'],                           ICMP_DECIMAL],
  ['-y and -s',                 ['-y', 'raw', '-s', '96', 'ip'],            RAW],
  ['-O',                        ['-O', 'ip or arp'],                        UNOPTIMIZED],
  ['--xt-bpf',                  ['--xt-bpf', '-y', 'RAW', 'ip'],            '5,48 0 0 0,84 0 0 240,21 0 1 64,6 0 0 262144,6 0 0 0,\n'],
  ['without an expression',     ['-s', '0'],                                '(000) ret      #262144\n'],
  ['behind --',                 ['-ddd', '-s', '1', '--', '-1 = 1 or ip'],  '5\n0 0 0 4294967295\n40 0 0 12\n21 0 1 2048\n6 0 0 1\n6 0 0 0\n'],
] as const)('filter %s', async ([, args, stdout]) => {
  expect(await bpfoundry('filter', ...args)).toEqual({ code: 0, stdout, stderr: '' })
})

test('--ebpf shows what the kernel makes of each instruction', async () => {
  const { code, stdout } = await bpfoundry('filter', '--ebpf', 'ip')
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^ +0: \(b4\) w0 = 0\n[\s\S]*\n\(000\) ldh {6}\[12\]\n +\d: \(28\) r0 = \*\(u16 \*\)skb\[12\]\n\(001\)/,
  )
})

test('--emit shows the expression as a tree, and the program as a graph', async () => {
  const emitted = async (stage: string): Promise<string> =>
    (await bpfoundry('filter', '--emit', stage, 'port 53 or 80')).stdout
  expect(await emitted('tree')).toBe('or\n  port 53\n  port 80\n')
  expect(await emitted('cfg')).toMatch(
    /^block 0\n {2}\(000\) ldh {6}\[12\]\n {2}\(001\) jeq {6}#0x86dd\n {2}true -> block 2\n {2}false -> block \d+\nblock 2\n/,
  )
  expect(await emitted('dot')).toMatch(
    /^digraph filter \{\n.*\n {2}b0 \[label="\(000\) ldh {6}\[12\]\\l\(001\) jeq {6}#0x86dd\\l"\]\n[\s\S]* {2}b0 -> b2 \[label="true"\]\n[\s\S]*\}\n$/,
  )
})

test('--json tells all of it', async () => {
  const { stdout } = await bpfoundry('filter', '--json', '--xt-bpf', '-y', 'NULL', 'ip6')
  expect(JSON.parse(stdout)).toEqual({
    $schema: 'bpfoundry.filter/1',
    expression: 'ip6',
    linkType: 'NULL',
    snapLengthBytes: 262_144,
    optimized: true,
    instructions: [
      { code: 0x20, jt: 0, jf: 0, k: 0, text: '(000) ld       [0]' },
      { code: 0x15, jt: 0, jf: 1, k: 0x0a000000, text: '(001) jeq      #0xa000000       jt 2\tjf 3' },
      { code: 0x06, jt: 0, jf: 0, k: 262_144, text: '(002) ret      #262144' },
      { code: 0x06, jt: 0, jf: 0, k: 0, text: '(003) ret      #0' },
    ],
    xtBpf: '4,32 0 0 0,21 0 1 167772160,6 0 0 262144,6 0 0 0,',
  })
})

// biome-ignore format: table
test.for([
  [['port 80 or'],           2, /^CBPF_FILTER_SYNTAX: syntax error\n {2}at {7}expression:1:11\n {11}port 80 or\n {21}\^\n/],
  [['host foo'],             2, /^CBPF_FILTER_NAME: unknown host 'foo'\n[\s\S]*hint/],
  [['tcp host 10.0.0.1'],    2, /^CBPF_FILTER_MEANING: 'tcp' modifier applied to host/],
  [['-y', 'ETHER', 'ip'],    2, /^CBPF_FILTER_LINK_TYPE: invalid data link type ETHER/],
  [['-s', '262145', 'ip'],   2, /expected a whole number from 0 to 262144/],
  [['--emit', 'tree', '-dd', 'ip'], 2, /^CLI_FORMAT: two formats given\n.* -dd and --emit tree/],
  [['-d', '--ebpf', 'ip'],   2, /^CLI_FORMAT: two formats given/],
  [['geneve'],               4, /^CBPF_FILTER_UNSUPPORTED: "geneve" is not supported/],
  [['ip and arp'],           1, /^CBPF_FILTER_NOTHING: expression rejects all packets/],
  [['--ebpf', 'ip6 protochain 6'], 1, /^CBPF_REFUSED/],
] as const)('filter %s ends with %s', async ([args, code, stderr]) => {
  expect(await bpfoundry('filter', ...args)).toEqual({ code, stdout: '', stderr: expect.stringMatching(stderr) })
})

test('programs that are too long for xt_bpf are told of', async () => {
  const ports = Array.from({ length: 20 }, (_, index) => index + 1).join(' or ')
  const { code, stderr } = await bpfoundry('filter', '--xt-bpf', `port ${ports}`)
  expect([code, stderr]).toEqual([0, 'warning: xt_bpf takes 64 instructions, not 81\n'])
})
