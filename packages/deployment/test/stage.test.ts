import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseDeployment, runDeployment } from '../src/index.ts'
import { changed, errorsOf, fixture, ran, SMALL } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-stage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Another card with the same program, whose map is empty but for what the pin brings. */
function twoPrograms(pins: readonly [string, string]): string {
  const pin = (name: string): string => (name === '' ? '' : `, pin: ${name}`)
  return `version: 1
name: two programs
hosts: {box: {cards: {eth0: {profile: ixgbe, ringSize: 64}, eth1: {profile: ixgbe, ringSize: 64}}}}
stations: {left: {}, right: {}}
links:
  one: {between: [left, box.eth0], rate: 10 Gbps}
  two: {between: [right, box.eth1], rate: 10 Gbps}
programs:
  first:
    host: box
    object: ../programs/blacklist/blacklist.v3.o
    maps: {blocked: {maxEntries: 64, entries: [{key: 10.0.0.1, value: 0}]${pin(pins[0])}}}
    attach: [{to: eth0, mode: native}]
  second:
    host: box
    object: ../programs/blacklist/blacklist.v3.o
    maps: {blocked: {maxEntries: 64${pin(pins[1])}}}
    attach: [{to: eth1, mode: native}]
traffic:
  a: {from: left, generate: {rate: 1 Mpps, count: 10, src: 10.0.0.1}}
  b: {from: right, generate: {rate: 1 Mpps, count: 10, src: 10.0.0.1}}
expect:
  - {check: map, program: first, map: blocked, key: 10.0.0.1, min: 10}
`
}

describe('maps', () => {
  test('with one pin are one map', async () => {
    const { packets, expectations } = await ran(twoPrograms(['/sys/fs/bpf/blocked', '/sys/fs/bpf/blocked']))
    expect(packets.fates).toEqual({ drop: 20 })
    expect(expectations[0]?.got).toBe('20')
  })

  test.each([[['', '']], [['here', 'there']]] as const)('with other pins, or none, are two: %j', async (pins) => {
    expect((await ran(twoPrograms(pins))).packets.fates).toEqual({ drop: 10, pass: 10 })
  })

  test('of another size can not have the same pin', async () => {
    const text = twoPrograms(['x', 'x'])
    const last = text.lastIndexOf('maxEntries: 64')
    const errors = await errorsOf(`${text.slice(0, last)}maxEntries: 65${text.slice(last + 14)}`)
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['DEPLOYMENT_MAP', 'the map pinned as x has another maxEntries: 64, not 65'],
    ])
  })

  test('are filled from a file beside the deployment, whose errors tell its line', async () => {
    writeFileSync(join(folder, 'blocked.txt'), '# sources\n10.0.0.1 0\n10.0.0.2 0\n')
    const object = fixture('programs/blacklist/blacklist.v3.o')
    const text = changed(
      '../programs/blacklist/blacklist.v3.o',
      object,
      changed('entries: [{key: 10.0.0.1, value: 0}]', 'file: blocked.txt'),
    )
    const report = await runDeployment(parseDeployment(text, { file: 'x.yaml', folder }))
    expect(report.packets.fates.drop).toBeGreaterThan(50)
    writeFileSync(join(folder, 'blocked.txt'), '10.0.0.1 0\n10.0.0.2 0 0\n')
    await expect(runDeployment(parseDeployment(text, { file: 'x.yaml', folder }))).rejects.toMatchObject({
      errors: [{ code: 'DEPLOYMENT_INPUT', message: 'blocked.txt:2: not a key and a value' }],
    })
  })

  test('are filled with a whole prefix', async () => {
    const text = changed('entries: [{key: 10.0.0.1, value: 0}]', 'addresses: {prefix: 10.0.0.0/30}').replace(
      /faults:\n.*\n/,
      '',
    )
    expect((await ran(text)).packets.fates).toEqual({ drop: 200 })
  })
})

describe('constants', () => {
  const balancer = (constant: string): string => `version: 1
name: constants
hosts: {box: {cards: {eth0: {profile: ixgbe, ringSize: 64}}}}
stations: {peer: {}}
links: {cable: {between: [peer, box.eth0], rate: 10 Gbps}}
programs:
  lb:
    host: box
    object: ../programs/l4lb/l4lb.v3.o
    constants: {${constant}}
    maps:
      services: {entries: [{key: {addr: 198.51.100.1, port: 80, protocol: 17}, value: {number: 0, backends: 1}}]}
      backends: {entries: [{key: 0, value: {addr: 10.1.0.10, enabled: 1}}]}
    attach: [{to: eth0, mode: native}]
traffic: {flow: {from: peer, generate: {rate: 1 Mpps, count: 5, dst: 198.51.100.1, dport: 80}}}
`
  test('are addresses or numbers', async () => {
    for (const constant of ['tunnel_source: 10.9.8.7', 'tunnel_source: 17']) {
      expect((await ran(balancer(constant))).packets.fates).toEqual({ received: 5 })
    }
  })

  test.each([
    ['tunnel_sauce: 1', /no global variable/],
    ['tunnel_source: here', /a number or an IPv4 address/],
  ])('%s is refused at its place', async (constant, says) => {
    const [error] = await errorsOf(balancer(constant))
    expect(error?.message).toMatch(says)
    expect(error?.where?.source?.line).toBe(10)
  })
})

describe('a program that the card refuses', () => {
  const refused = (attach: string): string => `version: 1
name: refused
hosts: {box: {cards: {eth0: {profile: agilio-cx-2x10, ringSize: 64}}}}
stations: {peer: {}}
links: {cable: {between: [peer, box.eth0], rate: 10 Gbps}}
programs: {counter: {host: box, object: ../programs/proto_counter/proto_counter.v3.o, attach: [{to: eth0, mode: offload${attach}}]}}
traffic: {flow: {from: peer, generate: {rate: 1 Mpps, count: 5}}}
expect: [{check: log, contains: refused in offload mode}, {check: map, program: counter, map: protocols, key: 17, member: packets, min: 0}]
`
  test('is an error, with what the kernel or the driver says', async () => {
    const errors = await errorsOf(refused(''))
    expect(errors.map(({ code }) => code)).toEqual(['DEPLOYMENT_REFUSED'])
    expect(errors[0]?.message).toContain('box.eth0 refuses counter (offload): ')
  })

  test('is an event where it may be refused: packets go on without it', async () => {
    const { packets, interfaces, expectations, passed } = await ran(refused(', optional: true'))
    expect(passed).toBe(true)
    expect(interfaces[0]?.programs).toEqual({})
    expect(packets.fates).toEqual({ pass: 5 })
    expect(expectations[1]?.got).toBe('0')
  })

  test('falls back to the host, which counts', async () => {
    const { interfaces, expectations } = await ran(refused(', fallback: native'))
    expect(interfaces[0]?.programs).toEqual({ native: 'count' })
    expect(expectations.map(({ passed, got }) => [passed, got])).toEqual([
      [true, expect.any(String)],
      [true, '5'],
    ])
  })
})

test('two copies of one traffic under another name are other packets; the same seed makes them the same', async () => {
  const flow = (more: string): string =>
    `  more: {from: peer, generate: {rate: 1 Mpps, count: 200, src: 10.0.0.0/30${more}}}\n`
  const drops = async (text: string): Promise<number> =>
    (await ran(text.replace(/faults:\n.*\n/, ''))).packets.fates.drop ?? 0
  const seeded = changed('src: 10.0.0.0/30}', 'src: 10.0.0.0/30, seed: 5}')
  const one = await drops(seeded)
  expect(await drops(seeded.replace('faults:', `${flow(', seed: 5')}faults:`))).toBe(2 * one)
  expect(await drops(SMALL)).not.toBe(await drops(changed('flow:', 'flew:')))
})
