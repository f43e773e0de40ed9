import { type DrainedFrame, type NicWire, WOULD_BLOCK } from '@bpfoundry/device'
import type { CpuTeam } from './cpu-team.ts'
import type { Traffic } from './traffic.ts'

/** How traffic meets a card. */
export interface FeedOptions {
  readonly traffic: Traffic
  /**
   * Packets that arrive at once, with no CPU polling meanwhile: what does not fit into the rings is lost. When absent,
   * the wire waits for room (as with PAUSE frames) and nothing is lost.
   */
  readonly burst?: number
  /** Stops the traffic; what was delivered is handled to its end. */
  readonly signal?: AbortSignal
  /** Called now and then with the packets delivered so far. */
  readonly onProgress?: (delivered: number) => void
  /** True when every delivered packet was handled and no CPU is in a poll. */
  readonly idle: () => boolean
  /** What the cards give back: packets for the stack, packets sent. */
  readonly drains: readonly CardDrain[]
}

/** A card's outputs and who takes them. */
export interface CardDrain {
  readonly wire: NicWire
  readonly onPass: (frame: DrainedFrame) => void
  readonly onTransmit: (frame: DrainedFrame) => void
  /** Lets applications take what came to their sockets. @returns packets */
  readonly serve: () => number
}

/** Packets between two looks at outputs, signals and timers. */
const SLICE_PACKETS = 512
/** Slices between two turns of the event loop. */
const SLICES_PER_TURN = 16

/** Plays traffic to its end, or to the signal. @returns packets delivered */
export async function feed(wire: NicWire, team: CpuTeam, options: FeedOptions): Promise<number> {
  return options.burst === undefined ? feedWaiting(wire, team, options) : feedBursts(wire, team, options, options.burst)
}

/** Takes everything the cards give back now. */
export function drain(drains: readonly CardDrain[]): number {
  let count = 0
  for (const { wire, onPass, onTransmit, serve } of drains) {
    count += wire.drainStack(onPass) + wire.drainTx(onTransmit) + serve()
  }
  return count
}

async function feedWaiting(wire: NicWire, team: CpuTeam, options: FeedOptions): Promise<number> {
  const { traffic, drains } = options
  const hashOf = new HashMemory(wire, traffic)
  let delivered = 0
  for (let slice = 1; !options.signal?.aborted; slice++) {
    for (let n = 0; n < SLICE_PACKETS; n++) {
      if (!traffic.next()) return delivered
      const { bytes, offsetBytes, lengthBytes, timestampNs } = traffic
      const hash = hashOf.current()
      while (wire.offer(bytes, offsetBytes, lengthBytes, timestampNs, hash) === WOULD_BLOCK) {
        if (drain(drains) === 0) team.wait()
      }
      delivered++
    }
    team.step()
    drain(drains)
    if (slice % SLICES_PER_TURN === 0) await turn(options, delivered)
  }
  return delivered
}

/** RSS hashes of frames that come again, each worked out once. */
class HashMemory {
  readonly #wire: NicWire
  readonly #traffic: Traffic
  readonly #hashes: number[] = []

  constructor(wire: NicWire, traffic: Traffic) {
    this.#wire = wire
    this.#traffic = traffic
  }

  /** Hash of the frame that the traffic is at. */
  current(): number {
    const { frameIndex } = this.#traffic
    const known = frameIndex < 0 ? undefined : this.#hashes[frameIndex]
    if (known !== undefined) return known
    const { bytes, offsetBytes, lengthBytes } = this.#traffic
    const hash = this.#wire.rss.hash(bytes, offsetBytes, lengthBytes)
    if (frameIndex >= 0) this.#hashes[frameIndex] = hash
    return hash
  }
}

async function feedBursts(wire: NicWire, team: CpuTeam, options: FeedOptions, burst: number): Promise<number> {
  const { traffic, drains } = options
  let delivered = 0
  let more = true
  while (more && !options.signal?.aborted) {
    team.hold()
    for (let n = 0; n < burst; n++) {
      more = traffic.next()
      if (!more) break
      wire.deliver(traffic.bytes, traffic.offsetBytes, traffic.lengthBytes, traffic.timestampNs)
      delivered++
    }
    team.release()
    while (!options.idle()) {
      team.wait()
      drain(drains)
    }
    // Frames that were captured must be home before the next burst, or it would find fewer descriptors.
    drain(drains)
    await turn(options, delivered)
  }
  return delivered
}

async function turn(options: FeedOptions, delivered: number): Promise<void> {
  options.onProgress?.(delivered)
  await new Promise((resolve) => setImmediate(resolve))
}
