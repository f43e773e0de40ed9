import type { GuestMemory } from '@bpfoundry/guest-memory'

/** Below this a loop beats the call, which must make a view first. */
const LOOP_BYTES = 256

/**
 * Copies frames into guest memory. Traffic mostly comes from one array, a capture's or a generator's: a view of it is
 * kept, so that words can be copied at any alignment; a loop over bytes takes five times as long.
 */
export class FrameCopier {
  readonly #memory: GuestMemory
  #source: Uint8Array | undefined
  #view: DataView | undefined

  constructor(memory: GuestMemory) {
    this.#memory = memory
  }

  /** Copies `lengthBytes` bytes at `offsetBytes` to the guest address `at`, a multiple of 4. */
  copy(at: number, bytes: Uint8Array, offsetBytes: number, lengthBytes: number): void {
    const { u8, u32 } = this.#memory
    const view = lengthBytes > LOOP_BYTES ? undefined : this.#viewOf(bytes)
    if (view === undefined) {
      const whole = offsetBytes === 0 && lengthBytes === bytes.length
      u8.set(whole ? bytes : bytes.subarray(offsetBytes, offsetBytes + lengthBytes), at)
      return
    }
    const words = lengthBytes >>> 2
    for (let n = 0; n < words; n++) u32[(at >>> 2) + n] = view.getUint32(offsetBytes + 4 * n, true)
    for (let n = 4 * words; n < lengthBytes; n++) u8[at + n] = bytes[offsetBytes + n] as number
  }

  /** A view of the array, from the second time on that it comes in a row. */
  #viewOf(bytes: Uint8Array): DataView | undefined {
    if (bytes !== this.#source) {
      this.#source = bytes
      this.#view = undefined
      return undefined
    }
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return this.#view
  }
}
