import {
  attachNic,
  createDriverPoll,
  createNic,
  ethtoolStats,
  type Fate,
  type NicOptions,
  NicWire,
  STAGE,
} from '@bpfoundry/device'
import { CPU_BLOCK } from '@bpfoundry/engine'
import { readU64 } from '@bpfoundry/guest-memory'
import { expect, test } from 'vitest'
import { type FakePacket, fakeProgram, ipv4Frame, machine, redirectTo } from '../../device/test/fakes.ts'
import { createNativePoll, nativeStage } from '../src/index.ts'

function bed(run: (packet: FakePacket) => number, options: Partial<NicOptions> = {}) {
  const { memory, cpus } = machine(1)
  const [cpu] = cpus
  if (cpu === undefined) throw new Error('no CPU')
  const handle = createNic(memory, { name: 'eno1', ifindex: 2, profile: 'mlx5', cpus: 1, ringSize: 64, ...options })
  const other = createNic(memory, { name: 'eno2', ifindex: 3, profile: 'mlx5', cpus: 1, ringSize: 64, mtu: 1400 })
  const programs = new Map([[7, fakeProgram(7, run)]])
  const lookup = (id: number) => programs.get(id)
  const poll = createNativePoll({ memory, nic: handle, cpu, programs: lookup, redirectTargets: () => [handle, other] })
  const nic = attachNic(memory, handle)
  nic.setProgram('native', 7)
  return {
    memory,
    cpu,
    nic,
    other: attachNic(memory, other),
    wire: new NicWire(memory, handle),
    otherWire: new NicWire(memory, other),
    poll,
  }
}

function deliver(wire: NicWire, count: number, lengthBytes = 64): void {
  for (let n = 0; n < count; n++) wire.deliver(ipv4Frame(lengthBytes, n), 0, lengthBytes, n)
}

test.each<[number, Fate]>([
  [0, 'aborted'],
  [1, 'drop'],
  [2, 'pass'],
  [3, 'tx'],
  [5, 'invalid_action'],
  [0xffffffff, 'invalid_action'],
])('verdict %i ends as %s', (verdict, fate) => {
  const { nic, wire, poll } = bed(() => verdict)
  deliver(wire, 3)
  expect(poll.poll(0)).toBe(3)
  expect(nic.fates()).toMatchObject({ in: 3, [fate]: 3 })
})

test('a poll handles at most its budget', () => {
  const { wire, poll } = bed(() => 1, { ringSize: 128 })
  deliver(wire, 100)
  expect(poll.poll(0)).toBe(64)
  expect(poll.poll(0)).toBe(36)
  expect(poll.poll(0)).toBe(0)
})

test('without a program packets go up the stack unseen', () => {
  const { nic, wire, poll } = bed(() => 1)
  nic.setProgram('native', 0)
  deliver(wire, 2)
  poll.pollAll()
  expect(nic.fates().pass).toBe(2)
  expect(nic.stageCounters('native').packets).toBe(0)
})

test('the program sees 256 bytes of head room, and may change, grow and shrink the packet', () => {
  const { wire, poll, nic } = bed((packet) => {
    const { u32 } = packet.cpu.memory
    expect(packet.data - (u32[(packet.ctx + 24) >>> 2] as number)).toBe(256)
    expect(u32[(packet.ctx + 48) >>> 2]).toBe(4096)
    packet.data -= 20
    packet.u8[packet.data] = 0xab
    packet.dataEnd -= 4
    return 3
  })
  deliver(wire, 1)
  poll.pollAll()
  const sent: number[][] = []
  wire.drainTx(({ bytes, offsetBytes, lengthBytes }) =>
    sent.push([...bytes.subarray(offsetBytes, offsetBytes + lengthBytes)]),
  )
  expect(sent).toEqual([[0xab, ...sent[0]!.slice(1, 20), ...ipv4Frame(64, 0).subarray(0, 60)]])
  expect(nic.portCounters()).toMatchObject({ packets: 1, bytes: 80 })
})

test('the program reads queue and device through the context, and the modelled time', () => {
  const seen: number[] = []
  const { wire, poll } = bed((packet) => {
    const { memory } = packet.cpu
    const { u32 } = memory
    const rxq = u32[(packet.ctx + 32) >>> 2] as number
    const dev = u32[rxq >>> 2] as number
    seen.push(
      u32[dev >>> 2] as number,
      u32[(rxq + 8) >>> 2] as number,
      readU64(memory, packet.cpu.block + CPU_BLOCK.fields.nowNs.offsetBytes),
    )
    return 1
  })
  wire.deliver(ipv4Frame(64, 1), 0, 64, 12345)
  poll.pollAll()
  expect(seen).toEqual([2, 0, 12345])
})

test('a full transmit ring drops and counts', () => {
  const { nic, wire, poll } = bed(() => 3, { txRingSize: 2 })
  deliver(wire, 5)
  poll.pollAll()
  expect(nic.fates()).toMatchObject({ in: 5, tx: 2, tx_full: 3 })
  const stats = Object.fromEntries(ethtoolStats(nic).map(({ name, value }) => [name, value]))
  expect(stats).toMatchObject({ rx_xdp_tx_xmit: 2, rx_xdp_tx_full: 3, rx_xdp_drop: 3, rx0_xdp_tx_xmit: 2 })
})

test('redirect goes in bulks of sixteen to the other card', () => {
  const { nic, other, wire, otherWire, poll } = bed(({ cpu }) => redirectTo(cpu, 3))
  other.setProgram('native', 7)
  deliver(wire, 40)
  poll.pollAll()
  expect(nic.fates()).toMatchObject({ in: 40, redirect: 40 })
  expect(other.portCounters()).toMatchObject({ xmit: 40, xmitBulks: 3 })
  const order: number[] = []
  otherWire.drainTx(({ packetIndex, ingressIfindex }) => order.push(packetIndex, ingressIfindex))
  expect(order).toEqual(Array.from({ length: 40 }, (_, n) => [n, 2]).flat())
})

test.each<[string, (other: ReturnType<typeof bed>['other']) => void, number, number]>([
  ['a card without a native program of its own', (other) => other.setProgram('native', 0), 3, 64],
  [
    'a card that is down',
    (other) => {
      other.up = false
    },
    3,
    64,
  ],
  ['a card with a smaller MTU', () => {}, 3, 1419],
  ['no such card', () => {}, 99, 64],
])('redirect to %s is an error', (_title, prepare, target, lengthBytes) => {
  const { nic, other, wire, poll } = bed(({ cpu }) => redirectTo(cpu, target))
  other.setProgram('native', 7)
  prepare(other)
  deliver(wire, 2, lengthBytes)
  poll.pollAll()
  expect(nic.fates()).toMatchObject({ in: 2, redirect_error: 2 })
})

test('a target takes frames of its MTU, header and one VLAN tag', () => {
  const { nic, other, wire, poll } = bed(({ cpu }) => redirectTo(cpu, 3))
  other.setProgram('native', 7)
  deliver(wire, 2, 1418)
  poll.pollAll()
  expect(nic.fates().redirect).toBe(2)
})

test('XDP_REDIRECT without a helper call is an error, also after a call whose verdict was another', () => {
  let calls = 0
  const { nic, wire, poll } = bed(({ cpu }) => (calls++ === 0 ? redirectTo(cpu, 2) - 3 : 4))
  deliver(wire, 1)
  poll.pollAll()
  deliver(wire, 1)
  poll.pollAll()
  expect(nic.fates()).toMatchObject({ drop: 1, redirect_error: 1 })
})

test("an unknown verdict warns once, in the kernel's words", () => {
  const { nic, wire, poll } = bed(() => 42)
  expect(nic.invalidAction()).toBeUndefined()
  deliver(wire, 3)
  poll.pollAll()
  expect(nic.invalidAction()).toEqual({ action: 42, programId: 7 })
  expect(nic.invalidActionText('filter')).toBe(
    'Illegal XDP return value 42 on prog filter (id 7) dev eno1, expect packet loss!',
  )
})

test('a driver without redirect says so', () => {
  const { nic, wire, poll } = bed(({ cpu }) => redirectTo(cpu, 3), { profile: 'nfp' })
  deliver(wire, 1)
  poll.pollAll()
  expect(nic.fates().invalid_action).toBe(1)
  expect(nic.invalidActionText('filter')).toBe(
    'Driver unsupported XDP return value 4 on prog filter (id 7) dev eno1, expect packet loss!',
  )
})

test('a program is replaced between polls, not within one', () => {
  const { memory, cpu, nic } = bed(() => 1)
  const order: number[] = []
  const programs = [1, 2].map((id) =>
    fakeProgram(id, () => {
      order.push(id)
      nic.setProgram('native', 3 - id)
      return 1
    }),
  )
  const poll = createDriverPoll({
    memory,
    nic: nic.handle,
    cpu,
    programs: (id) => programs[id - 1],
    stages: [nativeStage],
  })
  nic.setProgram('native', 1)
  const wire = new NicWire(memory, nic.handle)
  deliver(wire, 3)
  poll.pollAll()
  deliver(wire, 2)
  poll.pollAll()
  expect(order).toEqual([1, 1, 1, 2, 2])
})

test('executed instructions are counted at the hook', () => {
  const { nic, wire, poll } = bed(() => 1)
  deliver(wire, 8)
  poll.pollAll()
  expect(nic.stageCounters('native')).toMatchObject({ packets: 8, bytes: 512, insns: 80 })
  expect(STAGE.insns).toBeGreaterThan(0)
})
