/** Small pieces of machine code that no back end makes: hand-assembled, a row an instruction, checked by capstone. */

/** The instruction as a disassembler writes it, and its encoding. */
export type ListingRow = readonly [text: string, ...bytes: number[]]

/** Listings of the stubs of a gate. @see gate-stubs.ts */
export interface StubListings {
  readonly enter: readonly ListingRow[]
  readonly callHelper: readonly ListingRow[]
  readonly resume: readonly ListingRow[]
}

/** The bytes of a listing, one after another. */
export function assembleListing(rows: readonly ListingRow[]): Uint8Array {
  return Uint8Array.from(rows.flatMap(([, ...bytes]) => bytes))
}

/** Little-endian bytes of a number below 2^53, as in immediates and literals. */
export function littleEndian(value: number, byteCount: number): number[] {
  return Array.from({ length: byteCount }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 0xff)
}

/** An A64 instruction is one word. */
export function word(text: string, encoding: number): ListingRow {
  return [text, ...littleEndian(encoding >>> 0, 4)]
}
