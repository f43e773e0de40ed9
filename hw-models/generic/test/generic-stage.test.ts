import { attachNic, createNic, type NicOptions, NicWire } from '@bpfoundry/device'
import fc from 'fast-check'
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

/** Frames of a card whose packets lie in several buffers, and a program that takes skbs in one piece. */
test('an skb over several buffers is made linear, and what the program did to it stays when it is laid out again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 60, max: 9014 }),
      fc.integer({ min: -200, max: 40 }),
      fc.integer({ min: -40, max: 100 }),
      (lengthBytes, head, tail) => {
        // bpf_xdp_adjust_head and _tail leave an Ethernet header at least.
        fc.pre(lengthBytes - head + tail >= 14)
        const seen: number[] = []
        const { nic, wire, poll } = bed(
          (packet) => {
            seen.push(packet.dataEnd - packet.data)
            packet.data += head
            packet.dataEnd += tail
            packet.u8.fill(0xaa, packet.data, packet.data + Math.max(0, -head))
            packet.u8.fill(0xbb, packet.dataEnd - Math.max(0, tail), packet.dataEnd)
            return 2
          },
          { mtu: 9000, ringSize: 16 },
        )
        const frame = Uint8Array.from({ length: lengthBytes }, (_, n) => (n * 7) ^ (n >>> 8))
        const kept = frame.subarray(Math.max(0, head), lengthBytes + Math.min(0, tail))
        const expected = Buffer.concat([
          Buffer.alloc(Math.max(0, -head), 0xaa),
          kept,
          Buffer.alloc(Math.max(0, tail), 0xbb),
        ])
        expect(wire.deliver(frame, 0, lengthBytes, 0)).toBe(0)
        poll.pollAll()
        expect(seen).toEqual([lengthBytes])
        let passed = Buffer.alloc(0)
        wire.drainStack(({ bytes, offsetBytes, lengthBytes: length }) => {
          passed = Buffer.from(bytes.slice(offsetBytes, offsetBytes + length))
        })
        expect(passed.equals(expected)).toBe(true)
        const linearized = lengthBytes > 3520 ? 1 : 0
        expect(nic.stageCounters('generic')).toMatchObject({
          skbExpansions: 1,
          skbLinearized: linearized,
          skbCopies: 0,
        })
      },
    ),
    { numRuns: 100 },
  )
})

const OWN = '020000000002'
const OTHER = '0200000000aa'
const BROADCAST = 'ffffffffffff'
const GROUP = '01005e000001'
const [IPV4, IPV6] = ['0800', '86dd']
const [HOST, IS_BROADCAST, IS_MULTICAST, OTHERHOST] = [0, 1, 2, 3]

/**
 * What came in, what the program made of it, and what the stack takes it for. The header is looked at again only when its
 * type, own address or group address changed: see bpf_prog_run_generic_xdp.
 */
test.each([
  ['nothing changed', OTHER + IPV4, OTHER + IPV4, 0x0800, OTHERHOST],
  ['made the own address', OTHER + IPV4, OWN + IPV4, 0x0800, HOST],
  ['another type', OWN + IPV4, OWN + IPV6, 0x86dd, HOST],
  ['no broadcast any more', BROADCAST + IPV4, OWN + IPV4, 0x0800, HOST],
  ['a broadcast made a multicast: still a broadcast', BROADCAST + IPV4, GROUP + IPV4, 0x0800, IS_BROADCAST],
  ['a multicast with another type: looked at again', BROADCAST + IPV4, GROUP + IPV6, 0x86dd, IS_MULTICAST],
] as const)('the stack takes a packet for what it was: %s', (_title, before, after, protocol, packetType) => {
  const header = (hex: string): Buffer => Buffer.from(`${hex.slice(0, 12)}020000000009${hex.slice(12)}`, 'hex')
  const { wire, poll, nic } = bed((packet) => {
    packet.u8.set(header(after), packet.data)
    return 2
  })
  const frame = new Uint8Array(64)
  frame.set(header(before))
  wire.deliver(frame, 0, 64, 0)
  poll.pollAll()
  const types: unknown[] = []
  wire.drainStack((packet) => types.push(packet.skbType(nic.handle.mac)))
  expect(types).toEqual([{ protocol, packetType }])
})
