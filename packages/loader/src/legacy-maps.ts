import { type ElfSection, type ElfSymbol, STB_LOCAL, STT_FILE, STT_SECTION } from '@bpfoundry/elf'
import type { PlacedMap } from './btf-maps.ts'
import type { MapSpec } from './collection-spec.ts'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, placeIn } from './object-file.ts'

/** Five words: type, key size, value size, entries, flags. */
const BASE_WORDS = 5

/** iproute2's struct bpf_elf_map: five words, then id and pinning, in later versions also inner id and inner index. */
const ELF_MAP_WORDS = 9
const ID_WORD = 5
const PINNING_WORD = 6

/** iproute2's PIN_OBJECT_NS and PIN_GLOBAL_NS. */
const MAX_PINNING = 2

/**
 * Maps of before BTF: `struct bpf_map_def` in section `maps` or `maps/<name>`, and iproute2's `struct bpf_elf_map`.
 * libbpf refuses them since 1.0; here each is a warning that shows the modern form.
 *
 * @throws {LoaderError} LOADER_MAP_DEFINITION
 */
export function readLegacyMaps(object: ObjectFile): PlacedMap[] {
  return object.legacyMaps.flatMap((section) => readSection(object, section))
}

function readSection(object: ObjectFile, section: ElfSection): PlacedMap[] {
  const symbols = (object.symbolsBySection.get(section.index) ?? [])
    .filter(({ type, bind }) => bind !== STB_LOCAL && type !== STT_SECTION && type !== STT_FILE)
    .sort((a, b) => a.value - b.value)
  if (symbols.length > 0) object.warnings.push(modernise(object, section, symbols))
  return symbols.map((symbol, position) => {
    const end = symbols[position + 1]?.value ?? section.sizeBytes
    const sizeBytes = symbol.sizeBytes === 0 ? end - symbol.value : symbol.sizeBytes
    const spec = readDefinition(object, section, symbol, sizeBytes)
    return { key: symbol.name, spec, sectionIndex: section.index, offsetBytes: symbol.value, sizeBytes }
  })
}

function readDefinition(object: ObjectFile, section: ElfSection, symbol: ElfSymbol, sizeBytes: number): MapSpec {
  const fail = (message: string, got: string, expected: string): LoaderError => {
    const where = placeIn(object, { section: section.name, map: symbol.name })
    return new LoaderError({
      code: 'LOADER_MAP_DEFINITION',
      message: `map '${symbol.name}' ${message}`,
      where,
      got,
      expected,
    })
  }
  const words = wordsOf(object, section, symbol.value, sizeBytes)
  if (words.length < BASE_WORDS)
    throw fail('is shorter than struct bpf_map_def', `${sizeBytes} bytes`, 'at least 20 bytes')
  const pinning = words[PINNING_WORD] ?? 0
  const unknown = words.slice(BASE_WORDS)
  // In the short form word 5 may be samples/bpf's inner_map_idx as well; the long one is iproute2's for sure.
  if (words.length >= ELF_MAP_WORDS) unknown[ID_WORD - BASE_WORDS] = 0
  if (pinning <= MAX_PINNING && unknown.length > 1) unknown[PINNING_WORD - BASE_WORDS] = 0
  if (unknown.some((word) => word !== 0)) {
    const got = unknown.slice(0, 4).join(', ')
    throw fail('has fields that are not supported, such as an inner map by number', got, 'a definition in SEC(".maps")')
  }
  const [type, keySizeBytes, valueSizeBytes, maxEntries, flags] = words as [number, number, number, number, number]
  return {
    name: symbol.name,
    type,
    keySizeBytes,
    valueSizeBytes,
    maxEntries,
    flags,
    pinByName: pinning !== 0,
    contents: [],
    freeze: false,
    btfKeyTypeId: 0,
    btfValueTypeId: 0,
    section: section.name,
  }
}

function wordsOf({ elf }: ObjectFile, section: ElfSection, start: number, sizeBytes: number): number[] {
  const data = elf.data(section).subarray(start, start + sizeBytes)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const littleEndian = elf.header.byteOrder === 'little'
  // A definition of more than 64 words is none; what it has beyond is not looked at twice.
  const count = Math.min(data.length >>> 2, 64)
  return Array.from({ length: count }, (_, index) => view.getUint32(index * 4, littleEndian))
}

function modernise(object: ObjectFile, section: ElfSection, symbols: readonly ElfSymbol[]): LoaderError {
  return new LoaderError({
    code: 'LOADER_MAP_DEFINITION',
    message: `maps in section '${section.name}' are of the old kind, which libbpf refuses since 1.0`,
    where: placeIn(object, { section: section.name }),
    got: symbols
      .map(({ name }) => name)
      .slice(0, 8)
      .join(', '),
    expected: 'SEC(".maps")',
    hint: 'declare them as `struct { __uint(type, ...); __type(key, ...); ... } name SEC(".maps");`',
  })
}
