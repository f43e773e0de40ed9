/** Buckets of each power of two: 1.6 % wide at most. */
const SUB_BUCKETS = 64
const POWERS = 32

/** Latencies counted in buckets that grow with them, so that any percentile comes out within 1.6 %. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(SUB_BUCKETS * POWERS)
  #count = 0
  #sum = 0

  get count(): number {
    return this.#count
  }

  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count
  }

  add(cycles: number): void {
    this.#counts[bucketOf(cycles)] = (this.#counts[bucketOf(cycles)] as number) + 1
    this.#count++
    this.#sum += cycles
  }

  /** The latency, in cycles, that this share of the packets did not exceed; undefined without packets. */
  percentile(share: number): number | undefined {
    if (this.#count === 0) return undefined
    const wanted = (share / 100) * this.#count
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket] as number
      if (seen >= wanted && seen > 0) return upperEdge(bucket)
    }
    return upperEdge(this.#counts.length - 1)
  }
}

function bucketOf(cycles: number): number {
  const whole = Math.max(0, Math.floor(cycles))
  if (whole < SUB_BUCKETS) return whole
  const power = 31 - Math.clz32(whole)
  const sub = Math.floor(whole / 2 ** (power - 6)) - SUB_BUCKETS
  return Math.min((power - 5) * SUB_BUCKETS + sub, SUB_BUCKETS * POWERS - 1)
}

function upperEdge(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket
  const power = Math.floor(bucket / SUB_BUCKETS) + 5
  return (SUB_BUCKETS + (bucket % SUB_BUCKETS) + 1) * 2 ** (power - 6) - 1
}
