import type { ArrivalGaps } from './arrivals.ts'

/** What the card takes in, in cycles of its cores. */
export interface IngressLimits {
  /** Least time between two packets that MAC and NBI take in, and while they are overloaded. */
  readonly macGap: number
  readonly overloadedMacGap: number
  /** From the MAC to the queue of packets. */
  readonly latency: number
  /** Packets that wait for a context. */
  readonly bufferPackets: number
}

/** Packets that the MAC itself holds before it loses some. */
const MAC_FIFO_PACKETS = 64

/**
 * From the wire to the queue of packets. The MAC takes a packet in at most every `macGap`; once the buffer behind it was
 * full, only every `overloadedMacGap`, until it has nothing more to take in: so a card that is offered more than it can do
 * does less than it could.
 */
export class Ingress {
  readonly #gaps: ArrivalGaps
  readonly #limits: IngressLimits
  /** When packets that wait for a context came, and when they can be had; a ring. */
  readonly #arrived: Float64Array
  readonly #available: Float64Array
  #first = 0
  #waiting = 0
  #nextArrival = 0
  #macFree = 0
  #overloaded = false
  offered = 0
  /** Lost by the MAC, and behind it. */
  lostByMac = 0
  lostInBuffer = 0

  constructor(gaps: ArrivalGaps, limits: IngressLimits) {
    this.#gaps = gaps
    this.#limits = limits
    this.#arrived = new Float64Array(limits.bufferPackets)
    this.#available = new Float64Array(limits.bufferPackets)
  }

  /** Packets that wait for a context. */
  get waiting(): number {
    return this.#waiting
  }

  /** When the next packet comes. */
  get nextArrival(): number {
    return this.#nextArrival
  }

  get overloaded(): boolean {
    return this.#overloaded
  }

  /** Takes in what comes before a cycle. */
  advance(until: number): void {
    while (this.#nextArrival < until) {
      if (this.#gaps.shaped && this.#waiting === this.#limits.bufferPackets) {
        this.#nextArrival = until
        return
      }
      const arrival = this.#nextArrival
      this.#nextArrival = arrival + this.#gaps.next()
      this.offered++
      this.#take(arrival)
    }
  }

  /** When the packet that has waited longest can be had. */
  get firstAvailable(): number {
    return this.#available[this.#first] as number
  }

  /** Takes the packet that has waited longest. @returns when it came */
  shift(): number {
    const arrived = this.#arrived[this.#first] as number
    this.#first = this.#first + 1 === this.#limits.bufferPackets ? 0 : this.#first + 1
    this.#waiting--
    return arrived
  }

  #take(arrival: number): void {
    const { macGap, overloadedMacGap, latency, bufferPackets } = this.#limits
    if (this.#macFree <= arrival) this.#overloaded = false
    const gap = this.#overloaded ? overloadedMacGap : macGap
    const taken = Math.max(arrival, this.#macFree)
    if (!this.#gaps.shaped && taken - arrival > MAC_FIFO_PACKETS * gap) {
      this.lostByMac++
      return
    }
    this.#macFree = taken + gap
    if (this.#waiting === bufferPackets) {
      this.#overloaded = true
      this.lostInBuffer++
      return
    }
    const at = (this.#first + this.#waiting) % bufferPackets
    this.#arrived[at] = arrival
    this.#available[at] = taken + latency
    this.#waiting++
  }
}
