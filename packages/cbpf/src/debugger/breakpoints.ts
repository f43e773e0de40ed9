/** As many as bpf_dbg holds. */
const MOST = 64

/** Instructions before which a run stops. */
export class Breakpoints {
  readonly #at: number[] = []

  has(pc: number): boolean {
    return this.#at.includes(pc)
  }

  /** @returns why it was not set; undefined where it was */
  add(pc: number): string | undefined {
    if (this.has(pc)) return 'breakpoint already set!'
    if (this.#at.length === MOST) return 'too many breakpoints set, reset first!'
    this.#at.push(pc)
    return undefined
  }

  list(): readonly number[] {
    return this.#at
  }

  reset(): void {
    this.#at.length = 0
  }
}
