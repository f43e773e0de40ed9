import { GuestMemory } from '@bpfoundry/guest-memory'
import { expect, test } from 'vitest'
import {
  accountedPackets,
  assertAccounted,
  attachNic,
  createDriverPoll,
  createNic,
  DeviceError,
  ethtoolStats,
  NIC_PROFILES,
  type NicOptions,
  NicWire,
  NOT_RECEIVED,
  WOULD_BLOCK,
} from '../src/index.ts'
import { fakeProgram, ipv4Frame, machine, taggedFrame } from './fakes.ts'
import { nativeTestStage } from './native-test-stage.ts'

const OPTIONS: NicOptions = { name: 'eno1', ifindex: 2, profile: 'ixgbe', cpus: 1, ringSize: 8 }

// biome-ignore format: table
const BAD_OPTIONS: readonly (readonly [string, Partial<NicOptions>, string])[] = [
  ['no CPU',                    { cpus: 0 },                      'DEVICE_CPUS'],
  ['half a CPU',                { cpus: 1.5 },                    'DEVICE_CPUS'],
  ['no queue',                  { queues: 0 },                    'DEVICE_QUEUES'],
  ['more queues than the card', { queues: 65 },                   'DEVICE_QUEUES'],
  ['a ring of three',           { ringSize: 3 },                  'DEVICE_RING_SIZE'],
  ['a ring of none',            { ringSize: 0 },                  'DEVICE_RING_SIZE'],
  ['an endless ring',           { ringSize: 2 ** 31 },            'DEVICE_RING_SIZE'],
  ['a transmit ring of five',   { txRingSize: 5 },                'DEVICE_RING_SIZE'],
  ['an MTU over the frame',     { mtu: 3600, profile: 'nfp' },    'DEVICE_MTU'],
  ['an MTU over the card',      { mtu: 9711 },                    'DEVICE_MTU'],
  ['an MTU of nothing',         { mtu: Number.NaN },              'DEVICE_MTU'],
  ['a frame without room',      { frameBytes: 1024 },             'DEVICE_MTU'],
  ['an odd frame',              { frameBytes: 4097 },             'DEVICE_FRAME_SIZE'],
  ['no such card',              { profile: 'ne2000' },            'DEVICE_PROFILE_UNKNOWN'],
]

test.each(BAD_OPTIONS)('%s is refused', (_title, options, code) => {
  const { memory } = machine(1)
  const before = memory.regions.length
  expect(() => createNic(memory, { ...OPTIONS, ...options })).toThrow(DeviceError)
  expect(() => createNic(memory, { ...OPTIONS, ...options })).toThrow(expect.objectContaining({ code }))
  expect(memory.regions.length).toBe(before)
})

test('a handle is plain data', () => {
  const { memory } = machine(1)
  const handle = createNic(memory, OPTIONS)
  expect(structuredClone(handle)).toEqual(handle)
})

test('a card of every profile can be made and shows its statistics', () => {
  for (const name of NIC_PROFILES.keys()) {
    const memory = GuestMemory.create({ maximumBytes: 64 << 20 })
    const nic = attachNic(memory, createNic(memory, { ...OPTIONS, profile: name, queues: 2 }))
    expect(ethtoolStats(nic).every(({ value }) => value === 0)).toBe(true)
  }
})

/** MTU 1500: 1514 bytes, 1518 with a VLAN tag; 14 bytes are an Ethernet header. */
test.each([
  [13, false, 'too_short'],
  [14, false, 'pass'],
  [1514, false, 'pass'],
  [1515, false, 'too_long'],
  [1518, true, 'pass'],
  [1519, true, 'too_long'],
] as const)('a frame of %i bytes, VLAN %s, ends as %s', (lengthBytes, vlan, fate) => {
  const { memory, cpus } = machine(1)
  const handle = createNic(memory, OPTIONS)
  const wire = new NicWire(memory, handle)
  const frame = taggedFrame(lengthBytes, 0)
  if (vlan) frame.set([0x81, 0], 12)
  expect(wire.deliver(frame, 0, lengthBytes, 0)).toBe(fate === 'pass' ? 0 : NOT_RECEIVED)
  expect(wire.offer(frame, 0, lengthBytes, 0)).toBe(fate === 'pass' ? 0 : NOT_RECEIVED)
  createDriverPoll({ memory, nic: handle, cpu: cpus[0]!, programs: () => undefined, stages: [] }).pollAll()
  expect(attachNic(memory, handle).fates()).toMatchObject({ in: 2, [fate]: 2 })
})

test('what the wire delivers is what comes up, at any offset and length', () => {
  const { memory, cpus } = machine(1)
  const handle = createNic(memory, { ...OPTIONS, ringSize: 64 })
  const wire = new NicWire(memory, handle)
  const poll = createDriverPoll({ memory, nic: handle, cpu: cpus[0]!, programs: () => undefined, stages: [] })
  const bytes = Uint8Array.from({ length: 4000 }, (_, n) => (n * 31) & 0xff)
  const expected: number[][] = []
  for (const [offset, length] of [
    [0, 60],
    [1, 61],
    [2, 62],
    [3, 63],
    [7, 300],
    [9, 1514],
    [11, 257],
    [12, 256],
  ] as const) {
    wire.deliver(bytes, offset, length, 0)
    expected.push([...bytes.subarray(offset, offset + length)])
  }
  poll.pollAll()
  const seen: number[][] = []
  wire.drainStack((frame) =>
    seen.push([...frame.bytes.subarray(frame.offsetBytes, frame.offsetBytes + frame.lengthBytes)]),
  )
  expect(seen).toEqual(expected)
})

test('a full ring loses what is delivered and holds back what is offered', () => {
  const { memory } = machine(1)
  const handle = createNic(memory, OPTIONS)
  const wire = new NicWire(memory, handle)
  const frame = ipv4Frame(60, 1)
  expect(wire.room(0)).toBe(8)
  for (let n = 0; n < 8; n++) expect(wire.deliver(frame, 0, 60, n)).toBe(0)
  expect([wire.room(0), wire.waiting(0)]).toEqual([0, 8])
  expect(wire.offer(frame, 0, 60, 8)).toBe(WOULD_BLOCK)
  expect(wire.deliver(frame, 0, 60, 9)).toBe(NOT_RECEIVED)
  const nic = attachNic(memory, handle)
  expect(nic.fates()).toMatchObject({ in: 9, ring_full: 1 })
  expect(accountedPackets(nic.fates())).toBe(1)
  expect(() => assertAccounted(nic.fates())).toThrow(expect.objectContaining({ code: 'DEVICE_UNACCOUNTED' }))
})

test('a queue that ran out of frames goes on when they come home', () => {
  const { memory, cpus } = machine(1)
  const handle = createNic(memory, OPTIONS)
  const wire = new NicWire(memory, handle)
  const poll = createDriverPoll({ memory, nic: handle, cpu: cpus[0]!, programs: () => undefined, stages: [] })
  const frame = ipv4Frame(60, 1)
  let taken = 0
  for (let round = 0; round < 4; round++) {
    while (wire.offer(frame, 0, 60, 0) !== WOULD_BLOCK) taken++
    poll.pollAll()
  }
  expect(taken).toBe(16)
  expect(wire.room(0)).toBe(0)
  expect(wire.drainStack(() => {})).toBe(16)
  expect(poll.pollAll()).toBe(0)
  expect(wire.room(0)).toBe(8)
})

test('a program that this CPU does not have is an error, and its packets wait', () => {
  const { memory, cpus } = machine(1)
  const handle = createNic(memory, OPTIONS)
  const nic = attachNic(memory, handle)
  const programs = new Map<number, ReturnType<typeof fakeProgram>>()
  const poll = createDriverPoll({
    memory,
    nic: handle,
    cpu: cpus[0]!,
    programs: (id) => programs.get(id),
    stages: [nativeTestStage],
  })
  nic.setProgram('native', 7)
  new NicWire(memory, handle).deliver(ipv4Frame(60, 1), 0, 60, 0)
  expect(() => poll.pollAll()).toThrow(expect.objectContaining({ code: 'DEVICE_PROGRAM_MISSING' }))
  programs.set(
    7,
    fakeProgram(7, () => 1),
  )
  expect(poll.pollAll()).toBe(1)
  expect(nic.fates()).toMatchObject({ in: 1, drop: 1 })
  expect(nic.gracePeriodOver(nic.beginGracePeriod())).toBe(true)
})

test('a CPU polls its own queues only', () => {
  const { memory, cpus } = machine(2)
  const handle = createNic(memory, { ...OPTIONS, cpus: 2, queues: 4 })
  const poll = createDriverPoll({ memory, nic: handle, cpu: cpus[1]!, programs: () => undefined, stages: [] })
  expect(poll.queues).toEqual([1, 3])
  expect(() => poll.poll(0)).toThrow(expect.objectContaining({ code: 'DEVICE_QUEUE_UNKNOWN' }))
})

test('nothing that a card owns overlaps, and everything lies in its regions', () => {
  const { memory } = machine(1)
  const before = new Set(memory.regions)
  const handle = createNic(memory, { ...OPTIONS, cpus: 3, queues: 5, ringSize: 2, framesPerQueue: 7, txRingSize: 2 })
  const regions = memory.regions.filter((region) => !before.has(region))
  const pieces: [from: number, sizeBytes: number][] = [
    [handle.control, 64],
    [handle.netDevice, 64],
    [handle.indirection, 512],
    [handle.macCounters, 16],
    [handle.macFates, 96],
  ]
  const ring = ({ address, capacity, entryBytes }: { address: number; capacity: number; entryBytes: number }) =>
    pieces.push([address, 128 + capacity * entryBytes])
  for (const queue of handle.queues) {
    ring(queue.fill)
    ring(queue.completion)
    ring(queue.returns)
    pieces.push([queue.pool, 64 + 4 * 7], [queue.fateCounters, 96], [queue.counters, 40], [queue.wireCounters, 24])
    pieces.push([queue.rxq, 16], ...queue.stageCounters.map((at): [number, number] => [at, 19 * 8]))
  }
  for (const cpu of handle.cpus) {
    ring(cpu.tx)
    ring(cpu.stack)
    pieces.push([cpu.portCounters, 48], [cpu.generation, 4], [cpu.xdpBuff, 56], [cpu.txq, 8])
  }
  const sorted = pieces.sort(([a], [b]) => a - b)
  for (const [index, [from, sizeBytes]] of sorted.entries()) {
    expect(from + sizeBytes).toBeLessThanOrEqual(sorted[index + 1]?.[0] ?? Number.POSITIVE_INFINITY)
    expect(regions.some(({ address, sizeBytes: room }) => from >= address && from + sizeBytes <= address + room)).toBe(
      true,
    )
  }
})

test('a frame that needs more descriptors than the ring has is missed, not waited for', () => {
  const { memory } = machine(1)
  const handle = createNic(memory, { ...OPTIONS, profile: 'mlx5', mtu: 9000, ringSize: 2 })
  const wire = new NicWire(memory, handle)
  // 3520 bytes, and two pages.
  expect(wire.offer(new Uint8Array(9014), 0, 9014, 0)).toBe(NOT_RECEIVED)
  expect(wire.offer(new Uint8Array(7000), 0, 7000, 0)).toBe(0)
  expect(wire.offer(new Uint8Array(60), 0, 60, 0)).toBe(WOULD_BLOCK)
  expect(attachNic(memory, handle).fates()).toMatchObject({ in: 2, ring_full: 1 })
})
