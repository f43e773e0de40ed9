import type { SocketBuffer } from '@bpfoundry/cbpf'
import { captures } from '../../../../fixtures/captures/captures.ts'
import { seededNumbers } from '../../../../fixtures/captures/random-numbers.ts'
import { readCapture } from '../../../packet/src/index.ts'

type Random = (limit: number) => number

const SHORT_BYTES = 40
const LONG_BYTES = 120
const FAR_BYTES = 0x8000
const frames = [...captures().values()].flatMap((bytes) => [...readCapture(bytes)].map(({ data }) => data))

/** Frames without end, each with room for an Ethernet and an IPv6 header: test runs refuse IP packets without. */
export function* randomFrames(seed: number): Generator<Uint8Array> {
  const random = seededNumbers(seed)
  for (;;) {
    const frame = random(3) === 0 ? noise(random) : damagedFrame(random)
    if (frame.length >= 54 && frame.length < FAR_BYTES) yield frame
  }
}

/** Socket buffers without end: frames of the captures with some bytes changed, or noise; whole or in fragments. */
export function* randomBuffers(seed: number): Generator<SocketBuffer> {
  const random = seededNumbers(seed)
  for (;;) yield randomBuffer(random)
}

/** The next of an endless sequence. */
export function nextOf<Value>(values: Generator<Value>): Value {
  return values.next().value
}

function randomBuffer(random: Random): SocketBuffer {
  const packet = random(3) === 0 ? noise(random) : damagedFrame(random)
  // A packet that begins behind its link-layer header, or with it.
  const headroomBytes = random(2) === 0 ? 0 : Math.min(14, packet.length)
  const split = random(3) === 0 ? headroomBytes + random(packet.length - headroomBytes + 1) : packet.length
  return {
    head: packet.slice(0, split),
    headroomBytes,
    fragments: fragmentsOf(packet.slice(split), random),
    networkOffset: headroomBytes === 0 ? Math.min(14, packet.length) : 0,
    ...(random(8) === 0 ? {} : { macOffset: -headroomBytes }),
    protocol: packet.length < 14 ? 0 : ((packet[12] as number) << 8) | (packet[13] as number),
    packetType: random(8),
    mark: random(2 ** 32),
    hash: random(2 ** 32),
    queueMapping: random(2 ** 16),
    vlanTag: random(4) === 0 ? random(0x10000) : 0,
    vlanProtocol: random(4) === 0 ? 0x8100 : 0,
    ...(random(8) === 0 ? {} : { device: { ifindex: 1 + random(1000), type: random(0x10000) } }),
  }
}

/** Now and then one that is longer than the displacement of a load can tell. */
function lengthOf(random: Random): number {
  if (random(64) === 0) return FAR_BYTES + random(8)
  return random(8) === 0 ? random(SHORT_BYTES) : SHORT_BYTES + random(LONG_BYTES - SHORT_BYTES)
}

function noise(random: Random): Uint8Array {
  const length = lengthOf(random)
  return Uint8Array.from({ length }, () => random(256))
}

function damagedFrame(random: Random): Uint8Array {
  const frame = (frames[random(frames.length)] as Uint8Array).slice(0, LONG_BYTES)
  for (let changes = random(4); changes > 0 && frame.length > 0; changes--) frame[random(frame.length)] = random(256)
  return frame
}

function fragmentsOf(bytes: Uint8Array, random: Random): Uint8Array[] {
  if (bytes.length === 0) return []
  const middle = random(bytes.length + 1)
  return [bytes.slice(0, middle), bytes.slice(middle)]
}
