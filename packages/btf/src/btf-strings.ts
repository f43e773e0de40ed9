import { BtfError } from './btf-error.ts'
import { BTF_MAX_NAME_OFFSET } from './btf-kind.ts'

const DECODER = new TextDecoder()

/** The string section: zero-terminated strings by byte offset, offset 0 the empty one. */
export class BtfStrings {
  readonly bytes: Uint8Array
  readonly #known = new Map<number, string>()
  /**
   * Bytes that may still be decoded. Honest strings don't overlap, so all of them together are no longer than the
   * section; without a bound, n names could be n suffixes of one long string: quadratic work from a small input.
   */
  #budgetBytes: number

  /** @throws {BtfError} BTF_STRING unless the section is terminated, begins with the empty string and is below 16 MiB. */
  constructor(bytes: Uint8Array, offsetBytes: number) {
    const problem = problemOf(bytes)
    if (problem !== undefined) {
      const where = { offsetBytes }
      throw new BtfError({
        code: 'BTF_STRING',
        message: `string section ${problem}`,
        where,
        got: `${bytes.length} bytes`,
      })
    }
    this.bytes = bytes
    this.#budgetBytes = 2 * bytes.length + 4096
  }

  /**
   * The string that begins at `offset`.
   *
   * @param user place of the field that holds `offset`, for the error
   * @throws {BtfError} BTF_STRING
   */
  at(offset: number, user: number): string {
    if (offset === 0) return ''
    const known = this.#known.get(offset)
    if (known !== undefined) return known
    const where = { offsetBytes: user }
    if (offset >= this.bytes.length) {
      const expected = `below ${this.bytes.length}`
      throw new BtfError({ code: 'BTF_STRING', message: 'string offset out of range', where, got: offset, expected })
    }
    const end = this.bytes.indexOf(0, offset)
    this.#budgetBytes -= end - offset
    if (this.#budgetBytes < 0) {
      throw new BtfError({
        code: 'BTF_STRING',
        message: 'strings overlap each other',
        where,
        hint: 'the section is damaged, or was made to be slow to read',
      })
    }
    const text = DECODER.decode(this.bytes.slice(offset, end))
    this.#known.set(offset, text)
    return text
  }
}

function problemOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'is empty'
  if (bytes.length - 1 > BTF_MAX_NAME_OFFSET) return 'is too long'
  if (bytes[0] !== 0) return 'does not begin with the empty string'
  if (bytes[bytes.length - 1] !== 0) return 'is not terminated'
  return undefined
}
