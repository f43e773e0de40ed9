/** What happens at a time; may take time of the host, never of the model. */
export type Action = () => void | Promise<void>

interface Entry {
  readonly atNs: number
  /** Of two at the same time the one that was planned first comes first: the order is the same on every host. */
  readonly order: number
  readonly run: Action
}

/** What is still to happen, soonest first: a binary heap. */
export class EventQueue {
  readonly #heap: Entry[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  push(atNs: number, run: Action): void {
    const heap = this.#heap
    const entry: Entry = { atNs, order: this.#order++, run }
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Entry
      if (!before(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  /** Takes the next one. */
  pop(): { readonly atNs: number; readonly run: Action } | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++
      const below = heap[child] as Entry
      if (!before(below, last)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
    return first
  }
}

function before(one: Entry, other: Entry): boolean {
  return one.atNs < other.atNs || (one.atNs === other.atNs && one.order < other.order)
}
