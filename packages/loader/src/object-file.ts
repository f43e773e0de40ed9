import { BTF_KIND, type Btf, BtfError, type BtfExt, type BtfType, decodeBtf, decodeBtfExt } from '@bpfoundry/btf'
import type { Place } from '@bpfoundry/diagnostics'
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  EM_BPF,
  ET_REL,
  readElf,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHT_NOBITS,
  SHT_PROGBITS,
} from '@bpfoundry/elf'
import { completeBtf } from './btf-completion.ts'
import type { LoaderError } from './loader-error.ts'

/** Longest license that the kernel reads, without the terminating zero. */
const MAX_LICENSE_BYTES = 127

/** An object file, its sections sorted by what they mean to BPF. */
export interface ObjectFile {
  readonly elf: ElfFile
  /** What errors call the input. */
  readonly input: string | undefined
  readonly symbolsBySection: ReadonlyMap<number, readonly ElfSymbol[]>
  readonly btf: Btf | undefined
  /** Names of variables that are declared elsewhere and have no type there: symbols of a kernel. */
  readonly untypedExterns: ReadonlySet<string>
  readonly ext: BtfExt
  /** Instructions, in file order. */
  readonly code: readonly ElfSection[]
  /** Global data: `.data`, `.rodata`, `.bss` and theirs. */
  readonly data: readonly ElfSection[]
  /** `.maps` */
  readonly maps: ElfSection | undefined
  /** `maps` and `maps/...`, of before BTF. */
  readonly legacyMaps: readonly ElfSection[]
  readonly license: string
  /** Filled while the object is read. */
  readonly warnings: LoaderError[]
}

/** A place in an object, for errors. */
export function placeIn(object: { readonly input: string | undefined }, place: Place): Place {
  return object.input === undefined ? place : { input: object.input, ...place }
}

/**
 * Opens an object file.
 *
 * @throws {ElfError} every code of `readElf`, ELF_MACHINE and ELF_TYPE
 * @throws {BtfError} every code of `decodeBtf` and `decodeBtfExt`; `where.offsetBytes` counts from the section's start
 */
export function openObject(bytes: Uint8Array, input: string | undefined): ObjectFile {
  const elf = readElf(bytes, input === undefined ? {} : { name: input })
  elf.expectMachine(EM_BPF)
  elf.expectType(ET_REL)
  const symbolsBySection = groupSymbols(elf)
  const declared = readBtf(elf, input)
  const btf =
    declared === undefined ? undefined : located(input, '.BTF', () => completeBtf(declared, elf, symbolsBySection))
  const license = elf.section('license')
  return {
    elf,
    input,
    symbolsBySection,
    btf,
    untypedExterns: untypedVariables(declared),
    ext: readExt(elf, input, btf),
    code: elf.sections.filter(isCode),
    data: elf.sections.filter(isData),
    maps: elf.sections.find(({ name }) => name === '.maps'),
    legacyMaps: elf.sections.filter(({ name, type }) => type === SHT_PROGBITS && /^maps(\/|$)/.test(name)),
    license: license === undefined ? '' : readText(elf.data(license)),
    warnings: [],
  }
}

/** Name of a data section without what follows its second dot: `.rodata` for `.rodata.str1.1`; undefined for others. */
export function dataKind(name: string): '.data' | '.rodata' | '.bss' | undefined {
  for (const kind of ['.data', '.rodata', '.bss'] as const) {
    if (name === kind || name.startsWith(`${kind}.`)) return kind
  }
  return undefined
}

function isCode({ type, flags, sizeBytes }: ElfSection): boolean {
  return type === SHT_PROGBITS && (flags & SHF_EXECINSTR) !== 0 && sizeBytes > 0
}

function isData({ name, type, flags, sizeBytes }: ElfSection): boolean {
  if (sizeBytes === 0 || (flags & SHF_ALLOC) === 0) return false
  const kind = dataKind(name)
  return kind !== undefined && type === (kind === '.bss' ? SHT_NOBITS : SHT_PROGBITS)
}

function groupSymbols(elf: ElfFile): ReadonlyMap<number, readonly ElfSymbol[]> {
  const groups = new Map<number, ElfSymbol[]>()
  for (const symbol of elf.symbols) {
    const group = groups.get(symbol.sectionIndex)
    if (group === undefined) groups.set(symbol.sectionIndex, [symbol])
    else group.push(symbol)
  }
  return groups
}

function readBtf(elf: ElfFile, input: string | undefined): Btf | undefined {
  const section = elf.section('.BTF')
  return section === undefined ? undefined : located(input, section.name, () => decodeBtf(elf.data(section)))
}

function untypedVariables(btf: Btf | undefined): ReadonlySet<string> {
  const isUntyped = (type: BtfType): boolean =>
    type.kind === BTF_KIND.VAR && btf?.resolve(type.typeId).kind === BTF_KIND.VOID
  return new Set((btf?.types ?? []).filter(isUntyped).map(({ name }) => name))
}

function readExt(elf: ElfFile, input: string | undefined, btf: Btf | undefined): BtfExt {
  const section = elf.section('.BTF.ext')
  if (section === undefined || btf === undefined) return new Map()
  return located(input, section.name, () => decodeBtfExt(elf.data(section), btf))
}

/** Adds the file and section to what the btf package reports. */
function located<T>(input: string | undefined, section: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BtfError) error.at(placeIn({ input }, { section }))
    throw error
  }
}

function readText(data: Uint8Array): string {
  const end = data.indexOf(0)
  return new TextDecoder().decode(data.slice(0, Math.min(end < 0 ? data.length : end, MAX_LICENSE_BYTES)))
}
