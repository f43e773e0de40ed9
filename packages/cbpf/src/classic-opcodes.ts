/**
 * What classic BPF has besides the opcode fields that it shares with eBPF, spelt as in the kernel's headers.
 *
 * ```
 *   7 6 5 4   3       2 1 0            7 6 5   4 3    2 1 0            7 6 5   4 3    2 1 0
 *  | code   | source | class |        | mode | size | class |        |     | value | RET  |
 *    arithmetic and jumps                 loads                          returns
 * ```
 *
 * @see include/uapi/linux/bpf_common.h and filter.h of the kernel; Documentation/networking/filter.rst
 */

// Classes that eBPF uses otherwise
export const BPF_RET = 0x06
export const BPF_MISC = 0x07

// Modes: the packet's length; 4 * (byte & 0xf), an IP header's length
export const BPF_LEN = 0x80
export const BPF_MSH = 0xa0

/** What a BPF_RET returns: the accumulator. */
export const BPF_A = 0x10

// Moves between the registers
export const BPF_TAX = 0x00
export const BPF_TXA = 0x80

/** Cells of M[]. */
export const BPF_MEMWORDS = 16
/** Longest program that the kernel takes. */
export const BPF_MAXINSNS = 4096

// Where offsets of packet loads are negative: relative to the network header, to the link layer's, and what is no packet data
export const SKF_AD_OFF: number = -0x1000
export const SKF_NET_OFF: number = -0x100000
export const SKF_LL_OFF: number = -0x200000
