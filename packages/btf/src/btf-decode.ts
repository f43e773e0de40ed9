import { KIND_CODECS, type KindCodec, type RawType, TYPE_BYTES } from './btf-codec.ts'
import { BtfError } from './btf-error.ts'
import type { BtfLayout } from './btf-header.ts'
import { BTF_KIND, BTF_MAX_TYPE, btfKindName } from './btf-kind.ts'
import { visitReferences } from './btf-references.ts'
import type { BtfStrings } from './btf-strings.ts'
import type { BtfType } from './btf-type.ts'

/** Bits of `info` that no kind uses. */
const RESERVED_INFO = 0x60ff0000

/** The type with id 0. */
export const VOID: BtfType = { id: 0, kind: BTF_KIND.VOID, name: '', nameOffset: 0 }

/** What {@link decodeTypes} found: types by id, and where each begins in the data. */
export interface DecodedTypes {
  readonly types: readonly BtfType[]
  readonly places: readonly number[]
}

/**
 * Reads the type section. Afterwards every id and string offset in the types is in range.
 *
 * @throws {BtfError} BTF_TRUNCATED, BTF_KIND, BTF_INFO, BTF_STRING, BTF_TYPE_ID, BTF_TOO_MANY_TYPES
 */
export function decodeTypes(bytes: Uint8Array, layout: BtfLayout, strings: BtfStrings): DecodedTypes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const types: BtfType[] = [VOID]
  const places = [layout.typesStart]
  for (let at = layout.typesStart; at < layout.typesEnd; ) {
    const id = types.length
    if (id > BTF_MAX_TYPE) {
      const where = { offsetBytes: at }
      throw new BtfError({
        code: 'BTF_TOO_MANY_TYPES',
        message: 'too many types',
        where,
        expected: `${BTF_MAX_TYPE} at most`,
      })
    }
    const { raw, codec, end } = readRaw(view, layout, strings, at, id)
    types.push(codec.decode(raw))
    places.push(at)
    at = end
  }
  checkIds(types, places)
  return { types, places }
}

/** One type as written, and where the next one begins. */
export function readRaw(
  view: DataView,
  { littleEndian, typesEnd }: BtfLayout,
  strings: BtfStrings,
  at: number,
  id: number,
): { raw: RawType; codec: KindCodec; end: number } {
  need(at, TYPE_BYTES, typesEnd, id)
  const word = (offset: number): number => view.getUint32(offset, littleEndian)
  const nameOffset = word(at)
  const info = word(at + 4)
  const sizeOrType = word(at + 8)
  const [kind, vlen, kindFlag] = [(info >>> 24) & 0x1f, info & 0xffff, info >>> 31 === 1]
  const codec = KIND_CODECS[kind]
  if (codec === undefined) {
    const where = { offsetBytes: at + 4 }
    throw new BtfError({
      code: 'BTF_KIND',
      message: `type [${id}] has no known kind`,
      where,
      got: kind,
      expected: '1 to 19',
    })
  }
  checkInfo(codec, { id, kind, info, vlen, kindFlag, sizeOrType }, at)
  const rest = at + TYPE_BYTES
  const end = rest + 4 * (codec.fixedWords + vlen * codec.itemWords)
  need(at, end - at, typesEnd, id)
  if (kind === BTF_KIND.INT && (word(rest) & 0xf000ff00) !== 0) {
    throw infoError(`INT [${id}] has reserved bits set`, rest, word(rest), 'bits 8..15 and 28..31 zero')
  }
  const raw: RawType = {
    id,
    name: strings.at(nameOffset, at),
    nameOffset,
    kind,
    vlen,
    kindFlag,
    sizeOrType,
    word: (index) => word(rest + 4 * index),
    string: (index) => strings.at(word(rest + 4 * index), rest + 4 * index),
  }
  return { raw, codec, end }
}

interface Info {
  readonly id: number
  readonly kind: number
  readonly info: number
  readonly vlen: number
  readonly kindFlag: boolean
  readonly sizeOrType: number
}

function checkInfo(codec: KindCodec, { id, kind, info, vlen, kindFlag, sizeOrType }: Info, at: number): void {
  const label = `${btfKindName(kind)} [${id}]`
  if ((info & RESERVED_INFO) !== 0)
    throw infoError(`${label} has reserved bits set`, at + 4, info, 'bits 16..23, 29, 30 zero')
  if (vlen !== 0 && !codec.hasVlen) throw infoError(`${label} has a count`, at + 4, vlen, '0')
  if (kindFlag && !codec.hasKindFlag) throw infoError(`${label} has the kind flag`, at + 4, info, 'bit 31 zero')
  if (codec.thirdIsZero && sizeOrType !== 0) throw infoError(`${label} has a size or type`, at + 8, sizeOrType, '0')
}

function infoError(message: string, offsetBytes: number, got: number, expected: string): BtfError {
  const shown = `0x${got.toString(16)}`
  return new BtfError({ code: 'BTF_INFO', message, where: { offsetBytes }, got: shown, expected })
}

function need(at: number, length: number, end: number, id: number): void {
  if (at + length <= end) return
  throw new BtfError({
    code: 'BTF_TRUNCATED',
    message: `the types end inside type [${id}]`,
    where: { offsetBytes: at },
    got: `${end - at} bytes`,
    expected: `${length} bytes`,
  })
}

function checkIds(types: readonly BtfType[], places: readonly number[]): void {
  for (const type of types) {
    visitReferences(type, (typeId) => {
      if (typeId < types.length) return
      throw new BtfError({
        code: 'BTF_TYPE_ID',
        message: `${btfKindName(type.kind)} [${type.id}] names no type`,
        where: { offsetBytes: places[type.id] as number },
        got: `type ${typeId}`,
        expected: `below ${types.length}`,
      })
    })
  }
}
