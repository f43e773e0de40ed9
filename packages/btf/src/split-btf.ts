import { type Btf, decodeBtf } from './btf.ts'
import { BtfError } from './btf-error.ts'
import { BTF_HEADER_BYTES, BTF_MAGIC, BTF_VERSION, type BtfLayout, readLayout } from './btf-header.ts'
import { typeIndex } from './lazy-btf.ts'

/** Types that go on from those of another: a module's from its kernel's. */
export interface SplitBtf {
  /** All of both. */
  readonly btf: Btf
  /** The first of the split ones; those before are the base's. */
  readonly firstId: number
}

/**
 * Reads split BTF, whose ids and string offsets go on where its base ends: both together are like BTF of one piece.
 *
 * @param base a .BTF section by itself
 * @throws {BtfError} BTF_BASE when they are of different byte order, and as `decodeBtf`: BTF_STRING or BTF_TYPE_ID, mostly,
 *   for a base that is none of these types
 * @see Documentation/bpf/btf.rst of Linux 6.12, section 4.2 (.BTF.base)
 */
export function decodeSplitBtf(base: Uint8Array, bytes: Uint8Array): SplitBtf {
  const [first, second] = [readLayout(base), readLayout(bytes)]
  if (first.littleEndian !== second.littleEndian) {
    throw new BtfError({ code: 'BTF_BASE', message: 'the base is of the other byte order' })
  }
  const types = [typesOf(base, first), typesOf(bytes, second)]
  const strings = [stringsOf(base, first), stringsOf(bytes, second)]
  const btf = decodeBtf(joined(first.littleEndian, types, strings))
  const view = new DataView(base.buffer, base.byteOffset, base.byteLength)
  return { btf, firstId: typeIndex(view, first).places.length }
}

const typesOf = (bytes: Uint8Array, layout: BtfLayout): Uint8Array => bytes.subarray(layout.typesStart, layout.typesEnd)
const stringsOf = (bytes: Uint8Array, layout: BtfLayout): Uint8Array =>
  bytes.subarray(layout.stringsStart, layout.stringsEnd)
const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0)

function joined(littleEndian: boolean, types: readonly Uint8Array[], strings: readonly Uint8Array[]): Uint8Array {
  const [typeBytes, stringBytes] = [lengthOf(types), lengthOf(strings)]
  const bytes = new Uint8Array(BTF_HEADER_BYTES + typeBytes + stringBytes)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, BTF_MAGIC, littleEndian)
  view.setUint8(2, BTF_VERSION)
  for (const [index, field] of [BTF_HEADER_BYTES, 0, typeBytes, typeBytes, stringBytes].entries()) {
    view.setUint32(4 + 4 * index, field, littleEndian)
  }
  let at = BTF_HEADER_BYTES
  for (const part of [...types, ...strings]) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
