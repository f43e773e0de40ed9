import type { Btf } from './btf.ts'
import { BtfError } from './btf-error.ts'
import { readPreamble } from './btf-header.ts'
import type { BtfExt, CoreRelocation, FunctionInfo, LineInfo, SectionInfo } from './ext-info.ts'

/** Bytes of one instruction slot; records count in bytes. */
const SLOT_BYTES = 8

/** One of the three tables: where the header has its bounds, and what its records are. */
interface TableFormat<T> {
  readonly what: string
  /** Offset of `(offset, length)` in the header. */
  readonly field: number
  readonly minimumRecordBytes: number
  read(record: RecordReader): T
}

/** Words and strings of one record; the first word is its instruction's offset in bytes. */
interface RecordReader {
  readonly pc: number
  word(index: number): number
  string(index: number): string
}

const FUNCTIONS: TableFormat<FunctionInfo> = {
  what: 'func_info',
  field: 8,
  minimumRecordBytes: 8,
  read: ({ pc, word }) => ({ pc, typeId: word(1) }),
}

const LINES: TableFormat<LineInfo> = {
  what: 'line_info',
  field: 16,
  minimumRecordBytes: 16,
  // The last word holds the line above 10 bits of column.
  read: ({ pc, word, string }) => ({
    pc,
    file: string(1),
    text: string(2),
    line: word(3) >>> 10,
    column: word(3) & 0x3ff,
  }),
}

const CORE_RELOCATIONS: TableFormat<CoreRelocation> = {
  what: 'core_relo',
  field: 24,
  minimumRecordBytes: 16,
  read: ({ pc, word, string }) => ({ pc, typeId: word(1), access: string(2), kind: word(3) }),
}

/**
 * Reads a .BTF.ext section; names and source text come from the string section of `btf`.
 *
 * @param bytes the section as the compiler wrote it: clang's relocations for it change nothing
 * @throws {BtfError} BTF_TRUNCATED, BTF_HEADER, BTF_SECTION_BOUNDS, BTF_STRING, BTF_TYPE_ID
 * @see Documentation/bpf/btf.rst of Linux 6.12, section 4.2
 */
export function decodeBtfExt(bytes: Uint8Array, btf: Btf): BtfExt {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { littleEndian, headerBytes } = readPreamble(view, 'BTF.ext')
  if (headerBytes > bytes.length || headerBytes < 24) {
    throw new BtfError({
      code: headerBytes > bytes.length ? 'BTF_TRUNCATED' : 'BTF_HEADER',
      message: 'BTF.ext header length does not fit',
      where: { offsetBytes: 4 },
      got: `${headerBytes} bytes`,
      expected: `24 to ${bytes.length} bytes`,
    })
  }
  const reader = new TableReader(view, littleEndian, headerBytes, btf)
  const functions = reader.read(FUNCTIONS)
  const lines = reader.read(LINES)
  const coreRelocations = reader.read(CORE_RELOCATIONS)
  const names = new Set([...functions.keys(), ...lines.keys(), ...coreRelocations.keys()])
  const sections = new Map<string, SectionInfo>()
  for (const name of names) {
    sections.set(name, {
      functions: functions.get(name) ?? [],
      lines: lines.get(name) ?? [],
      coreRelocations: coreRelocations.get(name) ?? [],
    })
  }
  return sections
}

class TableReader {
  readonly #view: DataView
  readonly #littleEndian: boolean
  readonly #headerBytes: number
  readonly #btf: Btf

  constructor(view: DataView, littleEndian: boolean, headerBytes: number, btf: Btf) {
    this.#view = view
    this.#littleEndian = littleEndian
    this.#headerBytes = headerBytes
    this.#btf = btf
  }

  /** Records by ELF section. A table: record size, then for each section its name, count and records. */
  read<T>(format: TableFormat<T>): Map<string, T[]> {
    const sections = new Map<string, T[]>()
    const bounds = this.#bounds(format)
    if (bounds === undefined) return sections
    const { start, end } = bounds
    this.#need(start, 4, end, format.what)
    const recordBytes = this.#u32(start)
    if (recordBytes < format.minimumRecordBytes || recordBytes % 4 !== 0) {
      const expected = `a multiple of 4, from ${format.minimumRecordBytes}`
      throw error('BTF_HEADER', `${format.what} has records of an odd size`, start, recordBytes, expected)
    }
    for (let at = start + 4; at < end; ) {
      this.#need(at, 8, end, format.what)
      const name = this.#btf.strings.at(this.#u32(at), at)
      const count = this.#u32(at + 4)
      this.#need(at + 8, count * recordBytes, end, format.what)
      const records = sections.get(name) ?? []
      sections.set(name, records)
      for (let index = 0; index < count; index++) records.push(this.#record(format, at + 8 + index * recordBytes))
      at += 8 + count * recordBytes
    }
    return sections
  }

  /** Undefined when the header has no such table, or an empty one. */
  #bounds({ what, field }: TableFormat<unknown>): { start: number; end: number } | undefined {
    if (field + 8 > this.#headerBytes) return undefined
    const start = this.#headerBytes + this.#u32(field)
    const length = this.#u32(field + 4)
    if (length === 0) return undefined
    if (start % 4 !== 0 || start + length > this.#view.byteLength) {
      const got = `${length} bytes at ${start}`
      throw error(
        'BTF_SECTION_BOUNDS',
        `${what} ends past the data`,
        field,
        got,
        `within ${this.#view.byteLength} bytes`,
      )
    }
    return { start, end: start + length }
  }

  #record<T>({ what, read }: TableFormat<T>, at: number): T {
    const word = (index: number): number => this.#u32(at + index * 4)
    const offsetBytes = word(0)
    if (offsetBytes % SLOT_BYTES !== 0) {
      throw error(
        'BTF_SECTION_BOUNDS',
        `${what} names the middle of an instruction`,
        at,
        offsetBytes,
        'a multiple of 8',
      )
    }
    const string = (index: number): string => this.#btf.strings.at(word(index), at + index * 4)
    return read({ pc: offsetBytes / SLOT_BYTES, word, string })
  }

  #need(at: number, length: number, end: number, what: string): void {
    if (at + length <= end) return
    throw error('BTF_TRUNCATED', `${what} ends inside a record`, at, `${end - at} bytes`, `${length} bytes`)
  }

  #u32(offset: number): number {
    return this.#view.getUint32(offset, this.#littleEndian)
  }
}

function error(
  code: 'BTF_TRUNCATED' | 'BTF_HEADER' | 'BTF_SECTION_BOUNDS',
  message: string,
  offsetBytes: number,
  got: string | number,
  expected: string,
): BtfError {
  return new BtfError({ code, message, where: { offsetBytes }, got, expected })
}
