import { expect, test } from 'vitest'
import { attachNic, createDriverPoll, createNic, INDIRECTION_ENTRIES, NicWire } from '../src/index.ts'
import { machine } from './fakes.ts'

function tcpFrame(source: string, sourcePort: number, target: string, targetPort: number): Uint8Array {
  const frame = new Uint8Array(60)
  const view = new DataView(frame.buffer)
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45])
  view.setUint16(16, 40)
  frame[23] = 6
  frame.set(source.split('.').map(Number), 26)
  frame.set(target.split('.').map(Number), 30)
  view.setUint16(34, sourcePort)
  view.setUint16(36, targetPort)
  frame[46] = 0x50
  return frame
}

/**
 * IPv4 with TCP, the verification suite for the RSS hash.
 * @see https://learn.microsoft.com/en-us/windows-hardware/drivers/network/verifying-the-rss-hash-calculation
 */
// biome-ignore format: table
const VECTORS: readonly [target: string, targetPort: number, source: string, sourcePort: number, hash: number][] = [
  ['161.142.100.80', 1766,  '66.9.149.187',   2794,  0x51ccc178],
  ['65.69.140.83',   4739,  '199.92.111.2',   14230, 0xc626b0ea],
  ['12.22.207.184',  38024, '24.19.198.95',   12898, 0x5c2b394a],
  ['209.142.163.6',  2217,  '38.27.205.30',   48228, 0xafc7327f],
  ['202.188.127.2',  1303,  '153.39.163.191', 44251, 0x10e828a2],
]

test.each(VECTORS)(
  'a packet to %s:%i from %s:%i goes to the queue of its hash',
  (target, targetPort, source, sourcePort, hash) => {
    const { memory, cpus } = machine(4)
    const handle = createNic(memory, { name: 'eno1', ifindex: 2, profile: 'mlx5', cpus: 4, queues: 8, ringSize: 16 })
    const wire = new NicWire(memory, handle)
    const frame = tcpFrame(source, sourcePort, target, targetPort)
    const queue = (hash & (INDIRECTION_ENTRIES - 1)) % 8
    expect(wire.deliver(frame, 0, frame.length, 0)).toBe(queue)
    for (const cpu of cpus)
      createDriverPoll({ memory, nic: handle, cpu, programs: () => undefined, stages: [] }).pollAll()
    const seen: [hash: number, queue: number, cpu: number][] = []
    wire.drainStack(({ rssHash, queue: at, cpu }) => seen.push([rssHash, at, cpu]))
    expect(seen).toEqual([[hash, queue, queue % 4]])
    expect(attachNic(memory, handle).cpuFates(queue % 4).pass).toBe(1)
  },
)

test('the indirection table can be set as ethtool -X does', () => {
  const { memory } = machine(1)
  const handle = createNic(memory, { name: 'eno1', ifindex: 2, profile: 'mlx5', cpus: 1, queues: 4, ringSize: 16 })
  const wire = new NicWire(memory, handle)
  wire.rss.setIndirection([3])
  for (const [target, targetPort, source, sourcePort] of VECTORS) {
    const frame = tcpFrame(source, sourcePort, target, targetPort)
    expect(wire.deliver(frame, 0, frame.length, 0)).toBe(3)
  }
})
