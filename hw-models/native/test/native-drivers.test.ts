import {
  attachNic,
  createDriverPoll,
  createEventRings,
  createNic,
  EventReader,
  ethtoolStats,
  type NicOptions,
  NicWire,
} from '@bpfoundry/device'
import { describe, expect, test } from 'vitest'
import { fakeProgram, ipv4Frame, machine, redirectTo } from '../../device/test/fakes.ts'
import { nativeStage } from '../src/index.ts'

/** One card whose program gives one verdict, a target of its own, and everything that is traced. */
function bed(profile: string, verdict: number, options: Partial<NicOptions> = {}) {
  const cpuCount = options.cpus ?? 1
  const { memory, cpus } = machine(cpuCount)
  const handle = createNic(memory, { name: 'eno1', ifindex: 2, profile, cpus: cpuCount, ringSize: 64, ...options })
  const other = createNic(memory, {
    name: 'eno2',
    ifindex: 3,
    profile: 'mlx5',
    cpus: cpuCount,
    queues: 1,
    ringSize: 64,
    txRingSize: 4,
  })
  const program = fakeProgram(7, ({ cpu }) => (verdict === 4 ? redirectTo(cpu, 3) : verdict))
  const events = createEventRings(memory, cpuCount, 256)
  const polls = cpus.map((cpu) =>
    createDriverPoll({
      memory,
      nic: handle,
      cpu,
      programs: () => program,
      stages: [nativeStage],
      redirectTargets: () => [handle, other],
      events,
    }),
  )
  const nic = attachNic(memory, handle)
  nic.setProgram('native', 7)
  attachNic(memory, other).setProgram('native', 7)
  const wire = new NicWire(memory, handle)
  const run = (packets: number): string[] => {
    for (let n = 0; n < packets; n++) wire.deliver(ipv4Frame(64, n), 0, 64, n)
    for (const poll of polls) poll.pollAll()
    const lines: string[] = []
    new EventReader(memory, events).drain(({ name, text }) => lines.push(`${name}: ${text}`))
    return lines
  }
  const stats = () => Object.fromEntries(ethtoolStats(nic).map(({ name, value }) => [name, value]))
  return { nic, wire, run, stats, other: attachNic(memory, other) }
}

const exception = (action: string): string => `xdp_exception: prog_id=7 action=${action} ifindex=2`

/** Which failures a driver traces. @see the drivers of Linux 6.12 */
// biome-ignore format: table
const TRACED: readonly (readonly [profile: string, verdict: number, packets: number, expected: readonly string[]])[] = [
  ['ixgbe',      0, 1, [exception('ABORTED')]],
  ['ixgbe',      1, 1, []],
  ['ixgbe',      9, 1, [exception('0x9')]],
  ['ixgbe',      3, 5, [exception('TX')]],
  ['virtio_net', 3, 5, []],
  ['veth',       3, 5, ['xdp_bulk_tx: ifindex=2 action=TX sent=4 drops=1 err=0']],
  ['nfp',        4, 1, [exception('REDIRECT')]],
]

test.each(TRACED)('%s, verdict %i: what is traced of %i packets', (profile, verdict, packets, expected) => {
  expect(bed(profile, verdict, { txRingSize: 4 }).run(packets)).toEqual(expected)
})

test('veth sends what XDP_TX gave in bulks of sixteen', () => {
  const { run } = bed('veth', 3)
  const lines = run(40)
  expect(lines.map((line) => line.replace(/.*(sent=\d+).*/, '$1'))).toEqual(['sent=16', 'sent=16', 'sent=8'])
})

describe('queues to send by', () => {
  test('of mlx5 and i40e are those of the receive queues: other CPUs have none (ENXIO)', () => {
    for (const profile of ['mlx5', 'i40e']) {
      const { memory, cpus } = machine(2)
      const target = createNic(memory, { name: 'eno2', ifindex: 3, profile, cpus: 2, queues: 1, ringSize: 16 })
      const source = createNic(memory, { name: 'eno1', ifindex: 2, profile: 'ixgbe', cpus: 2, queues: 2, ringSize: 64 })
      const program = fakeProgram(7, ({ cpu }) => redirectTo(cpu, 3))
      const events = createEventRings(memory, 2, 64)
      attachNic(memory, target).setProgram('native', 7)
      attachNic(memory, source).setProgram('native', 7)
      const wire = new NicWire(memory, source)
      for (let n = 0; n < 40; n++) wire.deliver(ipv4Frame(64, n * 7919), 0, 64, n)
      const taken = cpus.map((cpu) =>
        createDriverPoll({
          memory,
          nic: source,
          cpu,
          programs: () => program,
          stages: [nativeStage],
          redirectTargets: () => [source, target],
          events,
        }).pollAll(),
      )
      const fates = attachNic(memory, source).fates()
      expect([fates.redirect, fates.redirect_error]).toEqual(taken)
      expect(taken.every((packets) => packets > 0)).toBe(true)
      const errors = new Set<number>()
      new EventReader(memory, events).drain(({ fields }) => errors.add(fields['err'] as number))
      expect(errors).toEqual(new Set([0, -6]))
    }
  })

  test('of virtio_net are one a CPU when the host gives enough, else shared with a lock', () => {
    const { memory } = machine(1)
    const of = (queuePairs: number) =>
      createNic(memory, {
        name: 'eth0',
        ifindex: 2,
        profile: 'virtio_net',
        cpus: 4,
        queues: 2,
        ringSize: 4,
        queuePairs,
      }).cpus
    const [enough, few] = [of(6), of(4)]
    expect(new Set(enough.map(({ tx }) => tx.address)).size).toBe(4)
    expect(enough.every(({ txLock }) => txLock === 0)).toBe(true)
    expect(new Set(few.map(({ tx }) => tx.address)).size).toBe(2)
    expect(few.every(({ txLock }) => txLock !== 0)).toBe(true)
  })
})

/** `ethtool -S` of each driver after five packets of one verdict, the transmit ring having room for four. */
// biome-ignore format: table
const STATISTICS: readonly (readonly [profile: string, verdict: number, expected: Readonly<Record<string, number>>])[] = [
  ['mlx5',       1, { rx_xdp_drop: 5, rx_xdp_tx_xmit: 0, rx0_xdp_drop: 5, rx_packets: 5, rx_bytes: 320 }],
  ['mlx5',       3, { rx_xdp_tx_xmit: 4, rx_xdp_tx_full: 1, rx_xdp_drop: 1 }],
  ['mlx5',       4, { rx_xdp_redirect: 5, rx_xdp_drop: 0 }],
  ['virtio_net', 1, { rx0_drops: 5, rx0_xdp_packets: 5, rx0_xdp_drops: 5 }],
  ['virtio_net', 3, { rx0_xdp_tx: 5, tx0_xdp_tx: 5, tx0_xdp_tx_drops: 1, rx0_drops: 0 }],
  ['virtio_net', 4, { rx0_xdp_redirects: 5, rx0_drops: 0 }],
  ['veth',       1, { rx_queue_0_xdp_packets: 5, rx_queue_0_xdp_bytes: 320, rx_queue_0_xdp_drops: 5, rx_queue_0_drops: 0 }],
  ['veth',       3, { rx_queue_0_xdp_tx: 4, rx_queue_0_xdp_tx_errors: 1, rx_queue_0_xdp_drops: 0 }],
  ['veth',       4, { rx_queue_0_xdp_redirect: 5, rx_queue_0_drops: 0 }],
]

test.each(STATISTICS)('ethtool -S of %s, verdict %i', (profile, verdict, expected) => {
  const { run, stats } = bed(profile, verdict, { txRingSize: 4 })
  run(5)
  expect(stats()).toMatchObject(expected)
})
