import { BtfError } from './btf-error.ts'

/** First field of .BTF and .BTF.ext, in the data's byte order. */
export const BTF_MAGIC = 0xeb9f
export const BTF_VERSION = 1

/** Bytes of a struct btf_header without extensions. */
export const BTF_HEADER_BYTES = 24

/** Where the two sections lie. Offsets from the start of the data, header included. */
export interface BtfLayout {
  readonly littleEndian: boolean
  readonly headerBytes: number
  readonly typesStart: number
  readonly typesEnd: number
  readonly stringsStart: number
  readonly stringsEnd: number
}

/** Byte order by the magic number; refuses data that has none, or another version or flags. */
export function readPreamble(view: DataView, what: string): { littleEndian: boolean; headerBytes: number } {
  if (view.byteLength < 8) {
    throw new BtfError({
      code: 'BTF_TRUNCATED',
      message: `${what} ends inside its header`,
      where: { offsetBytes: 0 },
      got: `${view.byteLength} bytes`,
      expected: 'at least 8 bytes',
    })
  }
  const magic = view.getUint16(0, true)
  const littleEndian = magic === BTF_MAGIC
  const problem = (offsetBytes: number, message: string, got: string, expected: string): BtfError =>
    new BtfError({ code: 'BTF_HEADER', message, where: { offsetBytes }, got, expected })
  if (!littleEndian && view.getUint16(0, false) !== BTF_MAGIC) {
    throw problem(
      0,
      `${what} has no BTF magic`,
      `0x${magic.toString(16)}`,
      `0x${BTF_MAGIC.toString(16)} in either order`,
    )
  }
  if (view.getUint8(2) !== BTF_VERSION) throw problem(2, 'unknown version', `${view.getUint8(2)}`, `${BTF_VERSION}`)
  if (view.getUint8(3) !== 0) throw problem(3, 'unknown flags', `${view.getUint8(3)}`, '0')
  return { littleEndian, headerBytes: view.getUint32(4, littleEndian) }
}

/**
 * Reads struct btf_header. The types come first, the strings right after and to the end: what the kernel demands, and
 * what clang, pahole and libbpf write.
 *
 * @throws {BtfError} BTF_TRUNCATED, BTF_HEADER, BTF_SECTION_BOUNDS
 */
export function readLayout(bytes: Uint8Array): BtfLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { littleEndian, headerBytes } = readPreamble(view, 'BTF')
  if (headerBytes < BTF_HEADER_BYTES || headerBytes > bytes.length) {
    throw new BtfError({
      code: headerBytes > bytes.length ? 'BTF_TRUNCATED' : 'BTF_HEADER',
      message: 'header length does not fit',
      where: { offsetBytes: 4 },
      got: `${headerBytes} bytes`,
      expected: `${BTF_HEADER_BYTES} to ${bytes.length} bytes`,
    })
  }
  for (let at = BTF_HEADER_BYTES; at < headerBytes; at++) {
    if (bytes[at] === 0) continue
    throw new BtfError({
      code: 'BTF_HEADER',
      message: 'header has fields of a newer format',
      where: { offsetBytes: at },
    })
  }
  const field = (offset: number): number => view.getUint32(offset, littleEndian)
  const [typeOffset, typeBytes, stringOffset, stringBytes] = [field(8), field(12), field(16), field(20)]
  const typesStart = headerBytes + typeOffset
  const stringsStart = headerBytes + stringOffset
  checkBounds(bytes.length, headerBytes, typesStart, typeBytes, stringsStart, stringBytes)
  return {
    littleEndian,
    headerBytes,
    typesStart,
    typesEnd: typesStart + typeBytes,
    stringsStart,
    stringsEnd: stringsStart + stringBytes,
  }
}

function checkBounds(
  totalBytes: number,
  headerBytes: number,
  typesStart: number,
  typeBytes: number,
  stringsStart: number,
  stringBytes: number,
): void {
  const check = (offsetBytes: number, message: string, got: number, expected: number): void => {
    if (got === expected) return
    const hint = 'the section is cut or damaged; build the object again'
    throw new BtfError({ code: 'BTF_SECTION_BOUNDS', message, where: { offsetBytes }, got, expected, hint })
  }
  check(8, 'types do not begin after the header', typesStart, headerBytes)
  check(16, 'strings do not begin where the types end', stringsStart, typesStart + typeBytes)
  check(20, 'strings do not end where the data ends', stringsStart + stringBytes, totalBytes)
}
