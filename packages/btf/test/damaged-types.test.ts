import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as btfTarget from '../fuzz/btf.fuzz.ts'
import * as extTarget from '../fuzz/btf-ext.fuzz.ts'
import { everyKind, extSection } from '../fuzz/seed-types.ts'
import { BTF_KIND, BtfBuilder, BtfError, checkBtf, decodeBtf, decodeBtfExt } from '../src/index.ts'

const HEADER = 24
type Damage = (view: DataView) => void

const headers: readonly [what: string, code: string, offsetBytes: number, damage: Damage][] = [
  ['no magic', 'BTF_HEADER', 0, (v) => v.setUint16(0, 0x1234, true)],
  ['another version', 'BTF_HEADER', 2, (v) => v.setUint8(2, 2)],
  ['flags', 'BTF_HEADER', 3, (v) => v.setUint8(3, 1)],
  ['a header too short', 'BTF_HEADER', 4, (v) => v.setUint32(4, 20, true)],
  ['a header longer than the data', 'BTF_TRUNCATED', 4, (v) => v.setUint32(4, 1 << 20, true)],
  ['a header of a newer format', 'BTF_HEADER', 24, (v) => v.setUint32(4, 32, true)],
  ['a gap before the types', 'BTF_SECTION_BOUNDS', 8, (v) => v.setUint32(8, 4, true)],
  ['strings inside the types', 'BTF_SECTION_BOUNDS', 16, (v) => v.setUint32(16, 8, true)],
  ['more strings than data', 'BTF_SECTION_BOUNDS', 20, (v) => v.setUint32(20, 0xffffffff, true)],
  ['types of 4 GiB', 'BTF_SECTION_BOUNDS', 16, (v) => v.setUint32(12, 0xfffffffc, true)],
  [
    'strings that are not terminated',
    'BTF_STRING',
    everyKind().encode().length - everyKind().strings.bytes.length,
    (v) => v.setUint8(v.byteLength - 1, 65),
  ],
  ['kind 0', 'BTF_KIND', HEADER + 4, (v) => v.setUint32(HEADER + 4, 0, true)],
  ['kind 20', 'BTF_KIND', HEADER + 4, (v) => v.setUint32(HEADER + 4, 20 << 24, true)],
  ['reserved bits', 'BTF_INFO', HEADER + 4, (v) => v.setUint32(HEADER + 4, 0x41000000, true)],
  ['an integer with a count', 'BTF_INFO', HEADER + 4, (v) => v.setUint32(HEADER + 4, 0x01000001, true)],
  ['an integer with the kind flag', 'BTF_INFO', HEADER + 4, (v) => v.setUint32(HEADER + 4, 0x81000000, true)],
  ['a name out of range', 'BTF_STRING', HEADER, (v) => v.setUint32(HEADER, 1 << 20, true)],
  ['65535 members in a few bytes', 'BTF_TRUNCATED', HEADER, (v) => v.setUint32(HEADER + 4, 0x0400ffff, true)],
  ['a type that is not there', 'BTF_TYPE_ID', HEADER + 5 * 16, (v) => v.setUint32(HEADER + 5 * 16 + 12, 999, true)],
]

describe('damaged types are one located error', () => {
  test.each(headers)('%s', (_what, code, offsetBytes, damage) => {
    const bytes = everyKind().encode()
    damage(new DataView(bytes.buffer))
    expect(() => decodeBtf(bytes)).toThrow(BtfError)
    expect(() => decodeBtf(bytes)).toThrow(
      expect.objectContaining({ code, where: expect.objectContaining({ offsetBytes }) }),
    )
  })

  test('every prefix is refused', () => {
    const bytes = everyKind().encode()
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeBtf(bytes.subarray(0, length))).toThrow(BtfError)
  })
})

describe('types that contain themselves', () => {
  const build = (describeTypes: (btf: BtfBuilder) => void): Uint8Array => {
    const btf = new BtfBuilder()
    describeTypes(btf)
    return btf.build().encode()
  }
  const K = BTF_KIND
  const member = (typeId: number) => ({ name: 'm', typeId, bitOffset: 0, bitfieldBits: 0 })
  const struct = (btf: BtfBuilder, typeId: number): number =>
    btf.add({ kind: K.STRUCT, name: 's', sizeBytes: 8, kindFlag: false, members: [member(typeId)] })
  const array = (btf: BtfBuilder, elementTypeId: number, indexTypeId: number): number =>
    btf.add({ kind: K.ARRAY, name: '', elementTypeId, indexTypeId, length: 1 })

  test.each<[string, (btf: BtfBuilder) => void]>([
    ['a struct in itself', (btf) => void struct(btf, 1)],
    [
      'two structs in each other',
      (btf) => {
        struct(btf, 2)
        struct(btf, 1)
      },
    ],
    ['a typedef of itself', (btf) => void btf.add({ kind: K.TYPEDEF, name: 't', typeId: 1 })],
    [
      'const of volatile of const',
      (btf) => {
        btf.add({ kind: K.CONST, name: '', typeId: 2 })
        btf.add({ kind: K.VOLATILE, name: '', typeId: 1 })
      },
    ],
    ['a pointer to itself', (btf) => void btf.add({ kind: K.PTR, name: '', typeId: 1 })],
    ['an array of itself', (btf) => void array(btf, 1, 1)],
    [
      'a struct in an array of it',
      (btf) => {
        struct(btf, 2)
        array(btf, 1, 3)
        btf.add({ kind: K.INT, name: 'int', sizeBytes: 4, encoding: 0, bitOffset: 0, bits: 32 })
      },
    ],
  ])('%s', (_what, describeTypes) => {
    expect(() => decodeBtf(build(describeTypes))).toThrow(expect.objectContaining({ code: 'BTF_CYCLE' }))
  })

  test('a list is none: the pointer ends it', () => {
    const bytes = build((btf) => {
      struct(btf, 2)
      btf.add({ kind: K.PTR, name: '', typeId: 1 })
    })
    checkBtf(decodeBtf(bytes))
  })

  test('a chain of 100,000 types needs no stack, and following it is bounded', () => {
    const bytes = build((btf) => {
      for (let id = 1; id < 100_000; id++) btf.add({ kind: K.CONST, name: '', typeId: id + 1 })
      btf.add({ kind: K.INT, name: 'int', sizeBytes: 4, encoding: 0, bitOffset: 0, bits: 32 })
    })
    const btf = decodeBtf(bytes)
    expect(() => btf.resolve(1)).toThrow(expect.objectContaining({ code: 'BTF_CYCLE' }))
    expect(btf.resolve(99_990)).toMatchObject({ kind: K.INT })
    expect(() => checkBtf(btf)).toThrow(expect.objectContaining({ code: 'BTF_CYCLE' }))
  })

  test('a diamond of anonymous structs, 2^40 paths deep, is searched once', () => {
    const bytes = build((btf) => {
      const members = (typeId: number) => [0, 1].map(() => ({ name: '', typeId, bitOffset: 0, bitfieldBits: 0 }))
      for (let id = 1; id <= 40; id++)
        btf.add({ kind: K.UNION, name: '', sizeBytes: 4, kindFlag: false, members: members(id + 1) })
      btf.add({ kind: K.STRUCT, name: '', sizeBytes: 4, kindFlag: false, members: [] })
    })
    const btf = decodeBtf(bytes)
    const top = btf.type(1)
    if (top.kind !== K.UNION) throw new Error('no union')
    expect(btf.member(top, 'missing')).toBeUndefined()
  })
})

test('names that share one long string do not cost quadratic time', () => {
  const btf = new BtfBuilder()
  const long = btf.addString('x'.repeat(100_000))
  for (let index = 0; index < 2000; index++) btf.add({ kind: BTF_KIND.FLOAT, name: `f${index}`, sizeBytes: 4 })
  const bytes = btf.build().encode()
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < 2000; index++) view.setUint32(HEADER + index * 12, long + index, true)
  expect(() => decodeBtf(bytes)).toThrow(expect.objectContaining({ code: 'BTF_STRING' }))
})

describe('.BTF.ext', () => {
  const types = everyKind()

  test.each(['little', 'big'] as const)('records of a %s-endian section', (byteOrder) => {
    const ext = decodeBtfExt(extSection(everyKind(byteOrder)), types)
    expect([...ext]).toEqual([
      [
        'unsigned int',
        {
          functions: [{ pc: 0, typeId: 26 }],
          lines: [
            { pc: 0, file: 'unsigned int', text: 'unsigned int', line: 3, column: 4 },
            { pc: 1, file: 'unsigned int', text: 'unsigned int', line: 5, column: 0 },
          ],
          coreRelocations: [{ pc: 1, typeId: 14, access: 'unsigned int', kind: 0 }],
        },
      ],
    ])
  })

  const table = 32
  test.each<[string, string, number, Damage]>([
    ['no magic', 'BTF_HEADER', 0, (v) => v.setUint8(0, 0)],
    ['a header longer than the data', 'BTF_TRUNCATED', 4, (v) => v.setUint32(4, 4096, true)],
    ['a table past the end', 'BTF_SECTION_BOUNDS', 8, (v) => v.setUint32(12, 4096, true)],
    ['records too small', 'BTF_HEADER', table, (v) => v.setUint32(table, 4, true)],
    ['records of an odd size', 'BTF_HEADER', table, (v) => v.setUint32(table, 9, true)],
    ['2^32 records', 'BTF_TRUNCATED', table + 12, (v) => v.setUint32(table + 8, 0xffffffff, true)],
    ['a section name out of range', 'BTF_STRING', table + 4, (v) => v.setUint32(table + 4, 1 << 20, true)],
    ['the middle of an instruction', 'BTF_SECTION_BOUNDS', table + 12, (v) => v.setUint32(table + 12, 4, true)],
  ])('%s is one located error', (_what, code, offsetBytes, damage) => {
    const bytes = extSection(types)
    damage(new DataView(bytes.buffer))
    expect(() => decodeBtfExt(bytes, types)).toThrow(expect.objectContaining({ code, where: { offsetBytes } }))
  })
})

test.each([
  ['btf', btfTarget],
  ['btf-ext', extTarget],
])('any change of any bytes decodes to what encodes back, or is a BtfError: %s', (_name, target) => {
  const [little, big] = target.seeds() as [Uint8Array, Uint8Array]
  const change = fc.tuple(fc.nat(little.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 5 }), (isBig, changes) => {
      const bytes = (isBig ? big : little).slice()
      for (const [at, value] of changes) bytes[at] = value
      target.fuzzOnce(bytes)
    }),
    { numRuns: 2000 },
  )
})
