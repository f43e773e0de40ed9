import { type NicWire, type TracePlay, traceBytes, WireTrace } from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { CpuTeam } from './cpu-team.ts'
import { drain, type FeedOptions } from './feeder.ts'
import { askForHugePages } from './huge-pages.ts'
import type { Traffic } from './traffic.ts'

/** Guest memory that a trace may take; longer traffic is fed packet by packet. */
const MOST_BYTES: number = 256 * 2 ** 20

/** Turns between two calls of `onProgress`. */
const TURNS_PER_REPORT = 32

/**
 * Deals traffic out to the queues of a card, for the CPUs to play themselves: then no thread stands between two of them.
 *
 * @param mostBytes guest memory that it may take
 * @returns undefined for traffic without an end, with too many frames, or with frames over several buffers
 */
export function dealOut(
  memory: GuestMemory,
  wire: NicWire,
  traffic: Traffic,
  mostBytes: number = MOST_BYTES,
): WireTrace | undefined {
  const { round, count = 0 } = traffic
  if (round === undefined || count === 0 || wire.mayReceiveFrags(round.longestBytes)) return undefined
  const size = { ...round, frames: Math.min(round.frames, count) }
  // Half of what is left stays for maps and cards that come later.
  if (traceBytes(size) > Math.min(mostBytes, memory.availableBytes / 2)) return undefined
  return new WireTrace(memory, wire, traffic, size, ({ address, sizeBytes }) => {
    askForHugePages(memory, address, sizeBytes)
  })
}

/** Traffic that was dealt out to a card's queues once, to be played more than once; see BenchNic.deal. */
export interface DealtTraffic {
  readonly name: string
  readonly trace: WireTrace
  /** Gives its guest memory back. */
  close(): void
}

/** Lets the CPUs play a trace to its end, or to the signal, and takes what the cards give back meanwhile. */
export async function playTrace(
  play: TracePlay,
  team: CpuTeam,
  options: Pick<FeedOptions, 'signal' | 'onProgress' | 'drains'>,
): Promise<void> {
  const { signal, onProgress, drains } = options
  const total = play.packets
  team.release()
  for (let turn = 1; play.played < total && !signal?.aborted; turn++) {
    const handled = team.step()
    const drained = drain(drains)
    if (turn % TURNS_PER_REPORT === 0) onProgress?.(play.played)
    await team.rest(handled + drained === 0)
  }
  if (signal?.aborted) team.halt()
}
