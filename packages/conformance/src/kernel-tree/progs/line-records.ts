import type { Btf, LineInfo } from '@bpfoundry/btf'
import type { VectorLine } from '../../vector/vector.ts'

const COLUMN_BITS = 10
const COLUMN_MASK = 2 ** COLUMN_BITS - 1

/** Offsets of the strings of a BTF that line records name, by text; made once for each. */
const OFFSETS = new WeakMap<Btf, ReadonlyMap<string, number>>()

/**
 * Line records as the kernel takes them: with offsets into the BTF's strings for file and text. None where one of them
 * is not there.
 */
export function lineRecords(btf: Btf, lines: readonly LineInfo[]): VectorLine[] {
  const offsets = stringOffsets(btf)
  const records = lines.flatMap(({ pc, file, text, line, column }): VectorLine[] => {
    const [fileNameOffset, lineOffset] = [offsets.get(file), offsets.get(text)]
    if (fileNameOffset === undefined || lineOffset === undefined) return []
    return [{ pc, fileNameOffset, lineOffset, lineColumn: ((line << COLUMN_BITS) | (column & COLUMN_MASK)) >>> 0 }]
  })
  return records.length === lines.length ? records : []
}

function stringOffsets(btf: Btf): ReadonlyMap<string, number> {
  const known = OFFSETS.get(btf)
  if (known !== undefined) return known
  const offsets = new Map<string, number>()
  const { bytes } = btf.strings
  const decoder = new TextDecoder()
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at)
    const stop = end < 0 ? bytes.length : end
    const text = decoder.decode(bytes.subarray(at, stop))
    if (!offsets.has(text)) offsets.set(text, at)
    at = stop + 1
  }
  OFFSETS.set(btf, offsets)
  return offsets
}
