import { describe, expect, test } from 'vitest'
import { DeploymentInvalid, parseDeployment } from '../src/index.ts'
import { changed, errorsOf, fixture, SMALL } from './fixtures.ts'

interface BadDeployment {
  readonly title: string
  readonly text: string
  readonly code: string
  /** In the message, in what was expected, or in the hint. */
  readonly says: RegExp
  /** Where: the line that this text stands in first. */
  readonly at: string
}

const TOPO = changed(
  '      eth0: {profile: ixgbe, ringSize: 64}',
  '      eth0: {profile: ixgbe}\n      eth1: {profile: ixgbe}\n  far:\n    cards:\n      eth0: {profile: ixgbe}\n      eth1: {profile: ixgbe}',
)
const CARD = changed(
  'mode: native',
  'mode: offload',
  changed('{profile: ixgbe, ringSize: 64}', '{profile: agilio-cx-2x10, ringSize: 64}'),
)
const fault = (text: string): string => changed('{fault: link-down, at: 50 us, link: cable, for: 10 us}', text)
const check = (text: string): string => changed('{check: fate, of: box.eth0, fate: drop, min: 10}', text)
const generate = (text: string): string => changed('{rate: 1 Mpps, count: 200, src: 10.0.0.0/30}', text)

// biome-ignore format: table
const CASES: readonly BadDeployment[] = [
  // YAML
  { title: 'a bracket that is not closed',        text: changed('[peer, box.eth0]', '[peer, box.eth0'),                         code: 'DEPLOYMENT_YAML',    at: 'cable:',        says: /./ },
  { title: 'a key twice',                         text: changed('stations:\n', 'name: other\nstations:\n'),                     code: 'DEPLOYMENT_YAML',    at: 'name: other',   says: /unique/i },
  { title: 'an indent with a tab',                text: changed('    cards:', '\tcards:'),                                      code: 'DEPLOYMENT_YAML',    at: '\tcards',       says: /tab/i },
  { title: 'an alias of nothing',                 text: changed('{rate: 1 Mpps, count: 200, src: 10.0.0.0/30}', '*flood'),      code: 'DEPLOYMENT_YAML',    at: '*flood',        says: /alias/i },
  { title: 'two documents',                       text: `${SMALL}---\nversion: 1\n`,                                            code: 'DEPLOYMENT_YAML',    at: '---',           says: /one deployment/ },
  { title: 'a bound as people would write it',    text: check('{check: fate, fate: drop, min: >= 10}'),                         code: 'DEPLOYMENT_YAML',    at: '>= 10',         says: /min: and max:/ },
  // schema
  { title: 'no version',                          text: changed('version: 1\n', ''),                                            code: 'DEPLOYMENT_SCHEMA',  at: 'name: small',   says: /version is missing/ },
  { title: 'a version to come',                   text: changed('version: 1', 'version: 2'),                                    code: 'DEPLOYMENT_SCHEMA',  at: 'version: 2',    says: /expected.*1|no such version/ },
  { title: 'an unknown section',                  text: changed('stations:', 'stationss:'),                                     code: 'DEPLOYMENT_SCHEMA',  at: 'stationss',     says: /did you mean stations/ },
  { title: 'an unknown key of a card',            text: changed('ringSize: 64', 'ringsize: 64'),                                code: 'DEPLOYMENT_SCHEMA',  at: 'ringsize',      says: /did you mean ringSize/ },
  { title: 'a list where a section is to be',     text: changed('stations:\n  peer: {}', 'stations:\n  - peer'),                code: 'DEPLOYMENT_SCHEMA',  at: '- peer',        says: /section/ },
  { title: 'a word where a number is to be',      text: changed('ringSize: 64', 'ringSize: many'),                              code: 'DEPLOYMENT_SCHEMA',  at: 'ringSize',      says: /number/ },
  { title: 'a ring that is no power of two',      text: changed('ringSize: 64', 'ringSize: 100'),                               code: 'DEPLOYMENT_SCHEMA',  at: 'ringSize',      says: /power of two/ },
  { title: 'more queues than the card has',       text: changed('ringSize: 64', 'queues: 500'),                                 code: 'DEPLOYMENT_SCHEMA',  at: 'queues',        says: /at most 64/ },
  { title: 'an MTU that the card has not',        text: changed('ringSize: 64', 'mtu: 60000'),                                  code: 'DEPLOYMENT_SCHEMA',  at: 'mtu',           says: /at most/ },
  { title: 'an unknown card model',               text: changed('profile: ixgbe', 'profile: ixgb'),                             code: 'DEPLOYMENT_SCHEMA',  at: 'profile',       says: /did you mean ixgbe/ },
  { title: 'an unknown mode',                     text: changed('mode: native', 'mode: hardware'),                              code: 'DEPLOYMENT_SCHEMA',  at: 'mode:',         says: /generic, native, offload/ },
  { title: 'an unknown kind of fault',            text: fault('{fault: link-flap, at: 1 us, link: cable}'),                     code: 'DEPLOYMENT_SCHEMA',  at: 'link-flap',     says: /link-down/ },
  { title: 'a fault with a key of another',       text: fault('{fault: link-up, at: 1 us, link: cable, host: box}'),            code: 'DEPLOYMENT_SCHEMA',  at: 'link-up',       says: /no such key: host/ },
  { title: 'an expectation without a bound',      text: check('{check: fate, of: box.eth0, fate: drop}'),                       code: 'DEPLOYMENT_SCHEMA',  at: 'check:',        says: /min, max or equals/ },
  { title: 'an unknown fate',                     text: check('{check: fate, fate: eaten, min: 1}'),                            code: 'DEPLOYMENT_SCHEMA',  at: 'eaten',         says: /no such fate/ },
  // units
  { title: 'a time without a unit',               text: fault('{fault: link-down, at: 50, link: cable}'),                       code: 'DEPLOYMENT_UNIT',    at: 'at: 50',        says: /write 5 ms/ },
  { title: 'a bit rate in packets',               text: changed('rate: 10 Gbps', 'rate: 10 Mpps'),                              code: 'DEPLOYMENT_UNIT',    at: '10 Mpps',       says: /Gbps/ },
  { title: 'a packet rate in bits',               text: generate('{rate: 1 Gbps, count: 5}'),                                   code: 'DEPLOYMENT_UNIT',    at: '1 Gbps',        says: /Mpps/ },
  { title: 'a clock in milliseconds',             text: changed('    cards:', '    clock: 3 ms\n    cards:'),                   code: 'DEPLOYMENT_UNIT',    at: 'clock',         says: /GHz/ },
  // names
  { title: 'a link to an unknown card',           text: changed('box.eth0]', 'box.eth7]'),                                      code: 'DEPLOYMENT_UNKNOWN', at: 'between',       says: /box\.eth0/ },
  { title: 'a program on an unknown host',        text: changed('host: box', 'host: bax'),                                      code: 'DEPLOYMENT_UNKNOWN', at: 'host: bax',     says: /did you mean box/ },
  { title: 'a program on an unknown interface',   text: changed('to: eth0', 'to: eth9'),                                        code: 'DEPLOYMENT_UNKNOWN', at: 'to: eth9',      says: /box\.eth0/ },
  { title: 'traffic of an unknown station',       text: changed('from: peer', 'from: pear'),                                    code: 'DEPLOYMENT_UNKNOWN', at: 'from: pear',    says: /did you mean peer/ },
  { title: 'a fault of an unknown link',          text: fault('{fault: link-down, at: 5 us, link: cabel}'),                     code: 'DEPLOYMENT_UNKNOWN', at: 'cabel',         says: /did you mean cable/ },
  { title: 'a fault of an unknown card',          text: fault('{fault: remove-card, at: 5 us, card: box.eth3}'),                code: 'DEPLOYMENT_UNKNOWN', at: 'remove-card',   says: /box\.eth0/ },
  { title: 'an unknown program of an object',     text: changed('    attach:', '    program: fliter\n    attach:'),             code: 'DEPLOYMENT_UNKNOWN', at: 'fliter',        says: /did you mean filter/ },
  { title: 'an unknown map of an object',         text: changed('blocked:', 'bloked:'),                                         code: 'DEPLOYMENT_UNKNOWN', at: 'bloked',        says: /did you mean blocked/ },
  { title: 'an expectation of an unknown map',    text: check('{check: map, program: filter, map: list, min: 1}'),              code: 'DEPLOYMENT_UNKNOWN', at: 'map: list',     says: /blocked/ },
  { title: 'an unknown counter',                  text: check('{check: counter, of: box.eth0, counter: rx_drop, min: 1}'),      code: 'DEPLOYMENT_UNKNOWN', at: 'rx_drop',       says: /rx_packets/ },
  { title: 'a host and a station of one name',    text: changed('  peer: {}', '  peer: {}\n  box: {}'),                         code: 'DEPLOYMENT_SCHEMA',  at: '  box: {}',     says: /same name/ },
  // cables
  { title: 'a cable from a port to itself',       text: changed('[peer, box.eth0]', '[box.eth0, box.eth0]'),                    code: 'DEPLOYMENT_LINK',    at: 'between',       says: /cyclic/ },
  { title: 'two cables in one port',              text: changed('stations:\n  peer: {}', 'stations:\n  peer: {}\n  more: {}').replace('programs:', '  again: {between: [more, box.eth0], rate: 1 Gbps}\nprograms:'), code: 'DEPLOYMENT_LINK', at: 'again', says: /has a cable already: cable/ },
  { title: 'a ring of cables',                    text: TOPO.replace('[peer, box.eth0], rate: 10 Gbps, latency: 1 us}', '[box.eth0, far.eth0], rate: 1 Gbps}\n  back: {between: [far.eth1, box.eth1], rate: 1 Gbps}\n  in: {between: [peer, box.eth0], rate: 1 Gbps}'), code: 'DEPLOYMENT_LINK', at: 'back:', says: /ring: cable - back/ },
  { title: 'a station without a cable',           text: changed('[peer, box.eth0]', '[other, box.eth0]').replace('  peer: {}', '  peer: {}\n  other: {}'), code: 'DEPLOYMENT_LINK', at: 'from: peer', says: /no cable/ },
  // traffic
  { title: 'traffic without an end',              text: generate('{rate: 1 Mpps}'),                                             code: 'DEPLOYMENT_TRAFFIC', at: 'rate: 1 Mpps',  says: /no end/ },
  { title: 'traffic beyond all bounds',           text: generate('{rate: 900 Mpps, for: 30 s}'),                                code: 'DEPLOYMENT_TRAFFIC', at: '900 Mpps',      says: /too much/ },
  { title: 'an address that is none',             text: generate('{rate: 1 Mpps, count: 5, src: 10.0.0.300}'),                  code: 'DEPLOYMENT_TRAFFIC', at: '10.0.0.300',    says: /src/ },
  { title: 'neither generator nor capture',       text: changed('{from: peer, generate: {rate: 1 Mpps, count: 200, src: 10.0.0.0/30}}', '{from: peer}'), code: 'DEPLOYMENT_SCHEMA', at: 'flow', says: /one of generate and capture/ },
  { title: 'a capture that is missing',           text: changed('generate: {rate: 1 Mpps, count: 200, src: 10.0.0.0/30}', 'capture: {file: none.pcap}'), code: 'DEPLOYMENT_INPUT', at: 'none.pcap', says: /no such file/ },
  // objects, maps
  { title: 'a missing object',                    text: changed('blacklist.v3.o', 'blacklist.v9.o'),                            code: 'DEPLOYMENT_INPUT',   at: 'v9.o',          says: /no such file/ },
  { title: 'an object that is none',              text: changed('../programs/blacklist/blacklist.v3.o', '../programs/make.sh'), code: 'DEPLOYMENT_INPUT',   at: 'make.sh',       says: /ELF/i },
  { title: 'a program that the verifier refuses', text: changed('blacklist/blacklist.v3.o', 'refused/calls_too_deep.v3.o').replace(/ {4}maps:\n.*\n/, ''), code: 'DEPLOYMENT_REFUSED', at: 'calls_too_deep', says: /refused/ },
  { title: 'a key that the map does not take',    text: changed('key: 10.0.0.1', 'key: {dst: 1}'),                              code: 'DEPLOYMENT_MAP',     at: 'blocked',       says: /dst/ },
  { title: 'more elements than the map takes',    text: changed('maxEntries: 1024', 'maxEntries: 2, addresses: {prefix: 10.0.0.0/28}'), code: 'DEPLOYMENT_MAP', at: 'addresses', says: /full|E2BIG/ },
  { title: 'a map over the limit of the card',    text: changed('maxEntries: 1024', 'maxEntries: 4M', CARD),                    code: 'DEPLOYMENT_REFUSED', at: 'mode: offload', says: /too many map elements|elements|ENOMEM|errno 12/ },
  { title: 'a program that the card refuses',     text: changed('blacklist/blacklist.v3.o', 'l4lb/l4lb.v3.o', CARD).replace(/ {4}maps:\n.*\n/, ''), code: 'DEPLOYMENT_REFUSED', at: 'mode: offload', says: /refuses filter/ },
  { title: 'offload on a card without cores',     text: changed('mode: native', 'mode: offload'),                               code: 'DEPLOYMENT_REFUSED', at: 'mode: offload', says: /agilio-cx-2x10/ },
  { title: 'firmware on a card without cores',    text: changed('ringSize: 64', 'firmware: {name: corenic}'),                   code: 'DEPLOYMENT_SCHEMA',  at: 'firmware',      says: /no firmware/ },
  // times
  { title: 'a fault after the end',               text: changed('name: small', 'name: small\nduration: 20 us'),                 code: 'DEPLOYMENT_FAULT',   at: 'link-down',     says: /over/ },
  { title: 'a fault of a card that is gone',      text: fault('{fault: remove-card, at: 5 us, card: box.eth0}\n  - {fault: set-mtu, at: 9 us, on: box.eth0, mtu: 900}'), code: 'DEPLOYMENT_FAULT', at: 'set-mtu', says: /removed before/ },
  { title: 'a CPU that the host has not',         text: fault('{fault: stall, at: 5 us, host: box, cpu: 3, for: 1 us}'),        code: 'DEPLOYMENT_FAULT',   at: 'cpu: 3',        says: /0 to 0/ },
]

describe('a bad deployment is told with its place', () => {
  test.each(CASES)('$title', async ({ text, code, says, at }) => {
    const errors = await errorsOf(text)
    expect(errors.map((error) => error.code)).toContain(code)
    const error = errors.find(
      (one) => one.code === code && says.test([one.message, one.expected, one.hint, one.got].join('\n')),
    )
    expect(error, errors.map((one) => one.format()).join('\n')).toBeDefined()
    const line = text.split('\n').findIndex((row) => row.includes(at)) + 1
    expect(error?.where?.source).toMatchObject({ file: 'test.yaml', line })
    expect(error?.where?.source?.column).toBeGreaterThan(0)
  })

  test('the sound one has no error', async () => {
    expect(await errorsOf(SMALL)).toEqual([])
  })
})

test('all errors of a file are told at once, in their order', async () => {
  const text = changed(
    'ringSize: 64',
    'ringsize: 64',
    changed('from: peer', 'from: pear', changed('host: box', 'host: bax', changed('at: 50 us', 'at: 50'))),
  )
  const errors = await errorsOf(text)
  expect(errors.map(({ message }) => message)).toEqual([
    'no such key: ringsize',
    'no such station: pear',
    'a time without a unit',
  ])
})

test('errors of several programs are told at once', async () => {
  const second = SMALL.slice(SMALL.indexOf('  filter:'), SMALL.indexOf('traffic:'))
    .replace('filter:', 'second:')
    .replace('blacklist.v3.o', 'none.o')
  const errors = await errorsOf(changed('traffic:', `${second}traffic:`, changed('blacklist.v3.o', 'nothing.o')))
  expect(errors.map(({ code }) => code)).toEqual(['DEPLOYMENT_INPUT', 'DEPLOYMENT_INPUT'])
})

describe('hostile input', () => {
  const parse = (text: string) => () => parseDeployment(text, { file: 'hostile.yaml', folder: fixture('deployments') })

  test.each([
    ['nothing', ''],
    ['a number', '7'],
    ['a list', '- 1\n- 2'],
    ['binary', '\0\x01\xff\x7fELF'],
    ['ten thousand brackets', '['.repeat(10_000)],
    ['ten thousand dashes', '- '.repeat(10_000)],
    ['two megabytes', `name: ${'x'.repeat(2 ** 21)}`],
    ['a billion laughs', laughs(9)],
    ['a prototype', '__proto__: {version: 1}\nconstructor: {}'],
    ['a tag of JavaScript', 'version: !!js/function "function () { throw 1 }"'],
    ['a cyclic alias', 'hosts: &a\n  x: *a\n'],
  ])('%s is refused, and quickly', (_, text) => {
    const started = performance.now()
    expect(parse(text)).toThrow(DeploymentInvalid)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

function laughs(levels: number): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < levels; level++)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`)
  return lines.join('\n')
}
