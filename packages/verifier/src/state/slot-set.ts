/** A set of stack slots of one frame, of which there are 64. */
export class SlotSet {
  #low = 0
  #high = 0

  has(slot: number): boolean {
    return ((slot < 32 ? this.#low : this.#high) & (1 << (slot & 31))) !== 0
  }

  add(slot: number): void {
    if (slot < 32) this.#low |= 1 << slot
    else this.#high |= 1 << (slot & 31)
  }

  clear(): void {
    this.#low = 0
    this.#high = 0
  }

  copy(): SlotSet {
    const copy = new SlotSet()
    copy.#low = this.#low
    copy.#high = this.#high
    return copy
  }
}
