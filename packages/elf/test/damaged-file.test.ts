import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fuzzOnce, seeds } from '../fuzz/elf.fuzz.ts'
import { ElfError, readElf, SHT_NOBITS, SHT_SYMTAB, STT_FUNC, writeElf } from '../src/index.ts'

const SECTIONS = 6

function valid(): Uint8Array {
  return writeElf({
    sections: [
      { name: 'xdp', data: new Uint8Array(16), relocations: [{ offsetBytes: 0, type: 1, symbol: 1 }] },
      { name: '.bss', type: SHT_NOBITS, sizeBytes: 8 },
    ],
    symbols: [
      { name: 'entry', section: 'xdp', sizeBytes: 16, type: STT_FUNC },
      { name: 'counter', section: '.bss', sizeBytes: 8 },
    ],
  })
}

/** Sections of {@link valid}: 1 xdp, 2 .bss, 3 .relxdp, 4 .symtab, 5 .strtab, 6 .shstrtab. */
function header(bytes: Uint8Array, index: number): number {
  return bytes.length - (SECTIONS + 1 - index) * 64
}

function offsetOf(bytes: Uint8Array, index: number): number {
  return new DataView(bytes.buffer).getUint32(header(bytes, index) + 24, true)
}

function touchEverything(bytes: Uint8Array): void {
  const elf = readElf(bytes, { name: 'a.o' })
  elf.symbols.map((symbol) => elf.symbolName(symbol))
  for (const section of elf.sections) elf.relocationsOf(section)
}

type Damage = (view: DataView, bytes: Uint8Array) => void

const cases: readonly [name: string, code: string, place: (bytes: Uint8Array) => number, damage: Damage][] = [
  ['no magic', 'ELF_NOT_ELF', () => 0, (v) => v.setUint8(1, 0x46)],
  ['32-bit class', 'ELF_CLASS', () => 4, (v) => v.setUint8(4, 1)],
  ['unknown byte order', 'ELF_BYTE_ORDER', () => 5, (v) => v.setUint8(5, 3)],
  ['unknown version', 'ELF_VERSION', () => 20, (v) => v.setUint32(20, 2, true)],
  ['wrong header size', 'ELF_HEADER', () => 52, (v) => v.setUint16(52, 52, true)],
  ['wrong section header size', 'ELF_HEADER', () => 58, (v) => v.setUint16(58, 40, true)],
  ['section table past the end', 'ELF_TRUNCATED', () => 0x7fffffff, (v) => v.setUint32(40, 0x7fffffff, true)],
  ['section table at 2^63', 'ELF_TRUNCATED', (b) => b.length, (v) => v.setUint8(47, 0x80)],
  ['more sections than there are bytes', 'ELF_TRUNCATED', (b) => header(b, 0), (v) => v.setUint16(60, 0xfeff, true)],
  [
    '2^40 sections by the extended count',
    'ELF_TRUNCATED',
    (b) => header(b, 0),
    (v, b) => {
      v.setUint16(60, 0, true)
      v.setUint32(header(b, 0) + 36, 256, true)
    },
  ],
  ['section names in no section', 'ELF_HEADER', () => 62, (v) => v.setUint16(62, 7, true)],
  ['section names in a section of another type', 'ELF_HEADER', () => 62, (v) => v.setUint16(62, 1, true)],
  ['section name out of its table', 'ELF_STRING', (b) => header(b, 1), (v, b) => v.setUint32(header(b, 1), 999, true)],
  [
    'section longer than the file',
    'ELF_SECTION_BOUNDS',
    (b) => header(b, 1),
    (v, b) => v.setUint32(header(b, 1) + 32, 0x10000000, true),
  ],
  ['section of 2^62 bytes', 'ELF_SECTION_BOUNDS', (b) => header(b, 1), (v, b) => v.setUint8(header(b, 1) + 39, 0x40)],
  ['.bss of 2^62 bytes', 'ELF_SECTION_BOUNDS', (b) => header(b, 2), (v, b) => v.setUint8(header(b, 2) + 39, 0x40)],
  [
    'section over the ELF header',
    'ELF_SECTION_OVERLAP',
    (b) => header(b, 1),
    (v, b) => v.setUint32(header(b, 1) + 24, 8, true),
  ],
  [
    'section over its neighbour',
    'ELF_SECTION_OVERLAP',
    (b) => header(b, 3),
    (v, b) => v.setUint32(header(b, 1) + 32, 24, true),
  ],
  [
    'symbol table that is its own string table',
    'ELF_SECTION_LINK',
    (b) => offsetOf(b, 4),
    (v, b) => v.setUint32(header(b, 4) + 40, 4, true),
  ],
  [
    'symbol table linked to no section',
    'ELF_SECTION_LINK',
    (b) => offsetOf(b, 4),
    (v, b) => v.setUint32(header(b, 4) + 40, 77, true),
  ],
  [
    'symbols of another size',
    'ELF_SECTION_BOUNDS',
    (b) => offsetOf(b, 4),
    (v, b) => v.setUint32(header(b, 4) + 56, 16, true),
  ],
  ['part of a symbol', 'ELF_SECTION_BOUNDS', (b) => offsetOf(b, 4), (v, b) => v.setUint32(header(b, 4) + 32, 71, true)],
  ['symbols of size 0', 'ELF_SECTION_BOUNDS', (b) => offsetOf(b, 4), (v, b) => v.setUint32(header(b, 4) + 56, 0, true)],
  [
    'symbol name out of its table',
    'ELF_STRING',
    (b) => offsetOf(b, 4) + 24,
    (v, b) => v.setUint32(offsetOf(b, 4) + 24, 500, true),
  ],
  [
    'symbol name not terminated',
    'ELF_STRING',
    (b) => offsetOf(b, 4) + 48,
    (v, b) => v.setUint8(offsetOf(b, 5) + 14, 0x78),
  ],
  [
    'symbol of no section',
    'ELF_SYMBOL',
    (b) => offsetOf(b, 4) + 24,
    (v, b) => v.setUint16(offsetOf(b, 4) + 30, 40, true),
  ],
  [
    'symbol longer than its section',
    'ELF_SYMBOL',
    (b) => offsetOf(b, 4) + 24,
    (v, b) => v.setUint32(offsetOf(b, 4) + 40, 17, true),
  ],
  [
    'symbol with an extended index and no table',
    'ELF_SYMBOL',
    (b) => offsetOf(b, 4) + 24,
    (v, b) => v.setUint16(offsetOf(b, 4) + 30, 0xffff, true),
  ],
  [
    'relocation of no symbol',
    'ELF_RELOCATION',
    (b) => offsetOf(b, 3),
    (v, b) => v.setUint32(offsetOf(b, 3) + 12, 9, true),
  ],
  [
    'relocation outside its section',
    'ELF_RELOCATION',
    (b) => offsetOf(b, 3),
    (v, b) => v.setUint32(offsetOf(b, 3), 16, true),
  ],
  [
    'relocations linked to themselves',
    'ELF_SECTION_LINK',
    (b) => offsetOf(b, 3),
    (v, b) => v.setUint32(header(b, 3) + 40, 3, true),
  ],
  [
    'relocations of another size',
    'ELF_SECTION_BOUNDS',
    (b) => offsetOf(b, 3),
    (v, b) => v.setUint32(header(b, 3) + 56, 24, true),
  ],
]

describe('a damaged file is one located error', () => {
  test('the undamaged file reads', () => {
    touchEverything(valid())
    expect(readElf(valid()).sections[4]).toMatchObject({ type: SHT_SYMTAB })
  })

  test.each(cases)('%s', (_name, code, place, damage) => {
    const bytes = valid()
    damage(new DataView(bytes.buffer), bytes)
    expect(() => touchEverything(bytes)).toThrow(ElfError)
    expect(() => touchEverything(bytes)).toThrow(
      expect.objectContaining({ code, where: expect.objectContaining({ input: 'a.o', offsetBytes: place(bytes) }) }),
    )
  })

  test('an empty file', () => {
    expect(() => readElf(new Uint8Array())).toThrow(
      expect.objectContaining({ code: 'ELF_NOT_ELF', got: 'an empty file' }),
    )
  })

  test('every prefix of a file is refused', () => {
    const bytes = valid()
    for (let length = 0; length < bytes.length; length++) {
      expect(() => touchEverything(bytes.subarray(0, length))).toThrow(ElfError)
    }
  })
})

test('an extended section count and name index are read from section 0', () => {
  const bytes = valid()
  const view = new DataView(bytes.buffer)
  view.setUint16(60, 0, true)
  view.setUint16(62, 0xffff, true)
  view.setUint32(header(bytes, 0) + 32, SECTIONS + 1, true)
  view.setUint32(header(bytes, 0) + 40, SECTIONS, true)
  expect(readElf(bytes).sections.map(({ name }) => name)).toEqual(readElf(valid()).sections.map(({ name }) => name))
})

test('many long names do not cost quadratic time: a name over 4096 bytes is refused', () => {
  const bytes = writeElf({ sections: [], symbols: [{ name: 'x'.repeat(4096) }] })
  expect(() => readElf(bytes).symbols).toThrow(expect.objectContaining({ code: 'ELF_STRING' }))
  const shorter = writeElf({ sections: [], symbols: [{ name: 'x'.repeat(4095) }] })
  expect(readElf(shorter).symbols[1]?.name.length).toBe(4095)
})

test('any change of any bytes reads or is an ElfError', () => {
  const [little, big] = seeds() as [Uint8Array, Uint8Array]
  const change = fc.tuple(fc.nat(little.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 6 }), (isBig, changes) => {
      const bytes = (isBig ? big : little).slice()
      for (const [at, value] of changes) bytes[at] = value
      fuzzOnce(bytes)
    }),
    { numRuns: 2000 },
  )
})
