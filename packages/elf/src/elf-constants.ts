/**
 * Numbers of the ELF-64 object file format that a reader of relocatable objects meets, spelt as in `elf.h`.
 *
 * @see System V Application Binary Interface, chapter 4 "Object Files"
 */

// e_ident
export const ELFCLASS64 = 2
export const ELFDATA2LSB = 1
export const ELFDATA2MSB = 2
export const EV_CURRENT = 1

// e_type
export const ET_NONE = 0
export const ET_REL = 1
export const ET_EXEC = 2
export const ET_DYN = 3
export const ET_CORE = 4

// e_machine
export const EM_X86_64 = 62
export const EM_AARCH64 = 183
export const EM_BPF = 247

// sh_type
export const SHT_NULL = 0
export const SHT_PROGBITS = 1
export const SHT_SYMTAB = 2
export const SHT_STRTAB = 3
export const SHT_RELA = 4
export const SHT_NOBITS = 8
export const SHT_REL = 9
export const SHT_DYNSYM = 11
export const SHT_SYMTAB_SHNDX = 18

// sh_flags
export const SHF_WRITE = 0x1
export const SHF_ALLOC = 0x2
export const SHF_EXECINSTR = 0x4

// Special section indices
export const SHN_UNDEF = 0
export const SHN_LORESERVE = 0xff00
export const SHN_ABS = 0xfff1
export const SHN_COMMON = 0xfff2
export const SHN_XINDEX = 0xffff

// Symbol binding: the high nibble of st_info
export const STB_LOCAL = 0
export const STB_GLOBAL = 1
export const STB_WEAK = 2

// Symbol type: the low nibble of st_info
export const STT_NOTYPE = 0
export const STT_OBJECT = 1
export const STT_FUNC = 2
export const STT_SECTION = 3
export const STT_FILE = 4

// Symbol visibility: the low bits of st_other
export const STV_DEFAULT = 0
export const STV_INTERNAL = 1
export const STV_HIDDEN = 2
export const STV_PROTECTED = 3
