import { expect, test } from 'vitest'
import { everyKind } from '../fuzz/seed-types.ts'
import { BTF_KIND, BtfBuilder, decodeBtf, decodeSplitBtf } from '../src/index.ts'

const HEADER_BYTES = 24
const section = (types: Uint8Array, strings: Uint8Array): Uint8Array => {
  const words = new DataView(new ArrayBuffer(HEADER_BYTES))
  for (const [at, word] of [0x1eb9f, HEADER_BYTES, 0, types.length, types.length, strings.length].entries()) {
    words.setUint32(4 * at, word, true)
  }
  return Uint8Array.from([...new Uint8Array(words.buffer), ...types, ...strings])
}

/** Types of a base, and the same with two more, of which the second is named as one of the base. */
function kernelAndModule(): { readonly base: Uint8Array; readonly whole: Uint8Array; readonly split: Uint8Array } {
  const builder = new BtfBuilder()
  builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  builder.add({ kind: BTF_KIND.TYPEDEF, name: 's32', typeId: 1 })
  const base = builder.build()
  builder.add({ kind: BTF_KIND.TYPEDEF, name: 'of_module', typeId: 2 })
  builder.add({ kind: BTF_KIND.TYPEDEF, name: 'int', typeId: 3 })
  const whole = builder.build()
  const typesOf = (btf: typeof base): Uint8Array =>
    btf.encode().subarray(HEADER_BYTES, btf.encode().length - btf.strings.bytes.length)
  const split = section(
    typesOf(whole).subarray(typesOf(base).length),
    whole.strings.bytes.subarray(base.strings.bytes.length),
  )
  return { base: base.encode(), whole: whole.encode(), split }
}

test('types of a module go on where those of its kernel end', () => {
  const { base, whole, split } = kernelAndModule()
  const { btf, firstId } = decodeSplitBtf(base, split)
  expect(firstId).toBe(3)
  expect(btf.types).toEqual(decodeBtf(whole).types)
  expect(btf.encode()).toEqual(whole)
})

test('a base that is another kernel is refused, or of the other byte order', () => {
  const { split } = kernelAndModule()
  expect(() => decodeSplitBtf(new BtfBuilder().build().encode(), split)).toThrow(
    expect.objectContaining({ code: 'BTF_TYPE_ID' }),
  )
  expect(() => decodeSplitBtf(everyKind('big').encode(), split)).toThrow(expect.objectContaining({ code: 'BTF_BASE' }))
})
