import { type DrainedFrame, type NicWire, WOULD_BLOCK } from '@bpfoundry/device'
import type { CpuTeam } from './cpu-team.ts'
import { MAX_FRAME_BYTES, type Traffic } from './traffic.ts'

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
  for (const { wire, onPass, onTransmit } of drains) count += wire.drainStack(onPass) + wire.drainTx(onTransmit)
  return count
}

async function feedWaiting(wire: NicWire, team: CpuTeam, options: FeedOptions): Promise<number> {
  const { traffic, drains } = options
  const buffer = new Uint8Array(MAX_FRAME_BYTES)
  let delivered = 0
  for (let slice = 1; !options.signal?.aborted; slice++) {
    for (let n = 0; n < SLICE_PACKETS; n++) {
      const length = traffic.next(buffer, 0)
      if (length < 0) return delivered
      while (wire.offer(buffer, 0, length, traffic.timestampNs) === WOULD_BLOCK) {
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

async function feedBursts(wire: NicWire, team: CpuTeam, options: FeedOptions, burst: number): Promise<number> {
  const { traffic, drains } = options
  const buffer = new Uint8Array(MAX_FRAME_BYTES)
  let delivered = 0
  let length = 0
  while (length >= 0 && !options.signal?.aborted) {
    team.hold()
    for (let n = 0; n < burst; n++) {
      length = traffic.next(buffer, 0)
      if (length < 0) break
      wire.deliver(buffer, 0, length, traffic.timestampNs)
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
