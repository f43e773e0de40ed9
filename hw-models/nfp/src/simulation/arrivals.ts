/** How packets come to the card. */
export type OfferedLoad =
  /** As fast as the card takes them, and never more: what a rate-shaped measurement finds. */
  | { readonly kind: 'shaped' }
  /** One after the other at a fixed rate. */
  | { readonly kind: 'rate'; readonly packetsPerSecond: number }
  /** At random, independent of each other (Poisson), the same every time. */
  | { readonly kind: 'random'; readonly packetsPerSecond: number; readonly seed?: number }

/** Time between packets on the wire, in cycles. */
export interface ArrivalGaps {
  /** A source that holds packets back rather than lose them. */
  readonly shaped: boolean
  next(): number
}

/** @param least cycles between two packets of a link that is full */
export function arrivalGaps(load: OfferedLoad, clockHz: number, least: number): ArrivalGaps {
  if (load.kind === 'shaped') return { shaped: true, next: () => least }
  const mean = Math.max(clockHz / load.packetsPerSecond, least)
  if (load.kind === 'rate') return { shaped: false, next: () => mean }
  const random = uniform(load.seed ?? 1)
  // The link itself keeps packets apart; what is beyond that is random.
  return { shaped: false, next: () => least - (mean - least) * Math.log(1 - random()) }
}

/** Numbers in [0, 1): a 32-bit xorshift. @see Marsaglia, Xorshift RNGs, 2003 */
function uniform(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 0x1_0000_0000
  }
}
