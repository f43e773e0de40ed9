import { type NicWire, traceBytes, WireTrace } from '@bpfoundry/device'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { CpuTeam } from './cpu-team.ts'
import { drain, type FeedOptions } from './feeder.ts'
import type { Traffic } from './traffic.ts'

/** Guest memory that a trace may take; longer traffic is fed packet by packet. */
const MOST_BYTES: number = 256 * 2 ** 20

/** Turns between two calls of `onProgress`. */
const TURNS_PER_REPORT = 32

/**
 * Deals traffic out to the queues of a card, for the CPUs to play themselves: then no thread stands between two of them.
 *
 * @returns undefined for traffic without an end, or with too many frames
 */
export function dealOut(memory: GuestMemory, wire: NicWire, traffic: Traffic): WireTrace | undefined {
  const { round, count = 0 } = traffic
  if (round === undefined || count === 0) return undefined
  const frames = Math.min(round.frames, count)
  const size = { frames, frameBytes: round.frameBytes }
  // Half of what is left stays for maps and cards that come later.
  if (traceBytes(size) > Math.min(MOST_BYTES, memory.availableBytes / 2)) return undefined
  return new WireTrace(memory, wire, traffic, { ...size, packets: count, roundNs: round.periodNs })
}

/** Lets the CPUs play a trace to its end, or to the signal, and takes what the cards give back meanwhile. */
export async function playTrace(
  trace: WireTrace,
  team: CpuTeam,
  options: Pick<FeedOptions, 'signal' | 'onProgress' | 'drains'>,
): Promise<void> {
  const { signal, onProgress, drains } = options
  const total = trace.packets
  team.release()
  for (let turn = 1; trace.played < total && !signal?.aborted; turn++) {
    const handled = team.step()
    const drained = drain(drains)
    if (turn % TURNS_PER_REPORT === 0) onProgress?.(trace.played)
    await team.rest(handled + drained === 0)
  }
  if (signal?.aborted) team.halt()
}
