import { ElfError, readElf, SHT_NOBITS, STB_LOCAL, STT_FUNC, STT_SECTION, writeElf } from '../src/index.ts'

export const name = 'elf'

/** Reads everything that the file claims to hold. */
export function fuzzOnce(input: Uint8Array): void {
  try {
    const elf = readElf(input)
    for (const symbol of elf.symbols) elf.symbolName(symbol)
    for (const section of elf.sections) {
      elf.data(section)
      elf.relocationsOf(section)
    }
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
  }
}

export const seeds = (): Uint8Array[] =>
  (['little', 'big'] as const).map((byteOrder) =>
    writeElf({
      byteOrder,
      sections: [
        { name: '.text', data: new Uint8Array(32), relocations: [{ offsetBytes: 8, type: 10, symbol: 0 }] },
        { name: '.bss', type: SHT_NOBITS, sizeBytes: 64 },
        { name: 'license', data: new TextEncoder().encode('GPL\0') },
      ],
      symbols: [
        { name: '', section: '.text', type: STT_SECTION, bind: STB_LOCAL },
        { name: 'entry', section: '.text', sizeBytes: 32, type: STT_FUNC },
        { name: 'counter', section: '.bss', value: 8, sizeBytes: 8 },
        { name: 'external' },
      ],
    }),
  )
