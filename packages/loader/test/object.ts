import { BTF_KIND, BTF_LINKAGE, BtfBuilder } from '@bpfoundry/btf'
import {
  type ElfDescription,
  type ElfSectionDescription,
  type ElfSymbolDescription,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_NOBITS,
  STB_LOCAL,
  STT_FUNC,
  STT_OBJECT,
  STT_SECTION,
  writeElf,
} from '@bpfoundry/elf'
import { BPF_CALL_REL, BPF_EXIT_INSN, BPF_LD_IMM64_RAW, BPF_MOV64_IMM, encodeInsns, type Insn } from '@bpfoundry/isa'

/** Relocation types of the BPF ABI. */
export const R_BPF_64_64 = 1
export const R_BPF_64_ABS64 = 2
export const R_BPF_64_32 = 10

export const PASS: readonly Insn[] = [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
export const CALL: Insn = BPF_CALL_REL(-1)
export const LOAD: readonly Insn[] = BPF_LD_IMM64_RAW(1, 0, 0)

export function code(
  name: string,
  insns: readonly Insn[],
  relocations: ElfSectionDescription['relocations'] = [],
): ElfSectionDescription {
  const plain = { name, flags: SHF_ALLOC | SHF_EXECINSTR, data: encodeInsns(insns) }
  return relocations.length === 0 ? plain : { ...plain, relocations }
}

export function data(name: string, bytes: Uint8Array | readonly number[]): ElfSectionDescription {
  return { name, flags: SHF_ALLOC | SHF_WRITE, data: Uint8Array.from(bytes) }
}

export function bss(sizeBytes: number): ElfSectionDescription {
  return { name: '.bss', type: SHT_NOBITS, flags: SHF_ALLOC | SHF_WRITE, sizeBytes }
}

export function func(name: string, section: string, start: number, slots: number): ElfSymbolDescription {
  return { name, section, value: start * 8, sizeBytes: slots * 8, type: STT_FUNC }
}

export function object(name: string, section: string, value: number, sizeBytes: number): ElfSymbolDescription {
  return { name, section, value, sizeBytes, type: STT_OBJECT }
}

export function sectionSymbol(section: string): ElfSymbolDescription {
  return { name: '', section, type: STT_SECTION, bind: STB_LOCAL }
}

export function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  values.forEach((value, index) => {
    new DataView(bytes.buffer).setUint32(index * 4, value, true)
  })
  return bytes
}

/** A `.BTF` section that declares one array map `numbers` in `.maps`. */
export function mapTypes(extra?: string, byteOrder: 'little' | 'big' = 'little'): Uint8Array {
  const btf = new BtfBuilder()
  const int = btf.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const number = (length: number): number => {
    const array = btf.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId: int, indexTypeId: int, length })
    return btf.add({ kind: BTF_KIND.PTR, name: '', typeId: array })
  }
  const toInt = btf.add({ kind: BTF_KIND.PTR, name: '', typeId: int })
  const names = ['type', 'max_entries', 'key', 'value', ...(extra === undefined ? [] : [extra])]
  const typeIds = [number(2), number(4), toInt, toInt, number(1)]
  const members = names.map((name, index) => ({
    name,
    typeId: typeIds[index] as number,
    bitOffset: index * 64,
    bitfieldBits: 0,
  }))
  const sizeBytes = members.length * 8
  const struct = btf.add({ kind: BTF_KIND.STRUCT, name: '', sizeBytes, members, kindFlag: false })
  const variable = btf.add({ kind: BTF_KIND.VAR, name: 'numbers', typeId: struct, linkage: BTF_LINKAGE.GLOBAL })
  const entries = [{ typeId: variable, offsetBytes: 0, sizeBytes }]
  btf.add({ kind: BTF_KIND.DATASEC, name: '.maps', sizeBytes: 0, entries })
  return btf.build(byteOrder).encode()
}

/** A small object with a bit of everything: a program that calls a subprogram and uses a map and globals. */
export function everything(byteOrder: 'little' | 'big' = 'little'): Uint8Array {
  const insns = [...LOAD, ...LOAD, CALL, ...PASS]
  const sections: ElfSectionDescription[] = [
    code('.text', PASS),
    code('xdp', insns, [
      { offsetBytes: 0, type: R_BPF_64_64, symbol: 2 },
      { offsetBytes: 16, type: R_BPF_64_64, symbol: 3 },
      { offsetBytes: 32, type: R_BPF_64_32, symbol: 0 },
    ]),
    { name: '.maps', flags: SHF_ALLOC | SHF_WRITE, data: new Uint8Array(32) },
    data('.rodata', [1, 2, 3, 4, 5, 6, 7, 8]),
    bss(16),
    data('license', new TextEncoder().encode('GPL\0')),
    { name: '.BTF', data: mapTypes() },
  ]
  const description: ElfDescription = {
    byteOrder,
    sections: sections.map((section) => ({
      ...section,
      ...(section.name === 'xdp' ? { data: encodeInsns(insns, { byteOrder }) } : {}),
      ...(section.name === '.text' ? { data: encodeInsns(PASS, { byteOrder }) } : {}),
      ...(section.name === '.BTF' ? { data: mapTypes(undefined, byteOrder) } : {}),
    })),
    symbols: [
      func('sub', '.text', 0, 2),
      func('entry', 'xdp', 0, insns.length),
      object('numbers', '.maps', 0, 32),
      object('limit', '.rodata', 4, 4),
      object('total', '.bss', 8, 8),
    ],
  }
  return writeElf(description)
}
