import { attachNic, createNic, type NicOptions, NicWire } from '@bpfoundry/device'
import { expect, test } from 'vitest'
import { type FakePacket, fakeProgram, ipv4Frame, machine, redirectTo } from '../../device/test/fakes.ts'
import { createGenericPoll } from '../src/index.ts'

function bed(run: (packet: FakePacket) => number, options: Partial<NicOptions> = {}) {
  const { memory, cpus } = machine(1)
  const [cpu] = cpus
  if (cpu === undefined) throw new Error('no CPU')
  const handle = createNic(memory, { name: 'dummy0', ifindex: 2, profile: 'dummy', cpus: 1, ringSize: 64, ...options })
  const other = createNic(memory, {
    name: 'dummy1',
    ifindex: 3,
    profile: 'dummy',
    cpus: 1,
    ringSize: 64,
    txRingSize: 4,
  })
  const program = fakeProgram(7, run)
  const poll = createGenericPoll({
    memory,
    nic: handle,
    cpu,
    programs: () => program,
    redirectTargets: () => [handle, other],
  })
  const nic = attachNic(memory, handle)
  nic.setProgram('generic', 7)
  return { nic, other: attachNic(memory, other), wire: new NicWire(memory, handle), poll }
}

function deliver(wire: NicWire, count: number): void {
  for (let n = 0; n < count; n++) wire.deliver(ipv4Frame(64, n), 0, 64, n)
}

/** NET_SKB_PAD is 64; pskb_expand_head adds ALIGN(256 - 64, 64): 256. Of 192, ALIGN(64, 64): 256. A veth's skb has it already. */
test.each([
  ['dummy', 256, 1],
  ['ixgbe', 256, 1],
  ['veth', 256, 0],
])('an skb of %s has %i bytes of head room for the program', (profile, headroom, expansions) => {
  let seen = 0
  const { nic, wire, poll } = bed(
    (packet) => {
      seen = packet.data - (packet.cpu.memory.u32[(packet.ctx + 24) >>> 2] as number)
      return 2
    },
    { profile },
  )
  deliver(wire, 1)
  poll.pollAll()
  expect(seen).toBe(headroom)
  expect(nic.stageCounters('generic').skbExpansions).toBe(expansions)
})

test('the skb holds the packet, and what passes is what the program left', () => {
  const { wire, poll } = bed((packet) => {
    packet.u8[packet.data + 40] = 0x77
    packet.dataEnd -= 10
    return 2
  })
  deliver(wire, 1)
  poll.pollAll()
  const expected = ipv4Frame(64, 0).subarray(0, 54)
  expected[40] = 0x77
  const passed: Uint8Array[] = []
  wire.drainStack(({ bytes, offsetBytes, lengthBytes }) =>
    passed.push(bytes.slice(offsetBytes, offsetBytes + lengthBytes)),
  )
  expect(passed).toEqual([expected])
})

test('redirect needs no XDP on the target and is not bulked', () => {
  const { nic, other, wire, poll } = bed(({ cpu }) => redirectTo(cpu, 3))
  deliver(wire, 6)
  poll.pollAll()
  expect(nic.fates()).toMatchObject({ redirect: 4, redirect_error: 2 })
  expect(other.portCounters()).toMatchObject({ xmit: 4, xmitErrors: 2, xmitBulks: 0 })
})

test('an unknown verdict is dropped with a warning', () => {
  const { nic, wire, poll } = bed(() => 9)
  deliver(wire, 1)
  poll.pollAll()
  expect(nic.fates().invalid_action).toBe(1)
  expect(nic.invalidActionText('x')).toContain('Illegal XDP return value 9 on prog x (id 7) dev dummy0')
})
