/** Lays out the parts of a map one after the other; offsets count from the map's header. */
export class Sections {
  #at = 0

  /** Offset of the next part, `sizeBytes` long. */
  add(sizeBytes: number, alignBytes = 64): number {
    const offset = roundUp(this.#at, alignBytes)
    this.#at = offset + sizeBytes
    return offset
  }

  /** Bytes of all parts so far. */
  get sizeBytes(): number {
    return roundUp(this.#at, 64)
  }
}

/** The least multiple of `step` that is not below `value`; exact over 2^32. */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

/** The least power of two that is not below `value`. */
export function roundUpToPowerOfTwo(value: number): number {
  let power = 1
  while (power < value) power *= 2
  return power
}
