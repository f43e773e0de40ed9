import type { GuestMemory } from '@bpfoundry/guest-memory'
import { Toeplitz, type ToeplitzOptions } from '@bpfoundry/packet'

/** Entries of the RSS indirection table, as on most cards. A power of two: the hash's low bits choose one. */
export const INDIRECTION_ENTRIES = 128

/** Receive side scaling: from the bytes of a frame to a hash, and from the hash to a queue. */
export class Rss {
  readonly #memory: GuestMemory
  readonly #indirection: number
  readonly #toeplitz: Toeplitz

  /**
   * @param indirection guest address of the table
   * @throws PacketError TOEPLITZ_KEY
   */
  constructor(memory: GuestMemory, indirection: number, options: ToeplitzOptions = {}) {
    this.#memory = memory
    this.#indirection = indirection >>> 2
    this.#toeplitz = new Toeplitz(options)
  }

  /** Hash of the frame at `offsetBytes`, unsigned; 0 for what is not IP. */
  hash(bytes: Uint8Array, offsetBytes: number, lengthBytes: number): number {
    return this.#toeplitz.rssHash(bytes, offsetBytes, lengthBytes)
  }

  /** Queue of a hash. */
  queue(hash: number): number {
    return this.#memory.u32[this.#indirection + (hash & (INDIRECTION_ENTRIES - 1))] as number
  }

  /** `ethtool -X`: queue `queues[i % queues.length]` for entry i. On the wire side only. */
  setIndirection(queues: readonly number[]): void {
    for (let entry = 0; entry < INDIRECTION_ENTRIES; entry++) {
      this.#memory.u32[this.#indirection + entry] = queues[entry % queues.length] as number
    }
  }
}
