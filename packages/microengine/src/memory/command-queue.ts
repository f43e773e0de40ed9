import type { MemoryCommandSlot } from './memory-command.ts'

/** Commands in the order in which they are carried out: a binary heap by cycle, number of core, order of coming. */
export class CommandQueue {
  readonly #heap: MemoryCommandSlot[] = []
  readonly #order: number[] = []
  #count = 0

  /** Adds a command. */
  add(command: MemoryCommandSlot): void {
    const heap = this.#heap
    const order = this.#order
    let at = heap.length
    const number = this.#count++
    heap.push(command)
    order.push(number)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !before(command, number, above, order[parent] ?? 0)) break
      heap[at] = above
      order[at] = order[parent] ?? 0
      at = parent
    }
    heap[at] = command
    order[at] = number
  }

  /** Cycle of the first command; `Infinity`: there is none. */
  firstCycle(): number {
    return this.#heap[0]?.issuedAt ?? Number.POSITIVE_INFINITY
  }

  /** Takes the first command if it was issued before a cycle. */
  takeBefore(cycle: number): MemoryCommandSlot | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.issuedAt >= cycle) return undefined
    const last = this.#heap.pop()
    const number = this.#order.pop() ?? 0
    if (last !== undefined && last !== first) this.#sink(last, number)
    if (this.#heap.length === 0) this.#count = 0
    return first
  }

  /** Puts a command at the top and lets it sink to its place. */
  #sink(command: MemoryCommandSlot, number: number): void {
    const heap = this.#heap
    const order = this.#order
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      let least = left
      if (right !== undefined && before(right, order[child + 1] ?? 0, left, order[child] ?? 0)) {
        least = right
        child++
      }
      if (!before(least, order[child] ?? 0, command, number)) break
      heap[at] = least
      order[at] = order[child] ?? 0
      at = child
    }
    heap[at] = command
    order[at] = number
  }
}

function before(x: MemoryCommandSlot, xNumber: number, y: MemoryCommandSlot, yNumber: number): boolean {
  if (x.issuedAt !== y.issuedAt) return x.issuedAt < y.issuedAt
  return x.core.id === y.core.id ? xNumber < yNumber : x.core.id < y.core.id
}
