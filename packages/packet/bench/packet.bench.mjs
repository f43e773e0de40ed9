// node packages/packet/bench/packet.bench.mjs (after a build): nanoseconds a call, the best of five rounds, for what
// stands on a packet's path. Frames lie in shared memory, as they do in the emulator.
import {
  ethernet,
  ipv4,
  ipv6,
  PacketGenerator,
  PcapWriter,
  packet,
  parsePacket,
  readCapture,
  Toeplitz,
  tcp,
  writeCapture,
} from '../dist/index.js'

const ROUNDS = 5
const SLOT_BYTES = 2048
const SLOTS = 256

const memory = new Uint8Array(new SharedArrayBuffer(SLOTS * SLOT_BYTES))
const toeplitz = new Toeplitz()
const v4 = packet(ethernet(), ipv4({ src: '10.0.0.1', dst: '192.168.0.1' }), tcp({}))
const v6 = packet(ethernet(), ipv6({ src: '2001:db8::1', dst: '2001:db8::2' }), tcp({}))

/** @param {string} name @param {number} calls @param {(call: number) => number} run */
function measure(name, calls, run) {
  let best = Number.POSITIVE_INFINITY
  let used = 0
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    for (let call = 0; call < calls; call++) used ^= run(call)
    best = Math.min(best, ((performance.now() - started) / calls) * 1e6)
  }
  console.log(`${name.padEnd(34)} ${best.toFixed(1).padStart(8)} ns${used === 0.5 ? ' ' : ''}`)
}

for (const [name, frame] of [
  ['rssHash, IPv4 TCP', v4],
  ['rssHash, IPv6 TCP', v6],
]) {
  for (let slot = 0; slot < SLOTS; slot++) memory.set(frame, slot * SLOT_BYTES)
  measure(name, 1e6, (call) => toeplitz.rssHash(memory, (call & 255) * SLOT_BYTES, frame.length))
}

for (const spec of ['size=64,src=10.0.0.0/8,allowed=10%', 'size=64,src=2001:db8::/64', 'size=64-1514,src=10.0.0.0/8']) {
  const generator = new PacketGenerator(spec)
  measure(`next, ${spec}`, 1e6, (call) => generator.next(memory, (call & 255) * SLOT_BYTES))
}

const file = writeCapture(
  new PcapWriter(),
  Array.from({ length: 10_000 }, () => ({ data: v4 })),
)
measure('readCapture, 10,000 packets', 10, () => [...readCapture(file)].length)
measure('parsePacket, IPv4 TCP', 1e5, () => parsePacket(v4).layers.length)
measure('packet(), IPv4 TCP', 1e5, () => packet(ethernet(), ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }), tcp({})).length)
