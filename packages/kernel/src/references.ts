/**
 * How many hold an object of the kernel: its fd, what it is attached to, programs that use it. The last one frees it.
 *
 * @see bpf_prog_put, bpf_map_put in kernel/bpf/syscall.c
 */
export class References {
  readonly #free: () => void
  #count = 1

  constructor(free: () => void) {
    this.#free = free
  }

  /** One more; an object that is gone can't be held again. */
  hold(): void {
    if (this.#count === 0) throw new Error('an object that is freed was held again')
    this.#count++
  }

  drop(): void {
    if (this.#count === 0) throw new Error('an object that is freed was dropped again')
    this.#count--
    if (this.#count === 0) this.#free()
  }
}
