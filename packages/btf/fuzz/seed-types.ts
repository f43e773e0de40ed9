import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '../src/index.ts'

/** One type of every kind, and more of those that have forms: all that the kernel accepts. */
export function everyKind(byteOrder: 'little' | 'big' = 'little'): Btf {
  const btf = new BtfBuilder()
  const K = BTF_KIND
  const int = (name: string, sizeBytes: number, encoding: number = 0): number =>
    btf.add({ kind: K.INT, name, sizeBytes, encoding, bitOffset: 0, bits: sizeBytes * 8 })
  const member = (name: string, typeId: number, bitOffset: number, bitfieldBits = 0) => ({
    name,
    typeId,
    bitOffset,
    bitfieldBits,
  })
  const u32 = int('unsigned int', 4)
  const u8 = int('unsigned char', 1, BTF_INT_ENCODING.CHAR)
  const bool = int('_Bool', 1, BTF_INT_ENCODING.BOOL)
  const s64 = int('long long', 8, BTF_INT_ENCODING.SIGNED)
  const narrow = btf.add({ kind: K.INT, name: 'narrow', sizeBytes: 4, encoding: 0, bitOffset: 2, bits: 5 })
  const array = btf.add({ kind: K.ARRAY, name: '', elementTypeId: u8, indexTypeId: u32, length: 6 })
  const grid = btf.add({ kind: K.ARRAY, name: '', elementTypeId: array, indexTypeId: u32, length: 2 })
  const forward = btf.add({ kind: K.FWD, name: 'ahead', isUnion: true })
  const tag = btf.add({ kind: K.TYPE_TAG, name: 'rcu', typeId: btf.nextId + 1, attribute: false })
  const constant = btf.add({ kind: K.CONST, name: '', typeId: btf.nextId + 1 })
  const volatile = btf.add({ kind: K.VOLATILE, name: '', typeId: btf.nextId + 3 })
  const pointer = btf.add({ kind: K.PTR, name: '', typeId: tag })
  const restrict = btf.add({ kind: K.RESTRICT, name: '', typeId: pointer })
  const node = btf.add({
    kind: K.STRUCT,
    name: 'node',
    sizeBytes: 40,
    kindFlag: false,
    members: [
      member('next', pointer, 0),
      member('key', array, 64),
      member('old', narrow, 128),
      member('rest', s64, 192),
      member('', u32, 256),
    ],
  })
  const toForward = btf.add({ kind: K.PTR, name: '', typeId: forward })
  const colours = [
    { name: 'RED', value: 0n },
    { name: 'BLUE', value: -1n },
  ]
  const colour = btf.add({ kind: K.ENUM, name: 'colour', sizeBytes: 4, signed: true, values: colours })
  const wide = btf.add({
    kind: K.ENUM64,
    name: 'wide',
    sizeBytes: 8,
    signed: false,
    values: [{ name: 'HUGE', value: 1n << 63n }],
  })
  const float = btf.add({ kind: K.FLOAT, name: 'double', sizeBytes: 8 })
  const bits = btf.add({
    kind: K.STRUCT,
    name: 'bits',
    sizeBytes: 24,
    kindFlag: true,
    members: [
      member('a', u32, 0, 3),
      member('b', u32, 3, 7),
      member('c', colour, 32, 4),
      member('d', wide, 64),
      member('e', float, 128),
    ],
  })
  const either = [member('b', bits, 0), member('n', node, 0), member('g', grid, 0), member('f', toForward, 0)]
  const union = btf.add({ kind: K.UNION, name: '', sizeBytes: 40, kindFlag: false, members: either })
  const alias = btf.add({ kind: K.TYPEDEF, name: 'alias_t', typeId: union })
  const parameters = [
    { name: 'node', typeId: restrict },
    { name: 'flag', typeId: bool },
    { name: '', typeId: 0 },
  ]
  const proto = btf.add({ kind: K.FUNC_PROTO, name: '', returnTypeId: u32, parameters })
  const func = btf.add({ kind: K.FUNC, name: 'visit', typeId: proto, linkage: BTF_LINKAGE.GLOBAL })
  const one = btf.add({ kind: K.VAR, name: 'one', typeId: alias, linkage: BTF_LINKAGE.GLOBAL })
  const two = btf.add({ kind: K.VAR, name: 'two', typeId: constant, linkage: BTF_LINKAGE.STATIC })
  const entries = [
    { typeId: one, offsetBytes: 0, sizeBytes: 40 },
    { typeId: two, offsetBytes: 48, sizeBytes: 40 },
  ]
  btf.add({ kind: K.DATASEC, name: '.data', sizeBytes: 88, entries })
  btf.add({ kind: K.DECL_TAG, name: 'member', typeId: node, componentIndex: 1, attribute: false })
  btf.add({ kind: K.DECL_TAG, name: 'parameter', typeId: func, componentIndex: 0, attribute: false })
  btf.add({ kind: K.DECL_TAG, name: 'whole', typeId: alias, componentIndex: -1, attribute: false })
  void volatile
  return btf.build(byteOrder)
}

/** A .BTF.ext section about {@link everyKind}: one record of each table. */
export function extSection(btf: Btf): Uint8Array {
  const littleEndian = btf.byteOrder === 'little'
  const text = btf.type(1).nameOffset
  const functions = [8, text, 1, 0, 26]
  const lines = [16, text, 2, 0, text, text, (3 << 10) | 4, 8, text, text, 5 << 10]
  const relocations = [16, text, 1, 8, 14, text, 0]
  const words = [functions, lines, relocations]
  let offset = 0
  const header = words.flatMap((table) => {
    const bounds = [offset, table.length * 4]
    offset += table.length * 4
    return bounds
  })
  const all = [0, 32, ...header, ...words.flat()]
  const bytes = new Uint8Array(all.length * 4)
  const view = new DataView(bytes.buffer)
  all.forEach((word, index) => {
    view.setUint32(index * 4, word, littleEndian)
  })
  view.setUint16(0, 0xeb9f, littleEndian)
  view.setUint8(2, 1)
  view.setUint8(3, 0)
  return bytes
}
