/**
 * What lives where while a program runs. AAPCS64 lets a callee change x0-x17, so what must outlive a helper lies above.
 *
 * | register | holds | why there |
 * |---|---|---|
 * | x0 | R0 | the result is where C wants it |
 * | x1-x5 | R1-R5 | `run` gets r1 as its second argument: it is in place |
 * | x6 | AX | never lives across a call |
 * | x7 | status of a store-exclusive, on CPUs without FEAT_LSE | |
 * | x8 | R10 as a guest address, where one is wanted | see x23 |
 * | x9-x11 | scratch of one BPF instruction | |
 * | x12-x17 | host addresses of guest pointers, kept within a stretch of code | a second access at another offset is one instruction |
 * | x18 | not touched | belongs to the platform |
 * | x19-x22 | R6-R9 | kept by helpers |
 * | x23 | R10 as a **host** address: x28 + R10 | stack accesses are one instruction; `r1 = r10` is one `sub` |
 * | x24 | turns that may_goto has left in this frame | |
 * | x25 | instructions executed | |
 * | x26 | guest address of the CPU block | `MOV64_PERCPU` is one `add` |
 * | x27 | NativeContext | |
 * | x28 | host address of guest memory | guest accesses are `[x28, xN]` |
 * | x29 | frame pointer of C, not touched | |
 * | x30 | return address of the BPF frame | `exit` is `ret` |
 */
import type { Register } from './asm/registers.ts'

export const R10: number = 10
/** BPF registers in order, r0 to r10 and AX. R10's is its host form. */
const BPF_REGISTERS: readonly Register[] = [0, 1, 2, 3, 4, 5, 19, 20, 21, 22, 23, 6]
export const BPF_REGISTER_COUNT: number = BPF_REGISTERS.length

export const STATUS: Register = 7
export const FRAME_VALUE: Register = 8
export const SCRATCH: Register = 9
export const SCRATCH2: Register = 10
export const SCRATCH3: Register = 11
/** Registers for host addresses. */
export const BASES: readonly Register[] = [12, 13, 14, 15, 16, 17]
export const FRAME: Register = 23
export const TURNS: Register = 24
export const EXECUTED: Register = 25
export const CPU: Register = 26
export const CONTEXT: Register = 27
export const MEMORY: Register = 28

/** Turns of may_goto in one frame, 8 Mi, as the upper half of a word. @see BPF_MAX_LOOPS in include/linux/bpf.h */
export const MAX_LOOPS_HIGH: number = (8 * 1024 * 1024) >>> 16

/** The A64 register of a BPF register; of R10 its host form. */
export function registerOf(bpf: number): Register {
  return BPF_REGISTERS[bpf] as Register
}
