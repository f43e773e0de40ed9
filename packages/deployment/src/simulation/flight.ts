/** A packet under way between two cards, or between a station and one. */
export interface Flight {
  /** A copy of its own. */
  readonly bytes: Uint8Array
  readonly lengthBytes: number
  /** When its source sent it. */
  readonly bornNs: number
  /** Place of its traffic among all. */
  readonly traffic: number
  /** Cards that it has gone through. */
  readonly hops: number
}

/** Where a packet comes from that is in a card now: the card itself only knows its number. */
interface Origin {
  readonly bornNs: number
  readonly traffic: number
  readonly hops: number
  /** Its place in the order of its queue. */
  readonly place: number
}

/** Origins of the packets that a card holds, by their numbers: as many as it has frames can be there at once. */
export class Origins {
  readonly #rows: (Origin | undefined)[]
  readonly #mask: number

  /** @param frames that the card has */
  constructor(frames: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, frames)))
    this.#rows = new Array<Origin | undefined>(size)
    this.#mask = size - 1
  }

  set(packetIndex: number, origin: Origin): void {
    this.#rows[packetIndex & this.#mask] = origin
  }

  get(packetIndex: number): Origin {
    return this.#rows[packetIndex & this.#mask] as Origin
  }
}
