import { BTF_KIND } from './btf-kind.ts'
import type {
  BtfArray,
  BtfComposite,
  BtfDatasec,
  BtfDeclTag,
  BtfEnum,
  BtfFloat,
  BtfFunc,
  BtfFuncProto,
  BtfFwd,
  BtfInt,
  BtfModifier,
  BtfPtr,
  BtfType,
  BtfTypeTag,
  BtfVar,
} from './btf-type.ts'

/** Bytes of a struct btf_type, before what its kind adds. */
export const TYPE_BYTES = 12

/** A struct btf_type as written, and how to read what follows it. */
export interface RawType {
  readonly id: number
  readonly name: string
  readonly nameOffset: number
  readonly kind: number
  readonly vlen: number
  readonly kindFlag: boolean
  /** The third word: a size, or a type id. */
  readonly sizeOrType: number
  /** Word `index` of what follows the struct. */
  word(index: number): number
  /** The string whose offset is word `index` of what follows. */
  string(index: number): string
}

/** The words of one type, written in order. */
export type WordSink = (word: number) => void

/**
 * How one kind is laid out.
 *
 * ```
 *   name_off (32)   kind_flag (1) 0 (2) kind (5) 0 (8) vlen (16)   size or type (32)   words that the kind adds ...
 * ```
 */
export interface KindCodec<T extends BtfType = BtfType> {
  /** 32-bit words that follow struct btf_type: for the whole, and for each of its vlen items. */
  readonly fixedWords: number
  readonly itemWords: number
  /** vlen may be other than 0. */
  readonly hasVlen: boolean
  readonly hasKindFlag: boolean
  /** The third word is not used, and 0. */
  readonly thirdIsZero?: boolean
  decode(raw: RawType): T
  vlen(type: T): number
  kindFlag(type: T): boolean
  sizeOrType(type: T): number
  encode(type: T, sink: WordSink): void
}

const none = (): number => 0
const no = (): boolean => false
const nothing = (): void => {}
const head = ({ id, name, nameOffset }: RawType): { id: number; name: string; nameOffset: number } => ({
  id,
  name,
  nameOffset,
})
const PLAIN = {
  fixedWords: 0,
  itemWords: 0,
  hasVlen: false,
  hasKindFlag: false,
  vlen: none,
  kindFlag: no,
  encode: nothing,
}

/** `count` items of `words` words each. */
function items<T>(raw: RawType, words: number, make: (at: number) => T): T[] {
  return Array.from({ length: raw.vlen }, (_, index) => make(index * words))
}

const int: KindCodec<BtfInt> = {
  ...PLAIN,
  fixedWords: 1,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.INT,
    sizeBytes: raw.sizeOrType,
    encoding: raw.word(0) >>> 24,
    bitOffset: (raw.word(0) >>> 16) & 0xff,
    bits: raw.word(0) & 0xff,
  }),
  sizeOrType: ({ sizeBytes }) => sizeBytes,
  encode: ({ encoding, bitOffset, bits }, sink) => sink((encoding << 24) | (bitOffset << 16) | bits),
}

function reference<K extends (BtfPtr | BtfModifier)['kind']>(kind: K): KindCodec<BtfPtr | BtfModifier> {
  return {
    ...PLAIN,
    decode: (raw) => ({ ...head(raw), kind, typeId: raw.sizeOrType }) as BtfPtr | BtfModifier,
    sizeOrType: ({ typeId }) => typeId,
  }
}

const typeTag: KindCodec<BtfTypeTag> = {
  ...PLAIN,
  hasKindFlag: true,
  decode: (raw) => ({ ...head(raw), kind: BTF_KIND.TYPE_TAG, typeId: raw.sizeOrType, attribute: raw.kindFlag }),
  kindFlag: ({ attribute }) => attribute,
  sizeOrType: ({ typeId }) => typeId,
}

const array: KindCodec<BtfArray> = {
  ...PLAIN,
  fixedWords: 3,
  thirdIsZero: true,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.ARRAY,
    elementTypeId: raw.word(0),
    indexTypeId: raw.word(1),
    length: raw.word(2),
  }),
  sizeOrType: none,
  encode: ({ elementTypeId, indexTypeId, length }, sink) => {
    sink(elementTypeId)
    sink(indexTypeId)
    sink(length)
  },
}

function composite(kind: BtfComposite['kind']): KindCodec<BtfComposite> {
  return {
    fixedWords: 0,
    itemWords: 3,
    hasVlen: true,
    hasKindFlag: true,
    decode: (raw) => ({
      ...head(raw),
      kind,
      sizeBytes: raw.sizeOrType,
      kindFlag: raw.kindFlag,
      members: items(raw, 3, (at) => ({
        name: raw.string(at),
        nameOffset: raw.word(at),
        typeId: raw.word(at + 1),
        bitOffset: raw.kindFlag ? raw.word(at + 2) & 0xffffff : raw.word(at + 2),
        bitfieldBits: raw.kindFlag ? raw.word(at + 2) >>> 24 : 0,
      })),
    }),
    vlen: ({ members }) => members.length,
    kindFlag: (type) => type.kindFlag,
    sizeOrType: ({ sizeBytes }) => sizeBytes,
    encode: ({ members, kindFlag }, sink) => {
      for (const { nameOffset, typeId, bitOffset, bitfieldBits } of members) {
        sink(nameOffset)
        sink(typeId)
        sink(kindFlag ? (bitfieldBits << 24) | bitOffset : bitOffset)
      }
    },
  }
}

const enum32: KindCodec<BtfEnum> = {
  fixedWords: 0,
  itemWords: 2,
  hasVlen: true,
  hasKindFlag: true,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.ENUM,
    sizeBytes: raw.sizeOrType,
    signed: raw.kindFlag,
    values: items(raw, 2, (at) => ({
      name: raw.string(at),
      nameOffset: raw.word(at),
      value: BigInt(raw.kindFlag ? raw.word(at + 1) | 0 : raw.word(at + 1)),
    })),
  }),
  vlen: ({ values }) => values.length,
  kindFlag: ({ signed }) => signed,
  sizeOrType: ({ sizeBytes }) => sizeBytes,
  encode: ({ values }, sink) => {
    for (const { nameOffset, value } of values) {
      sink(nameOffset)
      sink(Number(BigInt.asUintN(32, value)))
    }
  },
}

const enum64: KindCodec<BtfEnum> = {
  ...enum32,
  itemWords: 3,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.ENUM64,
    sizeBytes: raw.sizeOrType,
    signed: raw.kindFlag,
    values: items(raw, 3, (at) => {
      // The low half comes first in either byte order.
      const value = (BigInt(raw.word(at + 2)) << 32n) | BigInt(raw.word(at + 1))
      return {
        name: raw.string(at),
        nameOffset: raw.word(at),
        value: raw.kindFlag ? BigInt.asIntN(64, value) : value,
      }
    }),
  }),
  encode: ({ values }, sink) => {
    for (const { nameOffset, value } of values) {
      sink(nameOffset)
      sink(Number(BigInt.asUintN(32, value)))
      sink(Number(BigInt.asUintN(32, value >> 32n)))
    }
  },
}

const fwd: KindCodec<BtfFwd> = {
  ...PLAIN,
  hasKindFlag: true,
  thirdIsZero: true,
  decode: (raw) => ({ ...head(raw), kind: BTF_KIND.FWD, isUnion: raw.kindFlag }),
  kindFlag: ({ isUnion }) => isUnion,
  sizeOrType: none,
}

const func: KindCodec<BtfFunc> = {
  ...PLAIN,
  hasVlen: true,
  decode: (raw) => ({ ...head(raw), kind: BTF_KIND.FUNC, typeId: raw.sizeOrType, linkage: raw.vlen }),
  vlen: ({ linkage }) => linkage,
  sizeOrType: ({ typeId }) => typeId,
}

const funcProto: KindCodec<BtfFuncProto> = {
  ...PLAIN,
  itemWords: 2,
  hasVlen: true,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.FUNC_PROTO,
    returnTypeId: raw.sizeOrType,
    parameters: items(raw, 2, (at) => ({ name: raw.string(at), nameOffset: raw.word(at), typeId: raw.word(at + 1) })),
  }),
  vlen: ({ parameters }) => parameters.length,
  sizeOrType: ({ returnTypeId }) => returnTypeId,
  encode: ({ parameters }, sink) => {
    for (const { nameOffset, typeId } of parameters) {
      sink(nameOffset)
      sink(typeId)
    }
  },
}

const variable: KindCodec<BtfVar> = {
  ...PLAIN,
  fixedWords: 1,
  decode: (raw) => ({ ...head(raw), kind: BTF_KIND.VAR, typeId: raw.sizeOrType, linkage: raw.word(0) }),
  sizeOrType: ({ typeId }) => typeId,
  encode: ({ linkage }, sink) => sink(linkage),
}

const datasec: KindCodec<BtfDatasec> = {
  ...PLAIN,
  itemWords: 3,
  hasVlen: true,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.DATASEC,
    sizeBytes: raw.sizeOrType,
    entries: items(raw, 3, (at) => ({
      typeId: raw.word(at),
      offsetBytes: raw.word(at + 1),
      sizeBytes: raw.word(at + 2),
    })),
  }),
  vlen: ({ entries }) => entries.length,
  sizeOrType: ({ sizeBytes }) => sizeBytes,
  encode: ({ entries }, sink) => {
    for (const { typeId, offsetBytes, sizeBytes } of entries) {
      sink(typeId)
      sink(offsetBytes)
      sink(sizeBytes)
    }
  },
}

const float: KindCodec<BtfFloat> = {
  ...PLAIN,
  decode: (raw) => ({ ...head(raw), kind: BTF_KIND.FLOAT, sizeBytes: raw.sizeOrType }),
  sizeOrType: ({ sizeBytes }) => sizeBytes,
}

const declTag: KindCodec<BtfDeclTag> = {
  ...PLAIN,
  fixedWords: 1,
  hasKindFlag: true,
  decode: (raw) => ({
    ...head(raw),
    kind: BTF_KIND.DECL_TAG,
    typeId: raw.sizeOrType,
    componentIndex: raw.word(0) | 0,
    attribute: raw.kindFlag,
  }),
  kindFlag: ({ attribute }) => attribute,
  sizeOrType: ({ typeId }) => typeId,
  encode: ({ componentIndex }, sink) => sink(componentIndex >>> 0),
}

/** By kind; undefined for `void`, which is never written. */
export const KIND_CODECS: readonly (KindCodec | undefined)[] = [
  undefined,
  int,
  reference(BTF_KIND.PTR),
  array,
  composite(BTF_KIND.STRUCT),
  composite(BTF_KIND.UNION),
  enum32,
  fwd,
  reference(BTF_KIND.TYPEDEF),
  reference(BTF_KIND.VOLATILE),
  reference(BTF_KIND.CONST),
  reference(BTF_KIND.RESTRICT),
  func,
  funcProto,
  variable,
  datasec,
  float,
  declTag,
  typeTag,
  enum64,
] as readonly (KindCodec | undefined)[]
