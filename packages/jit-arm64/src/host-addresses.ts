import type { Register } from './asm/registers.ts'
import { BASES, BPF_REGISTER_COUNT } from './register-map.ts'

const NONE = -1

/**
 * Which registers hold `x28 + Rn` for a guest pointer Rn: what an access at an offset needs, and the next one at another
 * offset can use again. Good along straight code until Rn is written, something jumps in, or a call changes registers.
 */
export class HostAddresses {
  /** Place in {@link BASES} by BPF register. */
  readonly #placeOf = new Int8Array(BPF_REGISTER_COUNT).fill(NONE)
  /** BPF register by place. */
  readonly #ownerOf = new Int8Array(BASES.length).fill(NONE)
  #next = 0
  #known = 0

  /** The register with the host address of a BPF register's pointer, undefined where there is none. */
  find(bpf: number): Register | undefined {
    const place = this.#placeOf[bpf] as number
    return place === NONE ? undefined : BASES[place]
  }

  /** A register for it, from now on taken to hold it; the oldest one when all are in use. */
  take(bpf: number): Register {
    const place = this.#next
    this.#next = (place + 1) % BASES.length
    const former = this.#ownerOf[place] as number
    if (former !== NONE) this.#drop(former)
    this.#placeOf[bpf] = place
    this.#ownerOf[place] = bpf
    this.#known |= 1 << bpf
    return BASES[place] as Register
  }

  /** BPF registers of this mask were written. */
  forget(mask: number): void {
    for (let left = mask & this.#known; left !== 0; left &= left - 1) this.#drop(31 - Math.clz32(left & -left))
  }

  forgetAll(): void {
    this.forget(-1)
    this.#next = 0
  }

  #drop(bpf: number): void {
    this.#ownerOf[this.#placeOf[bpf] as number] = NONE
    this.#placeOf[bpf] = NONE
    this.#known &= ~(1 << bpf)
  }
}
