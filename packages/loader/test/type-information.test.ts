import { BTF_KIND, BtfBuilder, decodeBtf } from '@bpfoundry/btf'
import { writeElf } from '@bpfoundry/elf'
import { expect, test } from 'vitest'
import { typeInformation } from '../src/index.ts'
import { everything } from './object.ts'

const EM_X86_64 = 62

function types(name: string): Uint8Array {
  const builder = new BtfBuilder()
  builder.add({ kind: BTF_KIND.INT, name, sizeBytes: 4, encoding: 0, bitOffset: 0, bits: 32 })
  return builder.build().encode()
}

/** BTF whose only type is the second, by a name that stands behind the five bytes of a base's strings. */
function split(): Uint8Array {
  const strings = new TextEncoder().encode('mine\0')
  const words = Uint32Array.of(0x1eb9f, 24, 0, 12, 12, strings.length, 5, BTF_KIND.TYPEDEF << 24, 1)
  return Uint8Array.from([...new Uint8Array(words.buffer), ...strings])
}

const elf = (sections: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  writeElf({
    machine: EM_X86_64,
    sections: Object.entries(sections).map(([name, data]) => ({ name, data })),
    symbols: [],
  })

test('types are read as they are, or out of an ELF file of any machine', () => {
  expect(typeInformation(types('int')).btf.find('int', BTF_KIND.INT)?.id).toBe(1)
  expect(typeInformation(elf({ '.BTF': types('int') })).btf.types).toEqual(decodeBtf(types('int')).types)
  expect(typeInformation(everything('big')).btf.byteOrder).toBe('big')
})

test('types of a module go on from its own base, which is shown, or from one that is given, which is not', () => {
  const module = elf({ '.BTF': split(), '.BTF.base': types('int') })
  expect(typeInformation(module)).toMatchObject({ firstId: 1, btf: { types: [{}, { name: 'int' }, { name: 'mine' }] } })
  const given = typeInformation(elf({ '.BTF': split() }), { base: { bytes: types('int') } })
  expect(given).toMatchObject({ firstId: 2, btf: { types: [{}, { name: 'int' }, { name: 'mine' }] } })
  expect(() => typeInformation(module, { base: { bytes: types('int') } })).toThrow(
    expect.objectContaining({ code: 'LOADER_UNSUPPORTED' }),
  )
})

test('a file without types is refused with its name', () => {
  expect(() => typeInformation(elf({ '.text': Uint8Array.of(0) }), { input: 'a.o' })).toThrow(
    expect.objectContaining({ code: 'LOADER_NO_TYPES', where: { input: 'a.o' } }),
  )
  expect(() => typeInformation(types('int').subarray(0, 30), { input: 'a.btf' })).toThrow(
    expect.objectContaining({ code: 'BTF_SECTION_BOUNDS' }),
  )
})
