import type { Fate } from '@bpfoundry/device'
import { afterEach, describe, expect, test } from 'vitest'
import { Testbench } from '../src/index.ts'
import { object } from './fixtures.ts'
import { type Bed, bed, type Orders, type Outcome, play } from './redirect-orders.ts'

const open: Bed[] = []
afterEach(async () => {
  for (const { bench } of open.splice(0)) await bench.close()
})

/** 10.0.0.4 to 192.0.2.1 hashes to queue 0 of two, 10.0.0.1 to queue 1. */
const [QUEUE_0, QUEUE_1] = [4, 1]
const REDIRECT = {
  verdict: 4,
  map: 0,
  key: 0,
  flags: 0,
  leave: 2,
  arrive: 2,
  onward: 0,
  source: QUEUE_0,
  lengthBytes: 60,
} as const
const [DEVICE, PORTS, GROUPS, CPUS, SOCKETS, NOTHING] = [0, 1, 2, 3, 4, 5]
const [BROADCAST, EXCLUDE_INGRESS] = [8, 16]

interface Circumstances {
  readonly mode?: 'native' | 'generic'
  readonly count?: number
  readonly prepare?: (bed: Bed) => void
}

async function outcomeOf(
  orders: Partial<Orders>,
  { mode = 'native', count = 1, prepare }: Circumstances = {},
): Promise<Outcome & { readonly bed: Bed }> {
  const one = await bed({ engine: 'wasm', mode, profile: mode === 'native' ? 'mlx5' : 'ixgbe', traced: true })
  open.push(one)
  prepare?.(one)
  const list = Array.from({ length: count }, () => ({ ...REDIRECT, ...orders }))
  return { ...(await play(one, list)), bed: one }
}

/** The text of each event, and who it is of. */
const texts = ({ events }: Outcome): string[] => events.map(({ name, text }) => `${name}: ${text}`)
const NO_MAP = 'map_id=2147483647 map_index=0'
const redirected = (to: number, err: number, map: string): string =>
  `prog_id=1 action=REDIRECT ifindex=2 to_ifindex=${to} err=${err} ${map}`

type Row = readonly [title: string, orders: Partial<Orders>, fate: Fate, events: readonly string[]]

/** Interfaces 2, 3, 4; programs choose 1, leave 2, arrive 3; maps ports 1, groups 2, cpus 3, sockets 4. */
// biome-ignore format: table
const ROWS: readonly Row[] = [
  ['a device',                                { map: DEVICE, key: 3 },                       'redirect',       [`xdp_redirect: ${redirected(3, 0, NO_MAP)}`, 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=3 action=REDIRECT sent=1 drops=0 err=0']],
  ['no such device',                          { map: DEVICE, key: 9 },                       'redirect_error', [`xdp_redirect_err: ${redirected(9, -22, NO_MAP)}`, 'xdp_exception: prog_id=1 action=REDIRECT ifindex=2']],
  ['a device, with flags',                    { map: DEVICE, key: 3, flags: 1 },             'aborted',        ['xdp_exception: prog_id=1 action=ABORTED ifindex=2']],
  ['nothing that a helper said',              { map: NOTHING },                              'redirect_error', [`xdp_redirect_err: ${redirected(0, -56, NO_MAP)}`, 'xdp_exception: prog_id=1 action=REDIRECT ifindex=2']],
  ['a slot of a devmap',                      { map: PORTS, key: 0 },                        'redirect',       [`xdp_redirect: ${redirected(3, 0, 'map_id=1 map_index=0')}`, 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=3 action=REDIRECT sent=1 drops=0 err=0']],
  ['an empty slot: aborted',                  { map: PORTS, key: 6 },                        'aborted',        ['xdp_exception: prog_id=1 action=ABORTED ifindex=2']],
  ['an empty slot: drop',                     { map: PORTS, key: 6, flags: 1 },              'drop',           []],
  ['an empty slot: pass',                     { map: PORTS, key: 6, flags: 2 },              'pass',           []],
  ['an empty slot: tx',                       { map: PORTS, key: 6, flags: 3 },              'tx',             []],
  ["a devmap's program that passes",          { map: PORTS, key: 1 },                        'redirect',       [`xdp_redirect: ${redirected(4, 0, 'map_id=1 map_index=1')}`, 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=4 action=REDIRECT sent=1 drops=0 err=0']],
  ["a devmap's program that drops",           { map: PORTS, key: 1, leave: 1 },              'egress_drop',    [`xdp_redirect: ${redirected(4, 0, 'map_id=1 map_index=1')}`, 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=4 action=REDIRECT sent=0 drops=1 err=0']],
  ["a devmap's program gone wrong",           { map: PORTS, key: 1, leave: 7 },              'egress_drop',    [`xdp_redirect: ${redirected(4, 0, 'map_id=1 map_index=1')}`, 'xdp_exception: prog_id=2 action=0x7 ifindex=4', 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=4 action=REDIRECT sent=0 drops=1 err=0']],
  ['all devices of a map but the own',        { map: GROUPS, flags: BROADCAST | EXCLUDE_INGRESS }, 'redirect', [`xdp_redirect: ${redirected(0, 0, 'map_id=2 map_index=0')}`, 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=4 action=REDIRECT sent=1 drops=0 err=0', 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=3 action=REDIRECT sent=1 drops=0 err=0']],
  ['another CPU',                             { map: CPUS, key: 0, source: QUEUE_1 },        'pass',           [`xdp_redirect: ${redirected(0, 0, 'map_id=3 map_index=0')}`, 'xdp_cpumap_enqueue: enqueue cpu=1 map_id=3 action=REDIRECT processed=1 drops=0 to_cpu=0', 'xdp_cpumap_kthread: kthread cpu=0 map_id=3 action=REDIRECT processed=1 drops=0 sched=1 xdp_pass=0 xdp_drop=0 xdp_redirect=0']],
  ['another CPU, whose program passes',       { map: CPUS, key: 1 },                         'pass',           [`xdp_redirect: ${redirected(0, 0, 'map_id=3 map_index=1')}`, 'xdp_cpumap_enqueue: enqueue cpu=0 map_id=3 action=REDIRECT processed=1 drops=0 to_cpu=1', 'xdp_cpumap_kthread: kthread cpu=1 map_id=3 action=REDIRECT processed=1 drops=0 sched=1 xdp_pass=1 xdp_drop=0 xdp_redirect=0']],
  ['another CPU, whose program drops',        { map: CPUS, key: 1, arrive: 1 },              'cpumap_drop',    [`xdp_redirect: ${redirected(0, 0, 'map_id=3 map_index=1')}`, 'xdp_cpumap_enqueue: enqueue cpu=0 map_id=3 action=REDIRECT processed=1 drops=0 to_cpu=1', 'xdp_cpumap_kthread: kthread cpu=1 map_id=3 action=REDIRECT processed=1 drops=0 sched=1 xdp_pass=0 xdp_drop=1 xdp_redirect=0']],
  ['another CPU, whose program redirects',    { map: CPUS, key: 1, arrive: 4, onward: 0 },   'redirect',       [`xdp_redirect: ${redirected(0, 0, 'map_id=3 map_index=1')}`, 'xdp_cpumap_enqueue: enqueue cpu=0 map_id=3 action=REDIRECT processed=1 drops=0 to_cpu=1', 'xdp_redirect: prog_id=3 action=REDIRECT ifindex=2 to_ifindex=3 err=0 map_id=1 map_index=0', 'xdp_devmap_xmit: ndo_xdp_xmit from_ifindex=2 to_ifindex=3 action=REDIRECT sent=1 drops=0 err=0', 'xdp_cpumap_kthread: kthread cpu=1 map_id=3 action=REDIRECT processed=1 drops=0 sched=1 xdp_pass=0 xdp_drop=0 xdp_redirect=1']],
  ['a socket of the queue',                   { map: SOCKETS, key: 0 },                      'xsk',            [`xdp_redirect: ${redirected(0, 0, 'map_id=4 map_index=0')}`]],
  ['a socket of another queue',               { map: SOCKETS, key: 1 },                      'redirect_error', [`xdp_redirect_err: ${redirected(0, -22, 'map_id=4 map_index=1')}`, 'xdp_exception: prog_id=1 action=REDIRECT ifindex=2']],
]

describe('native XDP redirects a packet', () => {
  test.each(ROWS)('to %s', async (_title, orders, fate, expected) => {
    const outcome = await outcomeOf(orders)
    expect(outcome.report.fates).toMatchObject({ in: 1, [fate]: 1 })
    // Of several CPUs each has its own stream.
    expect(texts(outcome).sort()).toEqual([...expected].sort())
  })
})

/** Of generic XDP: nothing is collected, sockets and queues answer at once. */
// biome-ignore format: table
const GENERIC_ROWS: readonly Row[] = [
  ['a device',                           { map: DEVICE, key: 3 },                'redirect',       [`xdp_redirect: ${redirected(3, 0, NO_MAP)}`]],
  ['no such device',                     { map: DEVICE, key: 9 },                'redirect_error', [`xdp_redirect_err: ${redirected(9, -22, NO_MAP)}`, 'kfree_skb: protocol=2048 reason: XDP']],
  ["a devmap's program that drops",      { map: PORTS, key: 1, leave: 1 },       'egress_drop',    [`xdp_redirect: ${redirected(4, 0, 'map_id=1 map_index=1')}`]],
  ['another CPU',                        { map: CPUS, key: 1 },                  'pass',           [`xdp_redirect: ${redirected(0, 0, 'map_id=3 map_index=1')}`, 'xdp_cpumap_enqueue: enqueue cpu=0 map_id=3 action=REDIRECT processed=1 drops=0 to_cpu=1', 'xdp_cpumap_kthread: kthread cpu=1 map_id=3 action=REDIRECT processed=1 drops=0 sched=1 xdp_pass=0 xdp_drop=0 xdp_redirect=0']],
  ['nowhere: it is dropped',             { verdict: 1 },                         'drop',           ['kfree_skb: protocol=2048 reason: NOT_SPECIFIED']],
  ['nowhere: what no one knows',         { verdict: 200 },                       'invalid_action', ['xdp_exception: prog_id=1 action=0xc8 ifindex=2', 'kfree_skb: protocol=2048 reason: NOT_SPECIFIED']],
]

describe('generic XDP redirects an skb', () => {
  test.each(GENERIC_ROWS)('to %s', async (_title, orders, fate, expected) => {
    const outcome = await outcomeOf(orders, { mode: 'generic' })
    expect(outcome.report.fates).toMatchObject({ in: 1, [fate]: 1 })
    expect(texts(outcome).sort()).toEqual([...expected].sort())
  })
})

test('a broadcast sends a copy to all but the last device', async () => {
  const { report, sent, copies, bed: one } = await outcomeOf({ map: GROUPS, flags: BROADCAST })
  expect(report.fates.redirect).toBe(1)
  expect(copies).toBe(2)
  expect(sent.map((line) => line.split(' ')[0]).sort()).toEqual(['eno1', 'eno2', 'eno3'])
  expect(one.nic.nic.queueCounters(0)).toMatchObject({ copies: 2, copyErrors: 0 })
})

test('a broadcast that no device takes ends the packet, and is no error', async () => {
  const prepare = ({ others }: Bed): void => {
    for (const { nic } of others) nic.up = false
  }
  const { report, bed: one } = await outcomeOf({ map: GROUPS, flags: BROADCAST | EXCLUDE_INGRESS }, { prepare })
  expect(report.fates.no_target).toBe(1)
  expect(one.nic.nic.stageCounters('native').redirectErrors).toBe(0)
})

test("a CPU's queue that is full loses what comes, eight at a time", async () => {
  const { report, passed, events } = await outcomeOf({ map: CPUS, key: 0, source: QUEUE_1 }, { count: 20 })
  expect(report.fates).toMatchObject({ pass: 6, cpumap_full: 14 })
  // They came in on CPU 1 and went up on CPU 0.
  expect(passed.every((line) => line.startsWith('0 '))).toBe(true)
  expect(events.filter(({ name }) => name === 'xdp_cpumap_enqueue').map(({ fields }) => fields['drops'])).toEqual([
    2, 8, 4,
  ])
})

test('a socket whose ring is full loses what comes, and says so in its statistics', async () => {
  const { report, received, bed: one } = await outcomeOf({ map: SOCKETS, key: 1, source: QUEUE_1 }, { count: 10 })
  expect(report.fates).toMatchObject({ xsk: 4, xsk_full: 6 })
  expect(received[1]?.length).toBe(4)
  expect(one.sockets[1]?.statistics).toMatchObject({ rx_ring_full: 6, packets: 4, rx_dropped: 0 })
})

test('devices are sent to in bulks of sixteen, the last one that was used first', async () => {
  const one = await bed({ engine: 'wasm', mode: 'native', profile: 'mlx5', traced: true })
  open.push(one)
  const list = Array.from({ length: 40 }, (_, n) => ({ ...REDIRECT, map: PORTS, key: n === 39 ? 4 : 0 }))
  const { events } = await play(one, list)
  const bulks = events.filter(({ name }) => name === 'xdp_devmap_xmit')
  expect(bulks.map(({ fields }) => [fields['to_ifindex'], fields['sent']])).toEqual([
    [3, 16],
    [3, 16],
    [4, 1],
    [3, 7],
  ])
})

test('a report says why packets were dropped', async () => {
  const native = await outcomeOf({ map: PORTS, key: 1, leave: 1 })
  expect(native.report.drops).toEqual([
    { fate: 'egress_drop', packets: 1, text: "the devmap entry's program did not pass it" },
  ])
  const generic = await outcomeOf({ map: DEVICE, key: 9 }, { mode: 'generic' })
  expect(generic.report.drops).toMatchObject([{ fate: 'redirect_error', packets: 1, skb: 'XDP' }])
  expect((await outcomeOf({ verdict: 2 })).report.drops).toEqual([])
})

test('page pools come and go with native XDP, as each driver has them', async () => {
  const bench = await Testbench.create({ cpus: 2 })
  const trace = bench.traceXdp()
  const pass = (await bench.load(object('pass'))).program()
  // veth has page pools while XDP is on, mlx5 always: it makes them anew. ids 1 and 2 are mlx5's first.
  const nics = ['mlx5', 'veth', 'ixgbe'].map((profile) => bench.addNic(profile, { profile, queues: 2, ringSize: 4 }))
  for (const nic of nics) await nic.attachXdp(pass, { mode: 'native' })
  for (const nic of nics) await nic.detachXdp('native')
  await bench.close()
  expect(
    trace.events.map(({ name, fields }) => `${name} ${fields['mem_id']} ${fields['ifindex'] ?? ''}`.trim()),
  ).toEqual([
    ...['mem_connect 3 2', 'mem_connect 4 2', 'mem_disconnect 1', 'mem_disconnect 2'],
    ...['mem_connect 5 3', 'mem_connect 6 3'],
    ...['mem_connect 7 2', 'mem_connect 8 2', 'mem_disconnect 3', 'mem_disconnect 4'],
    ...['mem_disconnect 5', 'mem_disconnect 6'],
  ])
  expect(trace.lines[0]).toBe('[000] 0.000000: mem_connect: mem_id=3 mem_type=PAGE_POOL ifindex=2')
})
