import {
  type ElfRelocationDescription,
  type ElfSectionDescription,
  type ElfSymbolDescription,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_NOBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_OBJECT,
  writeElf,
} from '@bpfoundry/elf'
import { encodeInsns, INSN_BYTES } from '@bpfoundry/isa'
import { hasAttribute } from './attributes.ts'
import { objectBtf } from './object-btf.ts'
import type { ObjectContents, PlacedFunction, PlacedVariable } from './object-contents.ts'

/** Relocation types of the BPF ABI. @see https://docs.kernel.org/bpf/llvm_reloc.html */
const R_BPF_64_64 = 1
const R_BPF_64_ABS64 = 2
const R_BPF_64_32 = 10

/** The object file that clang would write, debug information for people apart. */
export function objectFile(contents: ObjectContents): Uint8Array {
  const symbols = objectSymbols(contents)
  const indexOf = new Map(symbols.map(({ name }, index) => [name, index]))
  const btf = objectBtf(contents)
  return writeElf({
    symbols,
    sections: [
      ...[...bySection(contents.functions)].map(([name, placed]) => codeSection(name, placed, indexOf)),
      ...[...bySection(contents.variables)].map(([name, placed]) => dataSection(name, placed, indexOf)),
      { name: '.BTF', data: btf.types },
      { name: '.BTF.ext', data: btf.ext },
    ],
  })
}

function bySection<T extends { readonly section: string }>(placed: readonly T[]): Map<string, T[]> {
  const sections = new Map<string, T[]>()
  for (const each of placed) sections.set(each.section, [...(sections.get(each.section) ?? []), each])
  return sections
}

/** Local ones first, as ELF has it. */
function objectSymbols({ unit, functions, variables, externs }: ObjectContents): ElfSymbolDescription[] {
  const symbols: ElfSymbolDescription[] = [
    ...functions.map(({ definition: { name, storage }, section, startSlot, code }) => {
      const [value, sizeBytes] = [startSlot * INSN_BYTES, code.insns.length * INSN_BYTES]
      return { name, section, value, sizeBytes, type: STT_FUNC, bind: bindOf(storage) }
    }),
    ...variables.map(({ name, section, offsetBytes, bytes, declaration: { storage } }) => {
      return { name, section, value: offsetBytes, sizeBytes: bytes.length, type: STT_OBJECT, bind: bindOf(storage) }
    }),
    ...externs.map((name) => {
      const declared = unit.functions.get(name) ?? unit.variables.get(name)
      return { name, bind: declared !== undefined && hasAttribute(declared, 'weak') ? STB_WEAK : STB_GLOBAL }
    }),
  ]
  return symbols.toSorted((a, b) => Number(a.bind !== STB_LOCAL) - Number(b.bind !== STB_LOCAL))
}

const bindOf = (storage: string): number => (storage === 'static' ? STB_LOCAL : STB_GLOBAL)

function codeSection(
  name: string,
  functions: readonly PlacedFunction[],
  indexOf: ReadonlyMap<string, number>,
): ElfSectionDescription {
  const relocations = functions.flatMap(({ startSlot, code }) =>
    code.relocations.map(({ pc, kind, symbol }): ElfRelocationDescription => {
      const type = kind === 'call' ? R_BPF_64_32 : R_BPF_64_64
      return { offsetBytes: (startSlot + pc) * INSN_BYTES, type, symbol: indexOf.get(symbol) as number }
    }),
  )
  const data = encodeInsns(functions.flatMap(({ code }) => code.insns))
  return withRelocations({ name, flags: SHF_ALLOC | SHF_EXECINSTR, data }, relocations)
}

function dataSection(
  name: string,
  variables: readonly PlacedVariable[],
  indexOf: ReadonlyMap<string, number>,
): ElfSectionDescription {
  const sizeBytes = Math.max(...variables.map(({ offsetBytes, bytes }) => offsetBytes + bytes.length))
  if (/^\.bss(\.|$)/.test(name)) return { name, type: SHT_NOBITS, flags: SHF_ALLOC | SHF_WRITE, sizeBytes }
  const data = new Uint8Array(sizeBytes)
  const relocations: ElfRelocationDescription[] = []
  for (const { bytes, offsetBytes, addresses } of variables) {
    data.set(bytes, offsetBytes)
    for (const { symbol, addend, offsetBytes: slot } of addresses) {
      const index = indexOf.get(symbol)
      // Of a program that could not be made: its slot stays empty.
      if (index === undefined) continue
      new DataView(data.buffer).setBigUint64(offsetBytes + slot, BigInt.asUintN(64, BigInt(addend)), true)
      relocations.push({ offsetBytes: offsetBytes + slot, type: R_BPF_64_ABS64, symbol: index })
    }
  }
  const flags = SHF_ALLOC | (/^\.rodata(\.|$)/.test(name) ? 0 : SHF_WRITE)
  return withRelocations({ name, flags, data }, relocations)
}

function withRelocations(
  section: ElfSectionDescription,
  relocations: readonly ElfRelocationDescription[],
): ElfSectionDescription {
  return relocations.length === 0 ? section : { ...section, relocations }
}
