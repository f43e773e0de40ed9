/**
 * Where the machine's registers are in a translated program, as the kernel has them: what helpers don't clobber keeps X,
 * the context, the packet's address and the length of its linear part.
 *
 * @see the kernel's include/linux/filter.h
 */
export const A = 0
export const X = 7
export const CTX = 6
/** Address of the packet. */
export const D = 8
/** Bytes of its linear part. */
export const H = 9
export const TMP = 2
export const FP = 10
export const ARG1 = 1
export const ARG2 = 2
export const ARG3 = 3
export const ARG4 = 4
