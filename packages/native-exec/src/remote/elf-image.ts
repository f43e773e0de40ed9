/** A static ELF64 executable for AArch64 out of one piece of code. @see elf(5); ELF for the Arm 64-bit Architecture */

const ELF_HEADER_BYTES = 64
const PROGRAM_HEADER_BYTES = 56
const ET_EXEC = 2
const EM_AARCH64 = 183
const PT_LOAD = 1
const READ_EXECUTE = 5
const PAGE_BYTES = 0x1_0000

/** Where the file begins in memory. */
export const LOAD_ADDRESS = 0x40_0000
/** Where the code begins: behind both headers. */
export const CODE_ADDRESS: number = LOAD_ADDRESS + ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES

/** The file. Execution begins at the code's first byte, {@link CODE_ADDRESS}; the code is not writable. */
export function elfExecutable(code: Uint8Array): Uint8Array {
  const headerBytes = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES
  const file = new Uint8Array(headerBytes + code.length)
  const view = new DataView(file.buffer)
  const u16 = (at: number, value: number): void => view.setUint16(at, value, true)
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true)
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true)
  // e_ident: magic, 64 bits, little-endian, version 1
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  u16(16, ET_EXEC)
  u16(18, EM_AARCH64)
  u32(20, 1) // e_version
  u64(24, CODE_ADDRESS) // e_entry
  u64(32, ELF_HEADER_BYTES) // e_phoff
  u16(52, ELF_HEADER_BYTES)
  u16(54, PROGRAM_HEADER_BYTES)
  u16(56, 1) // e_phnum
  u16(58, 64) // e_shentsize
  const segment = ELF_HEADER_BYTES
  u32(segment, PT_LOAD)
  u32(segment + 4, READ_EXECUTE)
  u64(segment + 8, 0) // p_offset
  u64(segment + 16, LOAD_ADDRESS)
  u64(segment + 24, LOAD_ADDRESS)
  u64(segment + 32, file.length)
  u64(segment + 40, file.length)
  u64(segment + 48, PAGE_BYTES)
  file.set(code, headerBytes)
  return file
}
