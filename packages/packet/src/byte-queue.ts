const FIRST_BUFFER_BYTES = 65_536

/**
 * The bytes of a stream that were pushed and not yet taken. Views given out stay valid: bytes are never moved within a
 * buffer, only appended behind what was given out or copied into a new buffer.
 */
export class ByteQueue {
  /** The buffer that holds the pending bytes, from {@link offset} to {@link end}. */
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  offset = 0
  end = 0
  /** How many bytes of the stream were taken: the position of `offset` in the whole input. */
  takenBytes = 0
  #ownsBuffer = false

  get length(): number {
    return this.end - this.offset
  }

  push(piece: Uint8Array): void {
    // A plain view also of a Node Buffer, whose slice() would not copy.
    const chunk = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
    if (this.length === 0) this.#adopt(chunk, false)
    else this.#append(chunk)
  }

  take(lengthBytes: number): void {
    this.offset += lengthBytes
    this.takenBytes += lengthBytes
  }

  #adopt(bytes: Uint8Array, owned: boolean): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = 0
    this.end = bytes.length
    this.#ownsBuffer = owned
  }

  #append(chunk: Uint8Array): void {
    const end = this.end + chunk.length
    if (!this.#ownsBuffer || end > this.bytes.length) {
      const pending = this.bytes.subarray(this.offset, this.end)
      const capacityBytes = Math.max(FIRST_BUFFER_BYTES, 2 * (pending.length + chunk.length))
      this.#adopt(new Uint8Array(capacityBytes), true)
      this.bytes.set(pending)
      this.end = pending.length
    }
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }
}
