import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BTF_INT_ENCODING,
  BTF_KIND,
  type Btf,
  BtfBuilder,
  BtfError,
  type BtfMember,
  type BtfValue,
  decodeValue,
  encodeValue,
  typedCodec,
  type ValueShape,
  ValueShapes,
} from '../src/index.ts'
import { byteWith, type Description, typeArbitrary } from './generated-types.ts'

const { SIGNED, BOOL } = BTF_INT_ENCODING

function codecOf(btf: Btf, typeId: number) {
  const shape = new ValueShapes(btf).of(typeId)
  if (shape === undefined) throw new Error('a type without values')
  return { shape, codec: typedCodec<unknown>(shape) }
}

/** The same value in the words of {@link encodeValue}, which has others for numbers, enumerators and text. */
function plain(shape: ValueShape, value: unknown): BtfValue {
  if (shape.kind === 'composite') {
    const members = shape.members.map((member) => {
      const own = (value as Record<string, unknown>)[member.name]
      return [member.name, plain(member.shape, own)] as const
    })
    return Object.fromEntries(members)
  }
  if (shape.kind === 'array') return (value as unknown[]).map((one) => plain(shape.element, one))
  if (shape.kind === 'text' && typeof value === 'string') {
    const bytes = new Uint8Array(shape.sizeBytes)
    bytes.set(new TextEncoder().encode(value))
    return bytes
  }
  return value as BtfValue
}

/** What {@link decodeValue} says, in the words of the shape. */
function said(shape: ValueShape, value: BtfValue): unknown {
  switch (shape.kind) {
    case 'composite': {
      const all = value as Record<string, BtfValue>
      const own = shape.members.map((m) => [m.name, said(m.shape, all[m.name] as BtfValue)] as const)
      return Object.fromEntries(own)
    }
    case 'array':
      return (value as BtfValue[]).map((one) => said(shape.element, one))
    case 'bytes':
      return Array.isArray(value) ? Uint8Array.from(value as number[]) : value
    case 'text':
      return value
    case 'boolean':
      return typeof value === 'boolean' ? value : Number(value) !== 0
    case 'float':
      return value
    default: {
      const named = shape.enumeration?.values.find(({ name }) => name === value)?.value
      const number = named ?? BigInt(value as number | bigint)
      return shape.kind === 'bigint' ? number : Number(number)
    }
  }
}

/** Text that is none is bytes in the one, and cut at its first zero in the other. */
function comparable(shape: ValueShape, value: unknown): unknown {
  if (shape.kind === 'text') {
    if (typeof value === 'string') return value
    const bytes = value as Uint8Array
    const end = bytes.indexOf(0)
    return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end))
  }
  if (shape.kind === 'array') return (value as unknown[]).map((one) => comparable(shape.element, one))
  if (shape.kind !== 'composite') return value
  const all = value as Record<string, unknown>
  return Object.fromEntries(shape.members.map((m) => [m.name, comparable(m.shape, all[m.name])]))
}

/** Of a union, 2 as a boolean is true, which encodeValue writes as 1 over what others say. */
function hasBooleanAlternative(shape: ValueShape, isAlternative = false): boolean {
  if (shape.kind === 'array') return hasBooleanAlternative(shape.element, isAlternative)
  if (shape.kind !== 'composite') return isAlternative && shape.kind === 'boolean'
  return shape.members.some((m) => hasBooleanAlternative(m.shape, isAlternative || m.isAlternative))
}

describe('values of generated types', () => {
  const types = fc.record({ type: typeArbitrary, seed: fc.array(fc.nat(255), { minLength: 1, maxLength: 64 }) })
  const each = (byteOrder: 'little' | 'big', judge: (btf: Btf, id: number, bytes: Uint8Array) => void) =>
    fc.assert(
      fc.property(types, ({ type, seed }: { type: Description; seed: number[] }) => {
        const builder = new BtfBuilder()
        const id = type(builder)
        const btf = builder.build(byteOrder)
        judge(
          btf,
          id,
          Uint8Array.from({ length: btf.sizeOf(id) ?? 0 }, (_, at) => byteWith(seed, at)),
        )
      }),
      { numRuns: 400 },
    )

  test.each(['little', 'big'] as const)('%s-endian, are read as decodeValue reads them', (byteOrder) => {
    each(byteOrder, (btf, id, bytes) => {
      const { shape, codec } = codecOf(btf, id)
      const typed = codec.decode(bytes)
      const known = said(shape, decodeValue(btf, id, bytes))
      expect(comparable(shape, typed)).toEqual(comparable(shape, known))
    })
  })

  test.each(['little', 'big'] as const)('%s-endian, are written as encodeValue writes them', (byteOrder) => {
    each(byteOrder, (btf, id, bytes) => {
      const { shape, codec } = codecOf(btf, id)
      const typed = codec.decode(bytes)
      const written = codec.encode(typed)
      if (!hasBooleanAlternative(shape)) expect(written).toEqual(encodeValue(btf, id, plain(shape, typed)))
      expect(codec.decode(written)).toEqual(typed)
    })
  })
})

describe('a value', () => {
  const builder = new BtfBuilder()
  const int = (name: string, sizeBytes: number, encoding = 0): number =>
    builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits: sizeBytes * 8 })
  const u32 = int('unsigned int', 4)
  const u8 = int('unsigned char', 1)
  const char = int('char', 1, SIGNED)
  const bool = int('_Bool', 1, BOOL)
  const u64 = int('unsigned long long', 8)
  const array = (elementTypeId: number, length: number): number =>
    builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId, indexTypeId: u32, length })
  type Member = Omit<BtfMember, 'nameOffset'>
  const member = (name: string, typeId: number, byte: number): Member => ({
    ...{ name, typeId, bitOffset: byte * 8, bitfieldBits: 0 },
  })
  const composite = (kind: typeof BTF_KIND.STRUCT | typeof BTF_KIND.UNION, sizeBytes: number, members: Member[]) =>
    builder.add({ kind, name: 'thing', sizeBytes, kindFlag: false, members })
  const address = composite(BTF_KIND.UNION, 16, [member('v4', u32, 0), member('v6', array(u8, 16), 0)])
  const padded = composite(BTF_KIND.STRUCT, 16, [member('flag', bool, 0), member('count', u64, 8)])
  const named = composite(BTF_KIND.STRUCT, 8, [member('__proto__', u32, 0), member('constructor', u32, 4)])
  const outside = composite(BTF_KIND.STRUCT, 4, [member('far', u64, 0)])
  const text = array(char, 8)
  const empties = [composite(BTF_KIND.UNION, 1, [member('a', u8, 0), member('b', u8, 0)])]
  for (let level = 0; level < 60; level++) {
    const inner = empties.at(-1) as number
    empties.push(composite(BTF_KIND.UNION, 1, [member('a', inner, 0), member('b', inner, 0)]))
  }
  const btf = builder.build()
  const encode = (typeId: number, value: unknown): Uint8Array => codecOf(btf, typeId).codec.encode(value)
  const decode = (typeId: number, bytes: Uint8Array): unknown => codecOf(btf, typeId).codec.decode(bytes)

  test('of a union is one of its members, or all that agree', () => {
    const v6 = Uint8Array.from({ length: 16 }, (_, index) => index)
    expect(encode(address, { v6 })).toEqual(v6)
    expect(decode(address, v6)).toEqual({ v4: 0x03020100, v6 })
    expect(encode(address, { v4: 0x03020100, v6 })).toEqual(v6)
    expect(() => encode(address, { v4: 7, v6 })).toThrowError(BtfError)
  })

  test('has zeros where no member is', () => {
    const bytes = new Uint8Array(16).fill(0xff)
    expect(decode(padded, bytes)).toEqual({ flag: true, count: 2n ** 64n - 1n })
    expect([...encode(padded, decode(padded, bytes))].slice(0, 8)).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
  })

  test('keeps all bytes of a char array, text or not', () => {
    const bytes = new TextEncoder().encode('eth0\0\0\0\0')
    expect(decode(text, bytes)).toBe('eth0')
    for (const odd of ['a\0b\0\0\0\0\0', '\xff\xfe']) {
      const raw = Uint8Array.from({ length: 8 }, (_, at) => odd.charCodeAt(at) || 0)
      expect(encode(text, decode(text, raw))).toEqual(raw)
    }
    // What encodeValue would take for an address.
    expect(encode(text, '::1')).toEqual(new TextEncoder().encode('::1\0\0\0\0\0'))
  })

  test('may have members of any name', () => {
    const value = decode(named, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0)) as object
    expect(Object.entries(value)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ])
    expect([...encode(named, value)]).toEqual([1, 0, 0, 0, 2, 0, 0, 0])
  })

  test('of a struct whose members lie outside is bytes', () => {
    expect(decode(outside, Uint8Array.of(1, 2, 3, 4))).toEqual(Uint8Array.of(1, 2, 3, 4))
  })

  test('of unions within unions is not read along every path', () => {
    const deepest = empties.at(-1) as number
    expect(encode(deepest, decode(deepest, Uint8Array.of(7)))).toEqual(Uint8Array.of(7))
  })

  test.each([
    ['a number that is too large', u32, 2 ** 32],
    ['a fraction', u32, 0.5],
    ['text for a number', u32, '1'],
    ['too much text', text, 'nine long'],
    ['too few bytes', address, { v6: new Uint8Array(4) }],
    ['no boolean', padded, { flag: 1 }],
    ['an unknown member', padded, { flags: true }],
    ['a number for a struct', padded, 7],
    ['bytes for a struct', padded, new Uint8Array(16)],
    ['nothing', padded, null],
  ] as const)('%s is refused', (_, typeId, value) => {
    expect(() => encode(typeId, value)).toThrowError(expect.objectContaining({ code: 'BTF_VALUE' }))
  })

  test('needs all of its bytes', () => {
    expect(() => decode(padded, new Uint8Array(15))).toThrowError(BtfError)
  })
})
