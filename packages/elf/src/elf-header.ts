import { ByteSource } from './byte-source.ts'
import { ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, EV_CURRENT } from './elf-constants.ts'
import { ElfError } from './elf-error.ts'

/** Bytes of an Elf64_Ehdr. */
export const ELF_HEADER_BYTES = 64

/** Bytes of an Elf64_Shdr. */
export const SECTION_HEADER_BYTES = 64

/** The fields of Elf64_Ehdr that concern a relocatable object. Offsets in bytes from the start of the file. */
export interface ElfHeader {
  readonly byteOrder: 'little' | 'big'
  /** ET_* */
  readonly type: number
  /** EM_* */
  readonly machine: number
  readonly flags: number
  readonly sectionHeaderOffset: number
  /** As written; 0 with a section header table means that section 0 holds the count. */
  readonly sectionHeaderCount: number
  /** As written; SHN_XINDEX means that section 0 holds the index. */
  readonly sectionNameIndex: number
}

/** Opens the bytes in the byte order that the file declares, and reads the header. */
export function readHeader(bytes: Uint8Array, input: string | undefined): { source: ByteSource; header: ElfHeader } {
  checkMagic(new ByteSource(bytes, true, input))
  const littleEndian = readByteOrder(bytes, input)
  const source = new ByteSource(bytes, littleEndian, input)
  source.need(0, ELF_HEADER_BYTES, 'the ELF header')
  requireEqual(source, 6, bytes[6] as number, EV_CURRENT, 'ELF_VERSION', 'unknown ELF version in e_ident')
  requireEqual(source, 20, source.u32(20), EV_CURRENT, 'ELF_VERSION', 'unknown ELF version')
  requireEqual(source, 52, source.u16(52), ELF_HEADER_BYTES, 'ELF_HEADER', 'e_ehsize is not the size of the header')
  const sectionHeaderOffset = source.u64(40)
  if (sectionHeaderOffset !== 0) {
    requireEqual(
      source,
      58,
      source.u16(58),
      SECTION_HEADER_BYTES,
      'ELF_HEADER',
      'e_shentsize is not the size of a section header',
    )
  }
  return {
    source,
    header: {
      byteOrder: littleEndian ? 'little' : 'big',
      type: source.u16(16),
      machine: source.u16(18),
      flags: source.u32(48),
      sectionHeaderOffset,
      sectionHeaderCount: source.u16(60),
      sectionNameIndex: source.u16(62),
    },
  }
}

function checkMagic(source: ByteSource): void {
  const { bytes } = source
  const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
  if (!isElf) {
    throw new ElfError({
      code: 'ELF_NOT_ELF',
      message: 'not an ELF file',
      where: source.place(0),
      got: bytes.length === 0 ? 'an empty file' : hex(bytes.subarray(0, 4)),
      expected: hex([0x7f, 0x45, 0x4c, 0x46]),
      hint: 'give the object that `clang -target bpf -c` wrote',
    })
  }
  source.need(0, 16, 'e_ident')
  if (bytes[4] !== ELFCLASS64) {
    throw new ElfError({
      code: 'ELF_CLASS',
      message: 'not a 64-bit ELF file',
      where: source.place(4),
      got: `EI_CLASS ${bytes[4]}`,
      expected: `EI_CLASS ${ELFCLASS64}`,
      hint: 'BPF objects are always ELF64',
    })
  }
}

function readByteOrder(bytes: Uint8Array, input: string | undefined): boolean {
  const encoding = bytes[5]
  if (encoding === ELFDATA2LSB) return true
  if (encoding === ELFDATA2MSB) return false
  throw new ElfError({
    code: 'ELF_BYTE_ORDER',
    message: 'neither little- nor big-endian',
    where: { ...(input === undefined ? {} : { input }), offsetBytes: 5 },
    got: `EI_DATA ${encoding}`,
    expected: `EI_DATA ${ELFDATA2LSB} or ${ELFDATA2MSB}`,
  })
}

function requireEqual(
  source: ByteSource,
  offsetBytes: number,
  got: number,
  expected: number,
  code: 'ELF_VERSION' | 'ELF_HEADER',
  message: string,
): void {
  if (got !== expected) throw new ElfError({ code, message, where: source.place(offsetBytes), got, expected })
}

function hex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
