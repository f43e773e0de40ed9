/** Slots of a run, at most: as many as a plot can show. */
const MOST_SLOTS = 400
const FIRST_WIDTH_NS = 250

/** What a slot keeps of several values. */
type Keep = 'sum' | 'most'

/**
 * Slots of equal width for everything that is measured over time. How long a run takes is not known beforehand: when
 * the slots are all used, each two of them become one.
 */
export class TimeAxis {
  #widthNs = FIRST_WIDTH_NS
  #endNs = 0
  readonly #series: TimeSeries[] = []

  get widthNs(): number {
    return this.#widthNs
  }

  /** The latest time that anything was measured at. */
  get endNs(): number {
    return this.#endNs
  }

  /** Slots in use. */
  get slots(): number {
    return Math.min(MOST_SLOTS, Math.floor(this.#endNs / this.#widthNs) + 1)
  }

  series(keep: Keep): TimeSeries {
    const made = new TimeSeries(this, keep)
    this.#series.push(made)
    return made
  }

  /** The slot of a time. */
  slot(atNs: number): number {
    if (atNs > this.#endNs) this.#endNs = atNs
    while (atNs >= this.#widthNs * MOST_SLOTS) {
      for (const series of this.#series) series.halve()
      this.#widthNs *= 2
    }
    return Math.floor(atNs / this.#widthNs)
  }
}

/** One thing that is measured over time. */
export class TimeSeries {
  readonly #axis: TimeAxis
  readonly #keep: Keep
  readonly #values = new Float64Array(MOST_SLOTS)

  constructor(axis: TimeAxis, keep: Keep) {
    this.#axis = axis
    this.#keep = keep
  }

  /** Counts something at a time. */
  add(atNs: number, value: number): void {
    const slot = this.#axis.slot(atNs)
    const before = this.#values[slot] as number
    this.#values[slot] = this.#keep === 'sum' ? before + value : Math.max(before, value)
  }

  /** Counts something that lasts, in each slot its part. @param perNs what a nanosecond of it counts */
  addSpan(fromNs: number, toNs: number, perNs = 1): void {
    this.#axis.slot(toNs)
    const { widthNs } = this.#axis
    for (let slot = Math.floor(fromNs / widthNs); slot * widthNs < toNs; slot++) {
      const part = Math.min(toNs, (slot + 1) * widthNs) - Math.max(fromNs, slot * widthNs)
      this.#values[slot] = (this.#values[slot] as number) + part * perNs
    }
  }

  /** A value a slot, in order. */
  get values(): readonly number[] {
    return Array.from(this.#values.subarray(0, this.#axis.slots))
  }

  get total(): number {
    return this.#values.reduce((sum, value) => sum + value, 0)
  }

  /** Sum of the slots between two times; slots that are cut count with their part. */
  between(fromNs: number, toNs: number): number {
    const { widthNs, slots } = this.#axis
    let sum = 0
    for (let slot = Math.floor(fromNs / widthNs); slot < slots && slot * widthNs < toNs; slot++) {
      const part = Math.min(toNs, (slot + 1) * widthNs) - Math.max(fromNs, slot * widthNs)
      sum += (this.#values[slot] as number) * (part / widthNs)
    }
    return sum
  }

  /** Each two slots become one. For the axis. */
  halve(): void {
    const values = this.#values
    for (let slot = 0; slot < MOST_SLOTS / 2; slot++) {
      const [one, other] = [values[2 * slot] as number, values[2 * slot + 1] as number]
      values[slot] = this.#keep === 'sum' ? one + other : Math.max(one, other)
    }
    values.fill(0, MOST_SLOTS / 2)
  }
}
