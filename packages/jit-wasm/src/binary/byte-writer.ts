const FIRST_BYTES = 1024
/** Of an unsigned LEB128 that is as long as can be, whatever its value. */
const PADDED_BYTES = 5

/** Bytes that grow as they are written, with the variable-length integers of the binary format. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #length = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#length++] = value
  }

  /** Unsigned LEB128 of a u32. @see WebAssembly core specification, 5.2.2 */
  u32(value: number): void {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** Signed LEB128 of an int32. */
  s32(value: number): void {
    let rest = value | 0
    while (rest < -0x40 || rest > 0x3f) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.byte(rest & 0x7f)
  }

  /** Signed LEB128 of an int64 given as two words: seven bits move from word to word a turn, without BigInt. */
  s64(lo: number, hi: number): void {
    let low = lo | 0
    let high = hi | 0
    while (high !== low >> 31 || low < -0x40 || low > 0x3f) {
      this.byte((low & 0x7f) | 0x80)
      low = (low >>> 7) | (high << 25)
      high >>= 7
    }
    this.byte(low & 0x7f)
  }

  /** A name in ASCII, with its length before it. */
  name(text: string): void {
    this.u32(text.length)
    for (let at = 0; at < text.length; at++) this.byte(text.charCodeAt(at))
  }

  /** What another writer holds. */
  append(other: ByteWriter): void {
    if (this.#length + other.#length > this.#bytes.length) this.#grow(other.#length)
    this.#bytes.set(other.view(), this.#length)
    this.#length += other.#length
  }

  /** Forgets what was written, and keeps the room for more. */
  clear(): void {
    this.#length = 0
  }

  /** Leaves room for a length in front of what it is the length of; {@link endLength} fills it in. */
  beginLength(): number {
    for (let at = 0; at < PADDED_BYTES; at++) this.byte(0)
    return this.#length
  }

  /** Fills in how many bytes were written since `start`, which {@link beginLength} gave. */
  endLength(start: number): void {
    let rest = this.#length - start
    for (let at = start - PADDED_BYTES; at < start; at++) {
      this.#bytes[at] = (rest & 0x7f) | (at === start - 1 ? 0 : 0x80)
      rest >>>= 7
    }
  }

  /** What was written, valid until more is. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(more: number): void {
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more))
    bytes.set(this.view())
    this.#bytes = bytes
  }
}
