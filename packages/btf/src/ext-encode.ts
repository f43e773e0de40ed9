import type { Btf } from './btf.ts'
import { BTF_MAGIC, BTF_VERSION } from './btf-header.ts'
import type { BtfExt, CoreRelocation, FunctionInfo, LineInfo, SectionInfo } from './ext-info.ts'

/** A header that ends with the bounds of the CO-RE relocations. */
const HEADER_BYTES = 32

/** Bytes of one instruction slot; records count in bytes. */
const SLOT_BYTES = 8

/** Where a string lies in the string section that `.BTF` has. */
type StringOffset = (text: string) => number

/** The words of one record, after the instruction's offset. */
type WordsOf<T> = (record: T, offset: StringOffset) => readonly number[]

const functionWords: WordsOf<FunctionInfo> = ({ typeId }) => [typeId]

// The last word holds the line above 10 bits of column.
const lineWords: WordsOf<LineInfo> = ({ file, text, line, column }, offset) => [
  offset(file),
  offset(text),
  ((line << 10) | (column & 0x3ff)) >>> 0,
]

const coreWords: WordsOf<CoreRelocation> = ({ typeId, access, kind }, offset) => [typeId, offset(access), kind]

/** One table: its record size, then for each section that has records its name, their count and they themselves. */
function tableWords<T extends { readonly pc: number }>(
  ext: BtfExt,
  recordWords: number,
  of: (info: SectionInfo) => readonly T[],
  words: WordsOf<T>,
  offset: StringOffset,
): number[] {
  const table: number[] = [recordWords * 4]
  for (const [section, info] of ext) {
    const records = of(info)
    if (records.length === 0) continue
    table.push(offset(section), records.length)
    for (const record of records) table.push(record.pc * SLOT_BYTES, ...words(record, offset))
  }
  return table.length === 1 ? [] : table
}

/**
 * The bytes of a .BTF.ext section: what {@link decodeBtfExt} reads back.
 *
 * @param addString where a string lies in the string section of the `.BTF` that goes with it: `BtfBuilder.addString`,
 *   before the types are built
 * @see Documentation/bpf/btf.rst of Linux 6.12, section 4.2
 */
export function encodeBtfExt(ext: BtfExt, addString: StringOffset, byteOrder: Btf['byteOrder'] = 'little'): Uint8Array {
  const tables = [
    tableWords(ext, 2, ({ functions }) => functions, functionWords, addString),
    tableWords(ext, 4, ({ lines }) => lines, lineWords, addString),
    tableWords(ext, 4, ({ coreRelocations }) => coreRelocations, coreWords, addString),
  ]
  const littleEndian = byteOrder === 'little'
  const header = [HEADER_BYTES]
  let start = 0
  for (const table of tables) {
    header.push(start, table.length * 4)
    start += table.length * 4
  }
  const bytes = new Uint8Array(HEADER_BYTES + start)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, BTF_MAGIC, littleEndian)
  view.setUint8(2, BTF_VERSION)
  for (const [index, word] of [...header, ...tables.flat()].entries()) {
    view.setUint32(4 + index * 4, word >>> 0, littleEndian)
  }
  return bytes
}
