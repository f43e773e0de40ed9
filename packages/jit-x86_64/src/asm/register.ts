/**
 * General-purpose registers by the number that encodings have for them: the low three bits go to ModRM, SIB or the
 * opcode, the fourth to REX.
 *
 * @see Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, table 3-1
 */
export const RAX = 0
export const RCX = 1
export const RDX = 2
export const RBX = 3
export const RSP = 4
export const RBP = 5
export const RSI = 6
export const RDI = 7
export const R8 = 8
export const R9 = 9
export const R10 = 10
export const R11 = 11
export const R12 = 12
export const R13 = 13
export const R14 = 14
export const R15 = 15

/** A register's number, 0 to 15. */
export type Register = number

/** No register: of a memory operand without index. */
export const NONE = -1
