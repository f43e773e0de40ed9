import { LINKTYPE, PacketGenerator, parsePktgen, readCapture, timestampNs } from '@bpfoundry/packet'
import { readInput } from './file-access.ts'
import { TestbenchError } from './testbench-error.ts'

/** Longest frame that a source may give. */
export const MAX_FRAME_BYTES = 65_536

/** Where packets come from: a capture, a generator, or your own. Used once, from the first packet to the last. */
export interface Traffic {
  /** For reports: the file's name, or the generator's specification. */
  readonly name: string
  /** Packets in all, when known. */
  readonly count?: number
  /**
   * Writes the next frame into `buffer` at `offsetBytes` (there is room for {@link MAX_FRAME_BYTES}).
   *
   * @returns its length in bytes, or -1 at the end
   */
  next(buffer: Uint8Array, offsetBytes: number): number
  /** Modelled arrival time of the frame that {@link next} gave last, from the first frame's on. */
  readonly timestampNs: number
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
  const generator = new PacketGenerator(options.count === undefined ? spec : { ...spec, count: options.count })
  return {
    name: specification,
    ...(Number.isFinite(generator.count) ? { count: generator.count } : {}),
    next: (buffer, offsetBytes) => generator.next(buffer, offsetBytes) || -1,
    get timestampNs() {
      return generator.timestampNs
    },
  }
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

class FrameList implements Traffic {
  readonly name: string
  readonly count: number
  readonly #frames: readonly Uint8Array[]
  readonly #times: readonly number[]
  readonly #periodNs: number
  #played = 0
  #timestampNs = 0

  constructor(name: string, list: readonly Uint8Array[], times: readonly number[], count: number) {
    this.name = name
    this.count = list.length === 0 ? 0 : count
    this.#frames = list
    this.#times = times
    const first = times[0] ?? 0
    const last = times.at(-1) ?? 0
    this.#periodNs = Math.max(0, last - first) + 1000
  }

  get timestampNs(): number {
    return this.#timestampNs
  }

  next(buffer: Uint8Array, offsetBytes: number): number {
    if (this.#played >= this.count) return -1
    const index = this.#played % this.#frames.length
    const round = Math.floor(this.#played / this.#frames.length)
    const frame = this.#frames[index] as Uint8Array
    // A capture is not in order for certain, so times may go back; before its first packet they don't.
    const time = Math.max(0, (this.#times[index] as number) - (this.#times[0] as number))
    this.#timestampNs = time + round * this.#periodNs
    this.#played++
    buffer.set(frame, offsetBytes)
    return frame.length
  }
}
