import type { ByteSource } from './byte-source.ts'
import { ElfError } from './elf-error.ts'

/**
 * Longest string that is read. Entries may share tails, so without a bound n symbols could name n suffixes of one
 * string of the file's size: quadratic work from a small file.
 */
const MAX_STRING_BYTES = 4096

const DECODER = new TextDecoder()

/** An SHT_STRTAB section: zero-terminated strings by byte offset. */
export class StringTable {
  readonly #source: ByteSource
  readonly #start: number
  readonly #end: number
  readonly #strings = new Map<number, string>()

  /** `start` and `length` in bytes; the caller has checked that they lie in the file. */
  constructor(source: ByteSource, start: number, length: number) {
    this.#source = source
    this.#start = start
    this.#end = start + length
  }

  /**
   * The string that begins `offset` bytes into the table.
   *
   * @param user place in the file of the field that holds `offset`, for the error
   * @throws {ElfError} ELF_STRING
   */
  at(offset: number, user: number): string {
    const known = this.#strings.get(offset)
    if (known !== undefined) return known
    const text = this.#read(offset, user)
    this.#strings.set(offset, text)
    return text
  }

  #read(offset: number, user: number): string {
    const start = this.#start + offset
    // Offset 0 is the empty string, also of an empty table.
    if (offset === 0 && this.#start === this.#end) return ''
    if (start >= this.#end) {
      throw this.#error('string lies outside its table', user, `offset ${offset}`, `below ${this.#end - this.#start}`)
    }
    const { bytes } = this.#source
    const limit = Math.min(this.#end, start + MAX_STRING_BYTES)
    let end = start
    while (end < limit && bytes[end] !== 0) end++
    if (end === this.#end) throw this.#error('string is not terminated', user, 'end of the table', 'a zero byte')
    if (end === limit) throw this.#error('string is too long', user, `over ${MAX_STRING_BYTES} bytes`, 'a name')
    return DECODER.decode(bytes.slice(start, end))
  }

  #error(message: string, user: number, got: string, expected: string): ElfError {
    return new ElfError({
      code: 'ELF_STRING',
      message,
      where: this.#source.place(user),
      got,
      expected,
      hint: 'the file is damaged; build or copy it again',
    })
  }
}
