import fc from 'fast-check'
import { BTF_INT_ENCODING, BTF_KIND, type BtfBuilder, type BtfMember } from '../src/index.ts'

/** Adds a type and gives its id. */
export type Description = (builder: BtfBuilder) => number

const { SIGNED, BOOL } = BTF_INT_ENCODING

// biome-ignore format: table
const INTS: readonly (readonly [name: string, sizeBytes: number, encoding: number])[] = [
  ['unsigned char', 1, 0], ['signed char', 1, SIGNED], ['_Bool', 1, BOOL],
  ['unsigned short', 2, 0], ['short', 2, SIGNED], ['unsigned int', 4, 0], ['int', 4, SIGNED],
  ['unsigned long long', 8, 0], ['long long', 8, SIGNED], ['__int128', 16, SIGNED],
]

function int([name, sizeBytes, encoding]: (typeof INTS)[number]): Description {
  return (builder) => builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: sizeBytes * 8 })
}

const intArbitrary = fc.constantFrom(...INTS).map(int)

const bigEndian = fc.constantFrom(['__be16', 2], ['__be32', 4], ['__be64', 8]).map(
  ([name, sizeBytes]): Description =>
    (builder) => {
      const typeId = int(['unsigned', sizeBytes as number, 0])(builder)
      return builder.add({ kind: BTF_KIND.TYPEDEF, name: name as string, typeId })
    },
)

const enumArbitrary = fc.record({ signed: fc.boolean(), wide: fc.boolean() }).map(
  ({ signed, wide }): Description =>
    (builder) =>
      builder.add({
        kind: wide ? BTF_KIND.ENUM64 : BTF_KIND.ENUM,
        ...{ name: 'mode', sizeBytes: wide ? 8 : 4, signed },
        values: [
          { name: 'FIRST', value: 0n },
          { name: 'LAST', value: signed ? -1n : 7n },
        ],
      }),
)

const pointer: Description = (builder) => builder.add({ kind: BTF_KIND.PTR, name: '', typeId: 0 })
const character: Description = int(['char', 1, SIGNED])

const scalar = fc.oneof(intArbitrary, bigEndian, enumArbitrary, fc.constant(pointer), fc.constant(character))

function array(element: Description, length: number): Description {
  return (builder) => {
    const indexTypeId = int(['unsigned int', 4, 0])(builder)
    const elementTypeId = element(builder)
    return builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId, indexTypeId, length })
  }
}

interface Piece {
  readonly type: Description
  readonly gap: number
  readonly isAnonymous: boolean
  /** Bits of a bit-field, as far as the type has them; 0 for none. */
  readonly bits: number
}

/** Members one after the other, or all at the start, with gaps between them. */
function composite(pieces: readonly Piece[], isUnion: boolean): Description {
  return (builder) => {
    const ids = pieces.map(({ type }) => type(builder))
    const sizes = builder.build()
    const members: Omit<BtfMember, 'nameOffset'>[] = []
    let [at, end] = [0, 0]
    for (const [index, { gap, isAnonymous, bits }] of pieces.entries()) {
      const typeId = ids[index] as number
      const type = sizes.resolve(typeId)
      const sizeBits = (sizes.sizeOf(typeId) ?? 0) * 8
      const isNumber = type.kind === BTF_KIND.INT || type.kind === BTF_KIND.ENUM
      const bitfieldBits =
        isNumber && bits > 0 && !sizes.type(typeId).name.startsWith('__be') ? Math.min(bits, sizeBits) : 0
      const bitOffset = isUnion ? 0 : bitfieldBits > 0 ? at : Math.ceil(at / 8) * 8 + gap * 8
      const isInner = isAnonymous && (type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION)
      // Names of all members differ, whatever is dissolved in what.
      members.push({ name: isInner ? '' : `m${builder.nextId}_${index}`, typeId, bitOffset, bitfieldBits })
      at = bitOffset + (bitfieldBits || sizeBits)
      end = Math.max(end, at)
    }
    const kind = isUnion ? BTF_KIND.UNION : BTF_KIND.STRUCT
    return builder.add({ kind, name: 'thing', sizeBytes: Math.ceil(end / 8) + 1, kindFlag: true, members })
  }
}

/** Any type that has values, a few levels deep. */
export const typeArbitrary: fc.Arbitrary<Description> = fc.letrec<{ type: Description; composite: Description }>(
  (tie) => ({
    type: fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalar, tie('composite')),
    composite: fc.oneof(
      fc
        .tuple(fc.oneof(scalar, tie('type')), fc.integer({ min: 1, max: 5 }))
        .map(([one, length]) => array(one, length)),
      fc
        .tuple(
          fc.array(
            fc.record({
              type: tie('type'),
              gap: fc.nat(3),
              isAnonymous: fc.boolean(),
              bits: fc.oneof(fc.constant(0), fc.nat(40)),
            }),
            { minLength: 1, maxLength: 5 },
          ),
          fc.boolean(),
        )
        .map(([pieces, isUnion]) => composite(pieces, isUnion)),
    ),
  }),
).composite

/** Bytes that depend on where they are, some of them 0. */
export function byteWith(seed: readonly number[], at: number): number {
  const byte = seed[at % seed.length] ?? 0
  return at % 5 === 3 ? 0 : byte ^ (at >>> 3)
}
