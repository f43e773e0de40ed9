/** Frames on their way through the last-level cache: cards write packets there (DDIO), as long as they have room. */

/** How many frames fit, and what one costs that does not. */
export interface FrameCache {
  /** Frames that the share of the cache holds that cards may write to. */
  readonly frames: number
  /** What a packet waits for that fell out of it: its line, and its descriptors'. */
  readonly missNanoseconds: number
  readonly source: string
}

/** Frames that a queue has under way for each of its descriptors: what is sent waits in a second ring. */
export const FRAMES_A_DESCRIPTOR = { kept: 1, sent: 2 } as const

/**
 * Time a packet waits on the average. Buffers are used in turn, so those that do not fit are the ones that are missed.
 *
 * @param frames under way: descriptors of all queues times {@link FRAMES_A_DESCRIPTOR}
 */
export function frameStallNs(cache: FrameCache, frames: number): number {
  return Math.max(0, 1 - cache.frames / frames) * cache.missNanoseconds
}
