import type { Place } from '@bpfoundry/diagnostics'
import { ElfError } from './elf-error.ts'

/** Checked reads of a file's bytes in its byte order. Nothing is copied. Offsets count from the start of the file. */
export class ByteSource {
  readonly bytes: Uint8Array
  readonly input: string | undefined
  readonly #view: DataView
  readonly #littleEndian: boolean

  constructor(bytes: Uint8Array, littleEndian: boolean, input: string | undefined) {
    this.bytes = bytes
    this.input = input
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#littleEndian = littleEndian
  }

  place(offsetBytes: number, section?: string): Place {
    return {
      ...(this.input === undefined ? {} : { input: this.input }),
      ...(section === undefined ? {} : { section }),
      offsetBytes,
    }
  }

  /** @throws {ElfError} ELF_TRUNCATED when `[offset, offset + length)` is not within the file. */
  need(offset: number, length: number, what: string): void {
    if (length <= this.bytes.length - offset) return
    throw new ElfError({
      code: 'ELF_TRUNCATED',
      message: `the file ends inside ${what}`,
      // An offset beyond what a number holds has no place of its own: the file's end stands for it.
      where: this.place(Number.isFinite(offset) ? offset : this.bytes.length),
      got: `${this.bytes.length} bytes`,
      expected: Number.isFinite(offset + length) ? `at least ${offset + length} bytes` : 'an offset within the file',
      hint: 'the file was cut, or a header lies about offsets; build or copy it again',
    })
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, this.#littleEndian)
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset, this.#littleEndian)
  }

  /** A u64; Infinity beyond 2^53, which no bounds check lets pass. */
  u64(offset: number): number {
    const first = this.u32(offset)
    const second = this.u32(offset + 4)
    const value = this.#littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second
    return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY
  }

  s64(offset: number): bigint {
    return this.#view.getBigInt64(offset, this.#littleEndian)
  }
}
