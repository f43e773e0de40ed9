import fc from 'fast-check'
import { BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder, type BtfTypeDescription } from '../../src/index.ts'

const K = BTF_KIND

/** Few names, so that types share them. */
const NAMES = ['a', 'b', 'node', 'list_head', 'u32', '__Poly8_t', '__builtin_va_list', '__gnuc_va_list', 'unsigned int']
const INTS = [
  ['char', 1],
  ['short', 2],
  ['unsigned int', 4],
  ['long', 8],
  ['long unsigned int', 4],
  ['__int128', 16],
  ['__Poly64_t', 8],
] as const

/** Numbers that a type is made of; each is taken as far as it goes. */
type Draw = (below: number) => number

/** What a type is made of when it stands at `id` of `count` types. */
interface Place {
  readonly id: number
  readonly count: number
  readonly draw: Draw
  /** By id, bytes of a value; undefined for what has none, as functions. */
  readonly sizes: readonly (number | undefined)[]
}

const name = ({ draw }: Place): string => (draw(3) === 0 ? '' : (NAMES[draw(NAMES.length)] as string))
const named = ({ draw }: Place): string => NAMES[draw(NAMES.length)] as string
/** A type that stands before, or void. */
const before = ({ draw, id }: Place): number => draw(id)
/** One of those that has values; the first type is a number. */
const value = (place: Place): number => {
  const id = before(place)
  return place.sizes[id] === undefined ? 1 : id
}
/** Any type: what may be pointed to. */
const any = ({ draw, count }: Place): number => draw(count)
const item = (text: string, typeId: number): { name: string; typeId: number } => ({ name: text, typeId })

function int(place: Place): BtfTypeDescription {
  const [text, sizeBytes] = INTS[place.draw(INTS.length)] as (typeof INTS)[number]
  return {
    kind: K.INT,
    name: text,
    sizeBytes,
    encoding: place.draw(2),
    bitOffset: 0,
    bits: Math.min(sizeBytes * 8, 128),
  }
}

function composite(place: Place, kind: typeof K.STRUCT | typeof K.UNION): BtfTypeDescription {
  const { draw } = place
  const kindFlag = draw(2) === 0
  let atBits = 0
  const members = Array.from({ length: draw(6) }, (_, index) => {
    const typeId = value(place)
    const bitfieldBits = kindFlag && draw(2) === 0 ? 1 + draw(20) : 0
    const boundary = bitfieldBits === 0 ? 8 * [1, 1, 2, 4, 8, 8][draw(6)]! : 1
    const bitOffset = kind === K.UNION ? 0 : Math.ceil((atBits + (draw(3) === 0 ? draw(140) : 0)) / boundary) * boundary
    atBits = Math.max(atBits, bitOffset + (bitfieldBits || 8 * (place.sizes[typeId] ?? 0)))
    return { ...item(`m${index}`, typeId), bitOffset, bitfieldBits }
  })
  const sizeBytes = Math.ceil(atBits / 8) + [0, 0, 1, 3, 4, 8][draw(6)]!
  return { kind, name: name(place), sizeBytes: Math.ceil(sizeBytes / 4) * (draw(4) === 0 ? 1 : 4), kindFlag, members }
}

function enumeration(place: Place, kind: typeof K.ENUM | typeof K.ENUM64): BtfTypeDescription {
  const { draw } = place
  const signed = draw(2) === 0
  const values = Array.from({ length: draw(4) }, () => {
    const value = BigInt(draw(1000)) - (signed ? 500n : 0n)
    return { name: named(place), value: kind === K.ENUM64 && draw(2) === 0 ? value * 0x1_0000_0001n : value }
  })
  return { kind, name: name(place), sizeBytes: [1, 2, 4, 8][draw(4)] as number, signed, values }
}

function prototype(place: Place): BtfTypeDescription {
  const parameters = Array.from({ length: place.draw(4) }, (_, index) =>
    item(place.draw(2) === 0 ? '' : `p${index}`, before(place)),
  )
  return { kind: K.FUNC_PROTO, name: '', returnTypeId: before(place), parameters }
}

type Maker = (place: Place) => BtfTypeDescription

/** Each as often as it stands there. */
// biome-ignore format: table
const MAKERS: readonly Maker[] = [
  int,
  (at) => ({ kind: K.FLOAT, name: 'double', sizeBytes: [4, 8, 16][at.draw(3)] as number }),
  ...Array<Maker>(4).fill((at) => composite(at, K.STRUCT)),
  ...Array<Maker>(2).fill((at) => composite(at, K.UNION)),
  ...Array<Maker>(4).fill((at) => ({ kind: K.PTR, name: '', typeId: at.draw(3) === 0 ? any(at) : before(at) })),
  ...Array<Maker>(2).fill((at) => ({ kind: K.ARRAY, name: '', elementTypeId: value(at), indexTypeId: 1, length: at.draw(5) })),
  ...Array<Maker>(3).fill((at) => ({ kind: K.TYPEDEF, name: named(at), typeId: before(at) })),
  ...Array<Maker>(2).fill(prototype),
  (at) => enumeration(at, K.ENUM),
  (at) => enumeration(at, K.ENUM64),
  (at) => ({ kind: K.FWD, name: named(at), isUnion: at.draw(2) === 0 }),
  (at) => ({ kind: K.CONST, name: '', typeId: before(at) }),
  (at) => ({ kind: K.VOLATILE, name: '', typeId: before(at) }),
  (at) => ({ kind: K.RESTRICT, name: '', typeId: before(at) }),
  (at) => ({ kind: K.TYPE_TAG, name: 'rcu', typeId: before(at), attribute: false }),
]

/** Undefined for what has no values. */
function sizeOf(type: BtfTypeDescription, sizes: readonly (number | undefined)[]): number | undefined {
  if (type.kind === K.PTR) return 8
  if (type.kind === K.ARRAY) return (sizes[type.elementTypeId] ?? 0) * type.length
  if ('sizeBytes' in type) return type.sizeBytes
  return 'typeId' in type ? sizes[type.typeId] : undefined
}

/** Functions of all prototypes, of which programs may call some, and a variable: nothing points to these. */
function addDeclarations(builder: BtfBuilder, prototypes: readonly number[], draw: Draw): void {
  for (const typeId of prototypes) {
    const func = builder.add({ kind: K.FUNC, name: `f${typeId}`, typeId, linkage: BTF_LINKAGE.STATIC })
    const text = draw(3) === 0 ? 'other' : 'bpf_kfunc'
    builder.add({
      kind: K.DECL_TAG,
      name: text,
      typeId: func,
      componentIndex: draw(4) === 0 ? 0 : -1,
      attribute: false,
    })
  }
  builder.add({ kind: K.VAR, name: 'counter', typeId: 1, linkage: BTF_LINKAGE.GLOBAL })
}

function typesOf(numbers: readonly number[]): Btf {
  let next = 0
  const draw: Draw = (below) => (numbers[next++ % numbers.length] as number) % below
  const builder = new BtfBuilder()
  const sizes: (number | undefined)[] = [undefined]
  const prototypes: number[] = []
  const count = 4 + Math.floor(numbers.length / 8)
  for (let id = 1; id < count; id++) {
    const type = (id === 1 ? int : (MAKERS[draw(MAKERS.length)] as Maker))({ id, count, draw, sizes })
    builder.add(type)
    sizes.push(sizeOf(type, sizes))
    if (type.kind === K.FUNC_PROTO) prototypes.push(id)
  }
  addDeclarations(builder, prototypes, draw)
  return builder.build(draw(8) === 0 ? 'big' : 'little')
}

/** Type information as hardly a compiler would make it, but as bpftool reads it. */
export const randomTypes: fc.Arbitrary<Btf> = fc
  .array(fc.nat(0x7fffffff), { minLength: 30, maxLength: 400 })
  .map(typesOf)
