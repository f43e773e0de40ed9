import { describe, expect, test } from 'vitest'
import { everyKind } from '../fuzz/seed-types.ts'
import {
  BTF_KIND,
  type Btf,
  BtfBuilder,
  btfMapDefinitions,
  decodeBtf,
  describeType,
  formatTypeRaw,
} from '../src/index.ts'

const K = BTF_KIND

describe('a type', () => {
  const btf = decodeBtf(everyKind().encode())

  test('is found by name and kind', () => {
    expect(btf.find('node')?.kind).toBe(K.STRUCT)
    expect(btf.find('member', K.DECL_TAG)).toMatchObject({ componentIndex: 1 })
    expect(btf.find('node', K.UNION)).toBeUndefined()
    expect(btf.find('nobody')).toBeUndefined()
  })

  test('has the size that a compiler gives it', () => {
    const sizes = btf.types.map(({ id, kind }) => [kind, btf.sizeOf(id)] as const)
    const of = (kind: number): unknown => sizes.find(([other]) => other === kind)?.[1]
    expect(of(K.INT)).toBe(4)
    expect(of(K.PTR)).toBe(8)
    expect(of(K.ARRAY)).toBe(6)
    expect(btf.sizeOf(7)).toBe(12)
    expect(of(K.STRUCT)).toBe(40)
    expect(of(K.TYPEDEF)).toBe(40)
    expect(of(K.VAR)).toBe(40)
    expect(of(K.FLOAT)).toBe(8)
    for (const kind of [K.VOID, K.FWD, K.FUNC, K.FUNC_PROTO, K.DATASEC, K.DECL_TAG]) expect(of(kind)).toBeUndefined()
  })

  test('has members, also those of unnamed members', () => {
    const builder = new BtfBuilder()
    const int = builder.add({ kind: K.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
    const member = (name: string, typeId: number, bitOffset: number) => ({ name, typeId, bitOffset, bitfieldBits: 0 })
    const inner = builder.add({
      kind: K.STRUCT,
      name: '',
      sizeBytes: 8,
      kindFlag: false,
      members: [member('x', int, 0), member('y', int, 32)],
    })
    builder.add({
      kind: K.STRUCT,
      name: 'outer',
      sizeBytes: 12,
      kindFlag: false,
      members: [member('a', int, 0), member('', inner, 32)],
    })
    const built = builder.build()
    const outer = built.find('outer', K.STRUCT)
    if (outer === undefined) throw new Error('no struct')
    expect(built.member(outer, 'y')).toMatchObject({ bitOffset: 64, member: { name: 'y', bitOffset: 32 } })
    expect(built.member(outer, 'z')).toBeUndefined()
  })

  test('has a description', () => {
    expect(describeType(btf.type(0))).toBe('void')
    expect(describeType(btf.type(1))).toBe("INT 'unsigned int' [1]")
    expect(formatTypeRaw(btf, btf.type(8))).toBe("[8] FWD 'ahead' fwd_kind=union")
  })

  test('that is not there is an error', () => {
    expect(() => btf.type(1000)).toThrow(expect.objectContaining({ code: 'BTF_TYPE_ID', got: 'type 1000' }))
  })
})

test.each(['little', 'big'] as const)('what the builder makes decodes to the same types: %s-endian', (byteOrder) => {
  const built = everyKind(byteOrder)
  const decoded = decodeBtf(built.encode())
  expect(decoded.byteOrder).toBe(byteOrder)
  expect(decoded.types).toEqual(built.types)
  expect(new Set(decoded.types.map(({ kind }) => kind)).size).toBe(20)
})

describe('map definitions', () => {
  /** A `.maps` section of one map with the members given. */
  const declare = (members: (btf: BtfBuilder, int: number) => readonly [name: string, typeId: number][]): Btf => {
    const btf = new BtfBuilder()
    const int = btf.add({ kind: K.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
    const list = members(btf, int).map(([name, typeId], index) => ({
      name,
      typeId,
      bitOffset: index * 64,
      bitfieldBits: 0,
    }))
    const struct = btf.add({ kind: K.STRUCT, name: '', sizeBytes: list.length * 8, kindFlag: false, members: list })
    const variable = btf.add({ kind: K.VAR, name: 'table', typeId: struct, linkage: 1 })
    btf.add({
      kind: K.DATASEC,
      name: '.maps',
      sizeBytes: 0,
      entries: [{ typeId: variable, offsetBytes: 0, sizeBytes: 8 }],
    })
    return btf.build()
  }
  const array = (btf: BtfBuilder, elementTypeId: number, length: number): number =>
    btf.add({ kind: K.ARRAY, name: '', elementTypeId, indexTypeId: 1, length })
  const pointer = (btf: BtfBuilder, typeId: number): number => btf.add({ kind: K.PTR, name: '', typeId })
  const number = (btf: BtfBuilder, value: number): number => pointer(btf, array(btf, 1, value))

  test('numbers are lengths of arrays, types are pointed to', () => {
    const btf = declare((b, int) => [
      ['type', number(b, 1)],
      ['max_entries', number(b, 1 << 24)],
      ['key', pointer(b, int)],
      ['value', pointer(b, array(b, int, 6))],
      ['map_flags', number(b, 1)],
      ['pinning', number(b, 1)],
    ])
    expect(btfMapDefinitions(btf)).toMatchObject([
      {
        name: 'table',
        type: 1,
        maxEntries: 1 << 24,
        keySizeBytes: 4,
        valueSizeBytes: 24,
        keyTypeId: 1,
        flags: 1,
        pinning: 1,
      },
    ])
  })

  test('a 64-bit number is the value of an enum', () => {
    const btf = declare((b) => [
      ['type', number(b, 30)],
      [
        'map_extra',
        b.add({
          kind: K.ENUM64,
          name: '',
          sizeBytes: 8,
          signed: false,
          values: [{ name: '__unique_value0', value: 5n }],
        }),
      ],
    ])
    expect(btfMapDefinitions(btf)[0]?.mapExtra).toBe(5)
  })

  test('there are none without a .maps section', () => {
    expect(btfMapDefinitions(everyKind())).toEqual([])
  })

  test.each<[string, string, (btf: BtfBuilder, int: number) => readonly [string, number][]]>([
    [
      'an unknown member',
      'has an unknown member',
      (b) => [
        ['type', number(b, 1)],
        ['colour', number(b, 1)],
      ],
    ],
    ['no type', "has no member 'type'", (b) => [['max_entries', number(b, 1)]]],
    ['a number that is none', 'is no number', (b, int) => [['type', pointer(b, int)]]],
    [
      'a key that is no pointer',
      'is no pointer',
      (b, int) => [
        ['type', number(b, 1)],
        ['key', int],
      ],
    ],
    [
      'a key without a size',
      'without a size',
      (b) => [
        ['type', number(b, 1)],
        ['key', pointer(b, 0)],
      ],
    ],
    [
      'two sizes',
      'two sizes',
      (b, int) => [
        ['type', number(b, 1)],
        ['key_size', number(b, 8)],
        ['key', pointer(b, int)],
      ],
    ],
    [
      'an unknown pinning',
      'unknown pinning',
      (b) => [
        ['type', number(b, 1)],
        ['pinning', number(b, 2)],
      ],
    ],
    [
      'values of a fixed length',
      'no open array',
      (b, int) => [
        ['type', number(b, 12)],
        ['values', array(b, pointer(b, int), 2)],
      ],
    ],
    [
      'values that are no maps',
      'no maps',
      (b, int) => [
        ['type', number(b, 12)],
        ['values', array(b, pointer(b, int), 0)],
      ],
    ],
    [
      'values that are no functions',
      'no functions',
      (b, int) => [
        ['type', number(b, 3)],
        ['values', array(b, pointer(b, int), 0)],
      ],
    ],
  ])('%s is an error that names the map', (_what, message, members) => {
    const error = {
      code: 'BTF_MAP_DEFINITION',
      message: expect.stringContaining(message),
      where: { section: '.maps', map: 'table' },
    }
    expect(() => btfMapDefinitions(declare(members))).toThrow(expect.objectContaining(error))
  })
})
