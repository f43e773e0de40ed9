import { KIND_CODECS, type KindCodec, TYPE_BYTES } from './btf-codec.ts'
import { BTF_MAGIC, BTF_VERSION } from './btf-header.ts'
import type { BtfType } from './btf-type.ts'

/** The bytes of a .BTF section: header, types from id 1 on, strings. */
export function encodeBtf(
  types: readonly BtfType[],
  strings: Uint8Array,
  byteOrder: 'little' | 'big',
  headerBytes: number,
): Uint8Array {
  const words = types.slice(1).reduce((sum, type) => sum + wordsOf(type), 0)
  const typeBytes = words * 4
  const bytes = new Uint8Array(headerBytes + typeBytes + strings.length)
  const view = new DataView(bytes.buffer)
  const littleEndian = byteOrder === 'little'
  view.setUint16(0, BTF_MAGIC, littleEndian)
  view.setUint8(2, BTF_VERSION)
  const header = [headerBytes, 0, typeBytes, typeBytes, strings.length]
  header.forEach((word, index) => {
    view.setUint32(4 + index * 4, word, littleEndian)
  })
  let at = headerBytes
  const sink = (word: number): void => {
    view.setUint32(at, word >>> 0, littleEndian)
    at += 4
  }
  for (const type of types.slice(1)) {
    const codec = codecOf(type)
    sink(type.nameOffset)
    sink(((codec.kindFlag(type) ? 1 : 0) << 31) | (type.kind << 24) | codec.vlen(type))
    sink(codec.sizeOrType(type))
    codec.encode(type, sink)
  }
  bytes.set(strings, at)
  return bytes
}

function codecOf(type: BtfType): KindCodec {
  const codec = KIND_CODECS[type.kind]
  if (codec === undefined) throw new Error(`kind ${type.kind} can't be written`)
  return codec
}

function wordsOf(type: BtfType): number {
  const codec = codecOf(type)
  return TYPE_BYTES / 4 + codec.fixedWords + codec.vlen(type) * codec.itemWords
}
