/**
 * Opcode fields, spelt as in the kernel's uapi headers and RFC 9669.
 *
 * ```
 *   7 6 5 4   3       2 1 0            7 6 5   4 3    2 1 0
 *  | code   | source | class |        | mode | size | class |
 *    arithmetic and jumps                 loads and stores
 * ```
 *
 * @see RFC 9669, sections 4 and 5
 */

// Classes
export const BPF_LD = 0x00
export const BPF_LDX = 0x01
export const BPF_ST = 0x02
export const BPF_STX = 0x03
export const BPF_ALU = 0x04
export const BPF_JMP = 0x05
export const BPF_JMP32 = 0x06
export const BPF_ALU64 = 0x07

// Source of the second operand
export const BPF_K = 0x00
export const BPF_X = 0x08

// Arithmetic codes
export const BPF_ADD = 0x00
export const BPF_SUB = 0x10
export const BPF_MUL = 0x20
export const BPF_DIV = 0x30
export const BPF_OR = 0x40
export const BPF_AND = 0x50
export const BPF_LSH = 0x60
export const BPF_RSH = 0x70
export const BPF_NEG = 0x80
export const BPF_MOD = 0x90
export const BPF_XOR = 0xa0
export const BPF_MOV = 0xb0
export const BPF_ARSH = 0xc0
export const BPF_END = 0xd0
/** Source bit of BPF_END in class ALU: to little endian, to big endian. */
export const BPF_TO_LE = 0x00
export const BPF_TO_BE = 0x08

// Jump codes
export const BPF_JA = 0x00
export const BPF_JEQ = 0x10
export const BPF_JGT = 0x20
export const BPF_JGE = 0x30
export const BPF_JSET = 0x40
export const BPF_JNE = 0x50
export const BPF_JSGT = 0x60
export const BPF_JSGE = 0x70
export const BPF_CALL = 0x80
export const BPF_EXIT = 0x90
export const BPF_JLT = 0xa0
export const BPF_JLE = 0xb0
export const BPF_JSLT = 0xc0
export const BPF_JSLE = 0xd0
/** Conditional pseudo jump: may_goto when src is 0. */
export const BPF_JCOND = 0xe0
/** Kernel-internal: a tail call after fix-ups (`BPF_JMP | BPF_TAIL_CALL`). */
export const BPF_TAIL_CALL = 0xf0

// Sizes
export const BPF_W = 0x00
export const BPF_H = 0x08
export const BPF_B = 0x10
export const BPF_DW = 0x18

// Modes
export const BPF_IMM = 0x00
export const BPF_ABS = 0x20
export const BPF_IND = 0x40
export const BPF_MEM = 0x60
export const BPF_MEMSX = 0x80
export const BPF_ATOMIC = 0xc0

// Atomic operations, in `imm`
export const BPF_FETCH = 0x01
export const BPF_XCHG = 0xe1
export const BPF_CMPXCHG = 0xf1
export const BPF_LOAD_ACQ = 0x100
export const BPF_STORE_REL = 0x110

// Kinds of a pseudo LD_IMM64, in `src`
export const BPF_PSEUDO_MAP_FD = 1
export const BPF_PSEUDO_MAP_VALUE = 2
export const BPF_PSEUDO_BTF_ID = 3
export const BPF_PSEUDO_FUNC = 4
export const BPF_PSEUDO_MAP_IDX = 5
export const BPF_PSEUDO_MAP_IDX_VALUE = 6

// Kinds of a call, in `src`
export const BPF_HELPER_CALL = 0
export const BPF_PSEUDO_CALL = 1
export const BPF_PSEUDO_KFUNC_CALL = 2

// Values of `off` that make other instructions of a 64-bit register move
export const BPF_ADDR_SPACE_CAST = 1
/** Kernel-internal. */
export const BPF_ADDR_PERCPU = -1
/** Value of `src` that makes BPF_JCOND a may_goto. */
export const BPF_MAY_GOTO = 0

// Kernel-internal modes
export const BPF_PROBE_MEM = 0x20
export const BPF_PROBE_MEMSX = 0x40
export const BPF_NOSPEC = 0xc0

// Legacy names
export const BPF_XADD: number = BPF_ATOMIC
export const BPF_FROM_LE: number = BPF_TO_LE
export const BPF_FROM_BE: number = BPF_TO_BE

// Registers: r0 result, r1..r5 arguments, r6..r9 kept by calls, r10 frame pointer
export const BPF_REG_0 = 0
export const BPF_REG_1 = 1
export const BPF_REG_2 = 2
export const BPF_REG_3 = 3
export const BPF_REG_4 = 4
export const BPF_REG_5 = 5
export const BPF_REG_6 = 6
export const BPF_REG_7 = 7
export const BPF_REG_8 = 8
export const BPF_REG_9 = 9
export const BPF_REG_10 = 10
/** Registers that programs can name. */
export const MAX_BPF_REG = 11
/** Frame pointer, read only. */
export const BPF_REG_FP = 10
/** Hidden register that fix-ups and constant blinding use; programs can't name it. */
export const BPF_REG_AX = 11
