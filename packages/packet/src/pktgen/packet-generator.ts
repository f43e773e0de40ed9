import { foldChecksum } from '../checksum.ts'
import { below, draw, stateAt } from './random.ts'
import { type PktgenRecord, parsePktgen } from './spec.ts'
import type { AddressRange, NumberRange, PktgenSpec, PktgenStream } from './stream.ts'
import { type StreamTemplate, streamTemplate } from './stream-template.ts'

/** The words that are drawn for a packet, one for each thing that varies. IPv6 addresses take four lanes each. */
const LANE = { STREAM: 0, LENGTH: 1, FLOW: 2, SRC_PORT: 3, DST_PORT: 4, SRC: 5, DST: 9 } as const

/** Salts the states of flows, so that flow N is nothing like packet N. */
const FLOW_SALT = 0x10000

interface StreamPlan extends StreamTemplate {
  readonly stream: PktgenStream
  /** The highest stream draw, exclusive, that chooses this stream. */
  readonly drawLimit: number
  /** Headers and zero payload, as views of one array, by length above the least; made when first needed. */
  readonly blankFrames: (Uint8Array | undefined)[]
}

/**
 * Makes traffic as Linux' pktgen does: frames written straight into a buffer, without allocation. The same seed gives
 * the same packets, each of which depends on its position alone: {@link seek} costs nothing.
 */
export class PacketGenerator {
  readonly spec: PktgenSpec
  /** How many packets there are; Infinity when the specification does not say. */
  readonly count: number
  /** No frame is longer: the room that a buffer needs behind the offset. */
  readonly maxFrameLengthBytes: number
  /** When the packet last made is sent, from the start of the traffic, at the specification's rate. */
  timestampNs = 0
  /** Which of `spec.streams` the packet last made is of. */
  streamIndex = 0
  #position = 0
  readonly #plans: readonly StreamPlan[]

  /** @param spec text, record, or what {@link parsePktgen} gave; errors are those of parsePktgen */
  constructor(spec: PktgenSpec | PktgenRecord | string) {
    this.spec = isParsed(spec) ? spec : parsePktgen(spec)
    this.count = this.spec.count
    this.maxFrameLengthBytes = Math.max(...this.spec.streams.map(({ frameLengthBytes }) => frameLengthBytes.max))
    this.#plans = plansOf(this.spec.streams)
  }

  /** The position of the packet that {@link next} makes, from 0. */
  get position(): number {
    return this.#position
  }

  /** Goes on with the packet at this position. */
  seek(position: number): void {
    this.#position = position
  }

  /**
   * Writes the next frame at `offsetBytes` of a buffer, which may be shared memory, and gives its length; 0, with
   * nothing written, after the last.
   */
  next(bytes: Uint8Array, offsetBytes: number): number {
    const position = this.#position
    if (position >= this.count) return 0
    this.#position = position + 1
    this.timestampNs = Math.floor((position * 1e9) / this.spec.packetsPerSecond)
    return this.#write(bytes, offsetBytes, position)
  }

  #write(bytes: Uint8Array, at: number, position: number): number {
    const packetState = stateAt(position, this.spec.seed, 0)
    const index = this.#chooseStream(draw(packetState, LANE.STREAM))
    const plan = this.#plans[index]!
    this.streamIndex = index
    const { stream } = plan
    const length = inRange(draw(packetState, LANE.LENGTH), stream.frameLengthBytes)
    const flow = stream.flows === undefined ? position : below(draw(packetState, LANE.FLOW), stream.flows)
    const flowState = stream.flows === undefined ? packetState : stateAt(flow, this.spec.seed, FLOW_SALT + index)
    bytes.set(blankFrame(plan, length), at)
    const addressesSum = writeAddresses(bytes, at + plan.ipAt, plan, flow, flowState)
    if (stream.src.family === 4) finishIpv4(bytes, at + plan.ipAt, plan, length, position, addressesSum)
    else putU16(bytes, at + plan.ipAt + 4, length - plan.transportAt)
    finishTransport(bytes, at, plan, length, position, flowState, addressesSum)
    return length
  }

  #chooseStream(word: number): number {
    const plans = this.#plans
    let index = 0
    while (index < plans.length - 1 && word >= plans[index]!.drawLimit) index++
    return index
  }
}

function isParsed(spec: PktgenSpec | PktgenRecord | string): spec is PktgenSpec {
  return typeof spec === 'object' && 'packetsPerSecond' in spec
}

function plansOf(streams: readonly PktgenStream[]): StreamPlan[] {
  const total = streams.reduce((sum, { weight }) => sum + weight, 0)
  let sum = 0
  return streams.map((stream) => {
    sum += stream.weight
    const { min, max } = stream.frameLengthBytes
    const template = streamTemplate(stream)
    const longest = new Uint8Array(max)
    longest.set(template.headers)
    const blankFrames = new Array<Uint8Array | undefined>(max - min + 1).fill(undefined)
    blankFrames[max - min] = longest
    return { ...template, stream, drawLimit: (sum / total) * 0x1_0000_0000, blankFrames }
  })
}

/** One `set` of a whole frame is the fastest way to fill a buffer: `fill` crawls on shared memory, a loop always. */
function blankFrame({ stream, blankFrames }: StreamPlan, length: number): Uint8Array {
  const index = length - stream.frameLengthBytes.min
  const known = blankFrames[index]
  if (known !== undefined) return known
  const made = blankFrames.at(-1)!.subarray(0, length)
  blankFrames[index] = made
  return made
}

function inRange(word: number, { min, max }: NumberRange): number {
  return min + below(word, max - min + 1)
}

function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function putU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
  return (value >>> 16) + (value & 0xffff)
}

/** Gives the unfolded sum of both addresses. */
function writeAddresses(bytes: Uint8Array, ipAt: number, plan: StreamPlan, flow: number, state: number): number {
  const { src, dst, srcOrder } = plan.stream
  const srcAt = ipAt + (src.family === 4 ? 12 : 8)
  const srcSum =
    srcOrder === 'sequential'
      ? writeSequential(bytes, srcAt, src, flow)
      : writeRandom(bytes, srcAt, src, state, LANE.SRC)
  return srcSum + writeRandom(bytes, srcAt + (src.family === 4 ? 4 : 16), dst, state, LANE.DST)
}

function writeRandom(bytes: Uint8Array, at: number, range: AddressRange, state: number, lane: number): number {
  if (range.family === 4) return putU32(bytes, at, range.first + below(draw(state, lane), range.count))
  let sum = 0
  for (let word = 0; word < 4; word++) {
    sum += putU32(bytes, at + word * 4, ipv6Word(range.address, range.prefixBits, word, draw(state, lane + word)))
  }
  return sum
}

/** The `flow`th address of the range, from its start again after the last. */
function writeSequential(bytes: Uint8Array, at: number, range: AddressRange, flow: number): number {
  if (range.family === 4) return putU32(bytes, at, range.first + (flow % range.count))
  let sum = 0
  for (let word = 0; word < 4; word++) {
    const digit = word === 3 ? flow % 0x1_0000_0000 : word === 2 ? Math.floor(flow / 0x1_0000_0000) : 0
    sum += putU32(bytes, at + word * 4, ipv6Word(range.address, range.prefixBits, word, digit))
  }
  return sum
}

/** One 32-bit word of an address: the prefix's bits, then those of `host`. */
function ipv6Word(address: Uint8Array, prefixBits: number, word: number, host: number): number {
  const at = word * 4
  const fixed = (address[at]! << 24) | (address[at + 1]! << 16) | (address[at + 2]! << 8) | address[at + 3]!
  const freeBits = Math.min(32, Math.max(0, (word + 1) * 32 - prefixBits))
  const mask = freeBits === 32 ? -1 : (1 << freeBits) - 1
  return (fixed & ~mask) | (host & mask)
}

function finishIpv4(
  bytes: Uint8Array,
  ipAt: number,
  plan: StreamPlan,
  length: number,
  position: number,
  addressesSum: number,
): void {
  const totalLength = length - plan.ipAt
  const identification = position & 0xffff
  putU16(bytes, ipAt + 2, totalLength)
  putU16(bytes, ipAt + 4, identification)
  putU16(bytes, ipAt + 10, ~foldChecksum(plan.ipSum + totalLength + identification + addressesSum) & 0xffff)
}

/** Ports or echo words, the length of UDP, and the checksum. The payload is zero and adds nothing to the sum. */
function finishTransport(
  bytes: Uint8Array,
  at: number,
  plan: StreamPlan,
  length: number,
  position: number,
  state: number,
  addressesSum: number,
): void {
  const { stream, transportAt } = plan
  const isEcho = stream.protocol === 'icmp'
  const start = at + transportAt
  const transportBytes = length - transportAt
  const first = inRange(draw(state, LANE.SRC_PORT), stream.srcPort)
  const second = isEcho ? position & 0xffff : inRange(draw(state, LANE.DST_PORT), stream.dstPort)
  putU16(bytes, isEcho ? start + 4 : start, first)
  putU16(bytes, isEcho ? start + 6 : start + 2, second)
  let sum = plan.transportSum + first + second
  if (plan.hasPseudoHeader) sum += addressesSum + transportBytes
  if (stream.protocol === 'udp') {
    putU16(bytes, start + 4, transportBytes)
    sum += transportBytes
  }
  const checksum = ~foldChecksum(sum) & 0xffff
  putU16(bytes, at + plan.checksumAt, checksum === 0 && stream.protocol === 'udp' ? 0xffff : checksum)
}
