/** Slots to a factor of two: a slot is 9 % wide, so that is how exact percentiles are. */
const PER_OCTAVE = 8
/** From 1 ns to 2^40 ns, 18 minutes. */
const SLOTS: number = 40 * PER_OCTAVE

/** One slot that is not empty. */
export interface LatencySlot {
  readonly fromNs: number
  readonly toNs: number
  readonly packets: number
}

/** Latencies in slots of equal ratio. */
export class LatencyHistogram {
  readonly #slots = new Float64Array(SLOTS)
  #packets = 0
  #sumNs = 0
  #leastNs = Number.POSITIVE_INFINITY
  #mostNs = 0

  add(latencyNs: number): void {
    const slot = Math.min(SLOTS - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, latencyNs)) * PER_OCTAVE)))
    this.#slots[slot] = (this.#slots[slot] as number) + 1
    this.#packets++
    this.#sumNs += latencyNs
    this.#leastNs = Math.min(this.#leastNs, latencyNs)
    this.#mostNs = Math.max(this.#mostNs, latencyNs)
  }

  get packets(): number {
    return this.#packets
  }

  get meanNs(): number {
    return this.#packets === 0 ? 0 : this.#sumNs / this.#packets
  }

  get leastNs(): number {
    return this.#packets === 0 ? 0 : this.#leastNs
  }

  get mostNs(): number {
    return this.#mostNs
  }

  /** The latency that `percentile` percent of the packets do not exceed, to the width of a slot. */
  percentileNs(percentile: number): number {
    if (this.#packets === 0) return 0
    const wanted = (percentile / 100) * this.#packets
    let seen = 0
    for (let slot = 0; slot < SLOTS; slot++) {
      seen += this.#slots[slot] as number
      if (seen >= wanted && seen > 0) return Math.min(this.#mostNs, Math.max(this.#leastNs, bound(slot + 1)))
    }
    return this.#mostNs
  }

  /** Slots from the first to the last that hold anything. */
  get slots(): LatencySlot[] {
    const used = [...this.#slots.keys()].filter((slot) => (this.#slots[slot] as number) > 0)
    const [first = 0, last = -1] = [used[0], used.at(-1)]
    return Array.from({ length: last - first + 1 }, (_, n) => ({
      fromNs: bound(first + n),
      toNs: bound(first + n + 1),
      packets: this.#slots[first + n] as number,
    }))
  }
}

function bound(slot: number): number {
  return 2 ** (slot / PER_OCTAVE)
}
