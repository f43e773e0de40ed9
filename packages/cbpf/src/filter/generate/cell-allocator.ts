import { BPF_MEMWORDS } from '../../classic-opcodes.ts'

/** Gives out cells of M[]: the next free one behind that given last, round and round. */
export class CellAllocator {
  readonly #used: boolean[] = Array<boolean>(BPF_MEMWORDS).fill(false)
  readonly #exhausted: () => Error
  #next = 0

  constructor(exhausted: () => Error) {
    this.#exhausted = exhausted
  }

  take(): number {
    for (let tried = 0; tried < BPF_MEMWORDS; tried++) {
      if (!this.#used[this.#next]) {
        this.#used[this.#next] = true
        return this.#next
      }
      this.#next = (this.#next + 1) % BPF_MEMWORDS
    }
    throw this.#exhausted()
  }

  free(cell: number): void {
    this.#used[cell] = false
  }
}
