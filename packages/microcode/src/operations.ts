/**
 * Numbers that select an operation within a class of words.
 *
 * @see nfp_asm.h; binutils opcodes/nfp-dis.c for those that the kernel's driver does not know
 */

/** Operations of `alu`, by number. The B operand comes last in their names: `A AND~ B`. */
// biome-ignore format: one operation a line
export const ALU_OPS = {
  'B': 0x00,
  '+': 0x01,
  'pop_count3': 0x03,
  '~B': 0x04,
  '+16': 0x05,
  'pop_count1': 0x06,
  'pop_count2': 0x07,
  'AND': 0x08,
  '+8': 0x09,
  'cam_clear': 0x0b,
  '~AND': 0x0c,
  '-carry': 0x0d,
  'ffs': 0x0e,
  'cam_read_tag': 0x0f,
  'AND~': 0x10,
  '+carry': 0x11,
  'CRC': 0x12,
  'cam_write': 0x13,
  'OR': 0x14,
  '-': 0x15,
  'cam_lookup': 0x17,
  'XOR': 0x18,
  'B-A': 0x19,
  'cam_write_state': 0x1b,
  'cam_read_state': 0x1f,
} as const
/** Name of an operation of `alu`. */
export type AluOp = keyof typeof ALU_OPS

/** Operations of `shf`, by number. */
// biome-ignore format: one operation a line
export const SHF_OPS = {
  'B': 0,
  '~B': 1,
  'AND': 2,
  '~AND': 3,
  'AND~': 4,
  'OR': 5,
  'asr': 6,
  'byte_align': 7,
} as const
/** Name of an operation of `shf`. */
export type ShfOp = keyof typeof SHF_OPS

/** Conditions of `br`, by number. `bcs` is also "higher or same" behind a subtraction, `bcc` is "lower". */
// biome-ignore format: one condition a line
export const BR_CONDITIONS = {
  'beq': 0x00,
  'bne': 0x01,
  'bmi': 0x02,
  'bpl': 0x03,
  'bcs': 0x04,
  'bcc': 0x05,
  'bvs': 0x06,
  'bvc': 0x07,
  'bge': 0x08,
  'blt': 0x09,
  'ble': 0x0a,
  'bgt': 0x0b,
  'br=ctx': 0x10,
  'br!=ctx': 0x11,
  'br_signal': 0x12,
  'br_!signal': 0x13,
  'br_inp_state': 0x14,
  'br_!inp_state': 0x15,
  'br_cls_state': 0x16,
  'br_!cls_state': 0x17,
  'br': 0x18,
} as const
/** Name of a condition of `br`. */
export type BrCondition = keyof typeof BR_CONDITIONS

/** Types of `mul_step`, by number. */
export const MUL_TYPES = { start: 0, '24x8': 1, '16x16': 2, '32x32': 3 } as const
/** Name of a type of `mul_step`. */
export type MulType = keyof typeof MUL_TYPES

/** Steps of `mul_step`, by number; `start` has none and stores 0. */
export const MUL_STEPS = { step1: 0, step2: 1, step3: 2, step4: 3, last: 4, last2: 5 } as const
/** Name of a step of `mul_step`. */
export type MulStep = keyof typeof MUL_STEPS

/** Which part of the destination an `immed` writes. */
export const IMMED_WIDTHS = { all: 0, byte: 1, word: 2 } as const
/** Name of an `immed` width. */
export type ImmedWidth = keyof typeof IMMED_WIDTHS

/** What a command does with the context: swaps it out until the command's signal, after 0, 1 or 2 more words, or not. */
export const CMD_SWAPS = { swap: 0, 'swap-defer1': 1, 'swap-defer2': 2, 'no-swap': 3 } as const
/** Name of what a command does with the context. */
export type CmdSwap = keyof typeof CMD_SWAPS

/** How a command's two operands make an address: 40 bits `(A << 8) + B`, `(B << 8) + A`, or 32 bits `A + B`. */
export const CMD_MODES = { '40-ab': 0, '40-ba': 1, '32': 4 } as const
/** Name of an address mode of commands. */
export type CmdMode = keyof typeof CMD_MODES

/** Commands to memories: target and action in 7 bits, and the token that selects the variant. */
// biome-ignore format: one command a line
export const MEM_COMMANDS = {
  read:         { tgtCmd: 0x40, token: 0 },
  read_le:      { tgtCmd: 0x40, token: 1 },
  read_swap:    { tgtCmd: 0x40, token: 2 },
  read_swap_le: { tgtCmd: 0x40, token: 3 },
  write:        { tgtCmd: 0x41, token: 0 },
  write_swap:   { tgtCmd: 0x41, token: 2 },
  write8:       { tgtCmd: 0x42, token: 0 },
  write8_swap:  { tgtCmd: 0x42, token: 2 },
  read8:        { tgtCmd: 0x43, token: 1 },
  add:          { tgtCmd: 0x47, token: 0 },
  add_imm:      { tgtCmd: 0x47, token: 2 },
  read32:       { tgtCmd: 0x5c, token: 0 },
  read32_le:    { tgtCmd: 0x5c, token: 1 },
  read32_swap:  { tgtCmd: 0x5c, token: 2 },
  write32:      { tgtCmd: 0x5f, token: 0 },
  write32_swap: { tgtCmd: 0x5f, token: 2 },
} as const
/** Name of a command to a memory. */
export type MemCommand = keyof typeof MEM_COMMANDS

/** Byte addresses of control and status registers that programs use. */
// biome-ignore format: one register a line
export const CSRS = {
  ctxPtr:       0x020,
  actLmAddr0:   0x064,
  actLmAddr1:   0x06c,
  tIndex:       0x074,
  actLmAddr2:   0x094,
  actLmAddr3:   0x09c,
  timestampLow: 0x0c0,
  timestampHigh: 0x0c4,
  crcRemainder: 0x140,
  pseudoRandom: 0x148,
} as const
