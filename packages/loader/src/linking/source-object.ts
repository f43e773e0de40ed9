import { type Btf, BtfError, type BtfExt, decodeBtf, decodeBtfExt } from '@bpfoundry/btf'
import {
  type ElfFile,
  type ElfSection,
  EM_BPF,
  ET_REL,
  readElf,
  SHT_NOBITS,
  SHT_NULL,
  SHT_PROGBITS,
  SHT_REL,
  SHT_STRTAB,
  SHT_SYMTAB,
} from '@bpfoundry/elf'
import { linkError } from './link-error.ts'

/** An object that is linked with others. */
export interface ObjectToLink {
  /** What errors call it. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** An object as it is before loaders complete its types. */
export interface SourceObject {
  readonly name: string
  readonly elf: ElfFile
  readonly btf: Btf | undefined
  readonly ext: BtfExt
  /** Sections that go into the result, in file order. */
  readonly sections: readonly ElfSection[]
}

const [BTF, BTF_EXT] = ['.BTF', '.BTF.ext']

/** Symbols whose address is taken: only linkers for machines want to know. */
const SHT_LLVM_ADDRSIG = 0x6fff4c03

/** Those that hold no part of the program. */
const LEFT_OUT: ReadonlySet<number> = new Set([SHT_NULL, SHT_SYMTAB, SHT_STRTAB, SHT_REL, SHT_LLVM_ADDRSIG])

/**
 * @throws {ElfError} {@link BtfError} for damaged objects
 * @throws {LoaderError} LOADER_LINK for what can't be linked
 */
export function openSource({ name, bytes }: ObjectToLink): SourceObject {
  const elf = readElf(bytes, { name })
  elf.expectMachine(EM_BPF)
  elf.expectType(ET_REL)
  const types = elf.section(BTF)
  const btf = types === undefined ? undefined : located(name, BTF, () => decodeBtf(elf.data(types)))
  const records = elf.section(BTF_EXT)
  const ext =
    records === undefined || btf === undefined
      ? new Map()
      : located(name, BTF_EXT, () => decodeBtfExt(elf.data(records), btf))
  return { name, elf, btf, ext, sections: elf.sections.filter((section) => isLinked(name, section)) }
}

function isLinked(input: string, { name, type, sizeBytes }: ElfSection): boolean {
  if (LEFT_OUT.has(type) || name.startsWith('.debug_') || name === BTF || name === BTF_EXT) return false
  if (type === SHT_PROGBITS || type === SHT_NOBITS) return name !== '.text' || sizeBytes > 0
  throw linkError(`section '${name}' is of a type that is not linked`, input, `type ${type}`, 'code or data')
}

function located<T>(input: string, section: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BtfError) error.at({ input, section })
    throw error
  }
}
