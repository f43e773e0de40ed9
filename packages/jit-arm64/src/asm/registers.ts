/** General-purpose register by number, 0 to 31. Whether 31 is the zero register or the stack pointer depends on the field. */
export type Register = number

/** Register 31 where it reads as zero and writes are dropped. */
export const ZR: Register = 31
/** Register 31 where it is the stack pointer. */
export const SP: Register = 31
/** x30, where `bl` leaves the return address. */
export const LINK: Register = 30

/** The field `sf`: operate on 32 bits (Wn, the upper half of a result becomes 0) or on 64 (Xn). */
export type Width = 0 | 1
export const W: Width = 0
export const X: Width = 1

/** The field `size` of loads and stores: its power of two is the access in bytes. */
export type SizeLog2 = 0 | 1 | 2 | 3
