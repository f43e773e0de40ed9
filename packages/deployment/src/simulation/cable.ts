import { WIRE_OVERHEAD_BYTES } from '@bpfoundry/device'
import type { Flight } from './flight.ts'
import type { World } from './world.ts'

/** What a cable ends in. */
export interface CableEnd {
  receive(flight: Flight): void
}

/** A frame is padded to this, check sequence not counted. @see IEEE 802.3 */
const MINIMUM_FRAME_BYTES = 60

const FORGET_AFTER = 4096

/** What a cable is like. */
export interface CableOptions {
  readonly name: string
  readonly bitsPerSecond: number
  readonly latencyNs: number
  /** Packets that wait at a sender at most. */
  readonly buffer: number
}

/** Counts of one direction; their sum is what was sent. */
export interface DirectionCounts {
  sent: number
  bytes: number
  delivered: number
  lost: number
  overflow: number
}

/** A cable between two ends, full duplex. */
export class Cable {
  readonly options: CableOptions
  readonly directions: readonly [CableDirection, CableDirection]
  #down = false
  /** Counts breaks: what was sent before one does not arrive after it. */
  breaks = 0

  constructor(world: World, options: CableOptions, ends: readonly [CableEnd, CableEnd]) {
    this.options = options
    this.directions = [new CableDirection(world, this, ends[1]), new CableDirection(world, this, ends[0])]
  }

  get down(): boolean {
    return this.#down
  }

  set down(down: boolean) {
    if (down && !this.#down) this.breaks++
    this.#down = down
  }
}

/** One direction of a cable: the sender's buffer, the wire, the way. */
export class CableDirection {
  readonly counts: DirectionCounts = { sent: 0, bytes: 0, delivered: 0, lost: 0, overflow: 0 }
  readonly #world: World
  readonly #cable: Cable
  readonly #to: CableEnd
  /** When the last bit of each waiting packet leaves. */
  readonly #leaving: number[] = []
  #first = 0

  constructor(world: World, cable: Cable, to: CableEnd) {
    this.#world = world
    this.#cable = cable
    this.#to = to
  }

  /** When the sender's buffer is empty. */
  get freeNs(): number {
    return Math.max(this.#world.nowNs, this.#leaving.at(-1) ?? 0)
  }

  /** Sends a packet; it arrives, or is lost, later. */
  send(flight: Flight): void {
    const { bitsPerSecond, latencyNs, buffer } = this.#cable.options
    this.counts.sent++
    this.counts.bytes += flight.lengthBytes
    if (this.#cable.down) {
      this.#lose('link_lost')
      return
    }
    if (this.#waiting() >= buffer) {
      this.#lose('link_overflow')
      return
    }
    const bits = 8 * (Math.max(MINIMUM_FRAME_BYTES, flight.lengthBytes) + WIRE_OVERHEAD_BYTES)
    const leavesNs = this.freeNs + (bits * 1e9) / bitsPerSecond
    this.#leaving.push(leavesNs)
    const { breaks } = this.#cable
    this.#world.carry(leavesNs + latencyNs, () => {
      if (this.#cable.breaks !== breaks) {
        this.#lose('link_lost')
        return
      }
      this.counts.delivered++
      this.#to.receive(flight)
    })
  }

  #lose(fate: 'link_lost' | 'link_overflow'): void {
    if (fate === 'link_lost') this.counts.lost++
    else this.counts.overflow++
    this.#world.measure.wayFate(this.#cable.options.name, fate, this.#world.nowNs)
  }

  /** Packets that have not left yet. Those that have are forgotten now and then. */
  #waiting(): number {
    const { nowNs } = this.#world
    while (this.#first < this.#leaving.length && (this.#leaving[this.#first] as number) <= nowNs) this.#first++
    if (this.#first > FORGET_AFTER) {
      // The last one stays: the next packet leaves behind it.
      const gone = this.#first - 1
      this.#leaving.splice(0, gone)
      this.#first -= gone
    }
    return this.#leaving.length - this.#first
  }
}
