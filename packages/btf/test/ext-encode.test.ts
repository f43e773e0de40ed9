import { expect, test } from 'vitest'
import { BTF_KIND, BtfBuilder, type BtfExt, decodeBtfExt, encodeBtfExt } from '../src/index.ts'

const info = (pc: number): { pc: number; file: string; text: string; line: number; column: number } => ({
  pc,
  file: 'a.c',
  text: '\treturn x;',
  line: 70_000,
  column: 1023,
})

const EXT: BtfExt = new Map([
  ['xdp', { functions: [{ pc: 0, typeId: 1 }], lines: [info(0), info(7)], coreRelocations: [] }],
  [
    '.text',
    {
      functions: [],
      lines: [],
      coreRelocations: [{ pc: 3, typeId: 1, access: '0:1:2', kind: 6 }],
    },
  ],
])

test.each(['little', 'big'] as const)('what is encoded in %s endian decodes to the same records', (byteOrder) => {
  const builder = new BtfBuilder()
  builder.add({ kind: BTF_KIND.STRUCT, name: 'x', sizeBytes: 0, members: [], kindFlag: false })
  const bytes = encodeBtfExt(EXT, (text) => builder.addString(text), byteOrder)
  expect(decodeBtfExt(bytes, builder.build(byteOrder))).toEqual(EXT)
})

test('no records make a section of a header alone', () => {
  const bytes = encodeBtfExt(new Map(), () => 0)
  expect(bytes.length).toBe(32)
  expect(decodeBtfExt(bytes, new BtfBuilder().build())).toEqual(new Map())
})
