import { LINKTYPE, PacketGenerator, parsePktgen, readCapture, timestampNs } from '@bpfoundry/packet'
import { readInput } from './file-access.ts'
import { TestbenchError } from './testbench-error.ts'

/** Room for the longest frame that a generator makes. */
const MAX_FRAME_BYTES = 65_536

/** Frames that are known beforehand, and come again when more packets are asked for. */
export interface TrafficRound {
  readonly frames: number
  /** Lengths of all frames, summed, and of the longest; upper bounds will do. */
  readonly frameBytes: number
  readonly longestBytes: number
  /** Modelled time from the beginning of one round to that of the next. */
  readonly roundNs: number
}

/** Where packets come from: a capture, a generator, or your own. Used once, from the first packet to the last. */
export interface Traffic {
  /** For reports: the file's name, or the generator's specification. */
  readonly name: string
  /** Packets in all, when known. */
  readonly count?: number
  /** For traffic with an end that can be dealt out to the CPUs beforehand. */
  readonly round?: TrafficRound
  /** Goes to the next frame. @returns false at the end */
  next(): boolean
  /** The frame: `lengthBytes` bytes of `bytes` from `offsetBytes` on; good until the next one. */
  readonly bytes: Uint8Array
  readonly offsetBytes: number
  readonly lengthBytes: number
  /** Modelled arrival time, from the first frame's on. */
  readonly timestampNs: number
  /** The same number, from 0, each time that this frame comes again, so that its hash need not; -1 for frames that don't. */
  readonly frameIndex: number
}

/** How much traffic. */
export interface TrafficOptions {
  /** Packets; a capture is played again from its start when it holds fewer, and once when absent. */
  readonly count?: number
}

/**
 * The packets of a pcap or pcapng file (also gzipped), at their own times.
 *
 * @param source path, or the file's bytes
 * @throws TestbenchError TESTBENCH_NO_SUCH_FILE, TESTBENCH_UNREADABLE, TESTBENCH_LINK_TYPE
 * @throws PacketError PCAP_* for what is no capture, or is cut
 */
export function capture(source: string | Uint8Array, options: TrafficOptions = {}): Traffic {
  const name = typeof source === 'string' ? source : 'capture'
  const frames: Uint8Array[] = []
  const times: number[] = []
  const packets = readCapture(typeof source === 'string' ? readInput(source) : source, { name })
  for (const packet of packets) {
    checkLinkType(name, packet.linkType)
    frames.push(packet.data)
    times.push(Number(timestampNs(packet.timestamp)))
  }
  return new FrameList(name, frames, times, options.count ?? frames.length)
}

/** Frames of your own, `gapNs` apart. */
export function frames(list: readonly Uint8Array[], gapNs = 1000): Traffic {
  const times = list.map((_, index) => index * gapNs)
  return new FrameList('frames', list, times, list.length)
}

/**
 * Generated packets; without a count there is no end to them.
 *
 * @param specification as `--pktgen` takes it: `count=1000000,src=10.0.0.0/8,dst=192.168.0.1,size=64`
 * @throws PacketError PKTGEN_*
 */
export function pktgen(specification: string, options: TrafficOptions = {}): Traffic {
  const spec = parsePktgen(specification)
  const bytes = new Uint8Array(MAX_FRAME_BYTES)
  let length = 0
  const generator = new PacketGenerator(options.count === undefined ? spec : { ...spec, count: options.count })
  return {
    name: specification,
    ...finite(generator),
    next() {
      length = generator.next(bytes, 0)
      return length > 0
    },
    bytes,
    offsetBytes: 0,
    get lengthBytes() {
      return length
    },
    get timestampNs() {
      return generator.timestampNs
    },
    frameIndex: -1,
  }
}

/** Generated packets never come again: all of them are the round. */
function finite({ count, maxFrameLengthBytes }: PacketGenerator): Pick<Traffic, 'count' | 'round'> {
  if (!Number.isFinite(count)) return {}
  const longestBytes = maxFrameLengthBytes
  return { count, round: { frames: count, frameBytes: count * longestBytes, longestBytes, roundNs: 0 } }
}

/**
 * The first frames of other traffic, made in advance and played again and again: what is left to do for a packet while a
 * run is measured is to deliver it.
 *
 * @param frameCount frames to make
 * @param count packets to play
 */
export function prepared(traffic: Traffic, frameCount: number, count: number): Traffic {
  const list: Uint8Array[] = []
  const times: number[] = []
  while (list.length < frameCount && traffic.next()) {
    list.push(traffic.bytes.slice(traffic.offsetBytes, traffic.offsetBytes + traffic.lengthBytes))
    times.push(traffic.timestampNs)
  }
  return new FrameList(traffic.name, list, times, count)
}

function checkLinkType(name: string, linkType: number): void {
  if (linkType === LINKTYPE.ETHERNET) return
  throw new TestbenchError({
    code: 'TESTBENCH_LINK_TYPE',
    message: 'the capture holds no Ethernet frames',
    where: { input: name },
    got: `link type ${linkType}`,
    expected: `link type ${LINKTYPE.ETHERNET} (Ethernet)`,
    hint: 'capture on an Ethernet interface, not on "any" or a tunnel',
  })
}

/** Frames in one array, one behind the other, played in turn. */
class FrameList implements Traffic {
  readonly name: string
  readonly count: number
  readonly bytes: Uint8Array
  readonly #offsets: Uint32Array
  /** From the first frame's time on; a capture may be out of order, but nothing comes before its first packet. */
  readonly #times: Float64Array
  readonly #periodNs: number
  readonly #longestBytes: number
  #played = 0
  #round = 0
  frameIndex = -1

  constructor(name: string, list: readonly Uint8Array[], times: readonly number[], count: number) {
    this.name = name
    this.count = list.length === 0 ? 0 : count
    this.bytes = new Uint8Array(list.reduce((sum, { length }) => sum + length, 0))
    this.#offsets = new Uint32Array(list.length + 1)
    for (const [index, frame] of list.entries()) {
      const offset = this.#offsets[index] as number
      this.bytes.set(frame, offset)
      this.#offsets[index + 1] = offset + frame.length
    }
    this.#longestBytes = list.reduce((most, { length }) => Math.max(most, length), 0)
    const first = times[0] ?? 0
    this.#times = Float64Array.from(times, (time) => Math.max(0, time - first))
    this.#periodNs = (this.#times.at(-1) ?? 0) + 1000
  }

  get round(): TrafficRound {
    const frameBytes = this.bytes.length
    return { frames: this.#times.length, frameBytes, longestBytes: this.#longestBytes, roundNs: this.#periodNs }
  }

  get offsetBytes(): number {
    return this.#offsets[this.frameIndex] as number
  }

  get lengthBytes(): number {
    return (this.#offsets[this.frameIndex + 1] as number) - this.offsetBytes
  }

  get timestampNs(): number {
    return (this.#times[this.frameIndex] as number) + this.#round * this.#periodNs
  }

  next(): boolean {
    if (this.#played >= this.count) return false
    this.#played++
    this.frameIndex++
    if (this.frameIndex === this.#times.length) {
      this.frameIndex = 0
      this.#round++
    }
    return true
  }
}
