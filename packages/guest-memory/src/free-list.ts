/** A stretch of addresses that is not in use. */
export interface Stretch {
  readonly address: number
  readonly sizeBytes: number
}

/**
 * Free stretches of an address space, by address and never adjacent: neighbours are merged when they come back.
 * First fit, which keeps low addresses busy and the end free.
 */
export class FreeList {
  readonly #stretches: { address: number; sizeBytes: number }[] = []

  /** The stretches, by address. */
  get stretches(): readonly Stretch[] {
    return this.#stretches
  }

  /** Cuts out `sizeBytes` at a multiple of `alignBytes`; undefined when no stretch is large enough. */
  take(sizeBytes: number, alignBytes: number): number | undefined {
    for (const [index, stretch] of this.#stretches.entries()) {
      const address = roundUp(stretch.address, alignBytes)
      const end = stretch.address + stretch.sizeBytes
      if (address + sizeBytes > end) continue
      this.#stretches.splice(index, 1)
      this.give(stretch.address, address - stretch.address)
      this.give(address + sizeBytes, end - address - sizeBytes)
      return address
    }
    return undefined
  }

  /** Takes the stretch that ends at `end` as a whole; undefined when there is none. */
  takeEndingAt(end: number): Stretch | undefined {
    const last = this.#stretches.at(-1)
    return last !== undefined && last.address + last.sizeBytes === end ? this.#stretches.pop() : undefined
  }

  /** Gives a stretch back. Nothing happens for an empty one. */
  give(address: number, sizeBytes: number): void {
    if (sizeBytes === 0) return
    const at = this.#stretches.findIndex((other) => other.address > address)
    const index = at < 0 ? this.#stretches.length : at
    this.#stretches.splice(index, 0, { address, sizeBytes })
    this.#coalesce(index)
    if (index > 0) this.#coalesce(index - 1)
  }

  #coalesce(index: number): void {
    const left = this.#stretches[index]
    const right = this.#stretches[index + 1]
    if (left === undefined || right === undefined || left.address + left.sizeBytes !== right.address) return
    left.sizeBytes += right.sizeBytes
    this.#stretches.splice(index + 1, 1)
  }
}

/** The least multiple of `step` that is not below `value`; exact over 2^32. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
