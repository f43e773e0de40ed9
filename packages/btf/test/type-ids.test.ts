import { expect, test } from 'vitest'
import { BTF_KIND, BtfBuilder, BtfError, BtfTypeIds } from '../src/index.ts'

const { INT, STRUCT, TYPEDEF, FUNC, FUNC_PROTO } = BTF_KIND

function build(byteOrder: 'little' | 'big'): Uint8Array {
  const builder = new BtfBuilder()
  const int = builder.add({ kind: INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const members = ['a', 'b'].map((name, at) => ({ name, typeId: int, bitOffset: 32 * at, bitfieldBits: 0 }))
  builder.add({ kind: STRUCT, name: 'pair', sizeBytes: 8, kindFlag: false, members })
  builder.add({ kind: TYPEDEF, name: 'pair', typeId: int })
  const proto = builder.add({ kind: FUNC_PROTO, name: '', returnTypeId: 0, parameters: [{ name: 'a', typeId: int }] })
  builder.add({ kind: FUNC, name: 'pairs', typeId: proto, linkage: 1 })
  builder.add({ kind: TYPEDEF, name: 'pair', typeId: proto })
  return builder.build(byteOrder).encode()
}

test.each(['little', 'big'] as const)('ids are found by name and kind, %s-endian', (byteOrder) => {
  const ids = new BtfTypeIds(build(byteOrder))
  expect(ids.find('pair', STRUCT)).toBe(2)
  // The first of two.
  expect(ids.find('pair', TYPEDEF)).toBe(3)
  expect(ids.findAll('pair', TYPEDEF)).toEqual([3, 6])
  expect(ids.findAll('pair', FUNC)).toEqual([])
  expect(ids.find('pairs', FUNC)).toBe(5)
  expect(ids.find('pair', FUNC)).toBeUndefined()
  // Neither the tail of a name nor a beginning.
  expect(ids.find('airs', FUNC)).toBeUndefined()
  expect(ids.find('pai', STRUCT)).toBeUndefined()
})

test('what is no BTF is refused; types that are cut or unknown are not found', () => {
  expect(() => new BtfTypeIds(new Uint8Array(30))).toThrow(BtfError)
  const damaged = build('little')
  // The kind of type 2.
  damaged[24 + 16 + 7] = 31
  const ids = new BtfTypeIds(damaged)
  expect(ids.find('int', INT)).toBe(1)
  expect(ids.find('pairs', FUNC)).toBeUndefined()
})
