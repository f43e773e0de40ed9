/**
 * The layout of each class of words, fields from the lowest bit up.
 *
 * A word is of a class if the bits of `mask` have the value of `base`. The classes are tried in this order.
 *
 * @see nfp.md 3; drivers/net/ethernet/netronome/nfp/nfp_asm.h (masks), binutils include/opcode/nfp.h (classes)
 */
import type { Field, Word } from './field.ts'

/** Fields by name. */
export type Fields = Readonly<Record<string, Field>>

/** A class of words. */
export interface Layout<F extends Fields> {
  readonly mask: number
  readonly base: number
  readonly fields: F
}

// biome-ignore format: one field a line, from the lowest bit up
export const LAYOUTS = {
  /** A command to a memory or another unit. */
  cmd: { mask: 0x8000000000, base: 0, fields: {
    a: [7, 0],
    ctx: [9, 8],
    b: [17, 10],
    token: [19, 18],
    xfer: [24, 20],
    count: [27, 25],
    signal: [31, 28],
    tgtCmd: [38, 32],
    xferHi: [40, 40],
    indirect: [41, 41],
    mode: [44, 42],
  } },
  /** Logic on a shifted operand; double shifts; byte alignment. */
  shf: { mask: 0xe000000000, base: 0x8000000000, fields: {
    a: [7, 0],
    sc: [9, 8],
    b: [17, 10],
    i8: [18, 18],
    swap: [19, 19],
    dst: [27, 20],
    shift: [32, 28],
    op: [35, 33],
    dstB: [36, 36],
    noCc: [40, 40],
    wrBoth: [41, 41],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
    predicateCc: [44, 44],
  } },
  /** Arithmetic and logic on two operands. */
  alu: { mask: 0xe000000000, base: 0xa000000000, fields: {
    a: [9, 0],
    b: [19, 10],
    dst: [29, 20],
    swap: [30, 30],
    op: [35, 31],
    dstB: [36, 36],
    noCc: [40, 40],
    wrBoth: [41, 41],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
    predicateCc: [44, 44],
  } },
  /** Loads of 16-bit immediates; `nop` is one without destination. */
  immed: { mask: 0x1f900000000, base: 0xf000000000, fields: {
    a: [9, 0],
    b: [19, 10],
    immHi: [27, 20],
    width: [30, 29],
    invert: [31, 31],
    shift: [34, 33],
    wrBoth: [41, 41],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
    predicateCc: [44, 44],
  } },
  /** Replaces some bytes of the destination. */
  ldField: { mask: 0x1fa00e00000, base: 0xc000000000, fields: {
    a: [7, 0],
    sc: [9, 8],
    b: [17, 10],
    i8: [18, 18],
    swap: [19, 19],
    zero: [20, 20],
    byteMask: [27, 24],
    shift: [32, 28],
    loadCc: [34, 34],
    wrBoth: [41, 41],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
    predicateCc: [44, 44],
  } },
  /** Gives the core to another context. */
  ctxArb: { mask: 0xf800000000, base: 0xe000000000, fields: {
    events: [15, 0],
    any: [16, 16],
    breakpoint: [17, 17],
    resume: [18, 18],
    noLoad: [19, 19],
    defer: [21, 20],
    addrLo: [34, 22],
    addrHi: [40, 40],
  } },
  /** Reads or writes a control and status register of the core. */
  localCsr: { mask: 0x1fe00100000, base: 0xfc00000000, fields: {
    a: [9, 0],
    b: [19, 10],
    write: [21, 21],
    csr: [32, 22],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
  } },
  /** Branches on condition codes, contexts, signals and states. */
  br: { mask: 0xf8000c3ce0, base: 0xd800000020, fields: {
    condition: [4, 0],
    evPip: [9, 8],
    state: [17, 14],
    defer: [21, 20],
    addrLo: [34, 22],
    addrHi: [40, 40],
  } },
  /** Branches on a byte of a register. */
  brByte: { mask: 0xf800000000, base: 0xc800000000, fields: {
    a: [7, 0],
    byte: [9, 8],
    b: [17, 10],
    i8: [18, 18],
    equal: [19, 19],
    defer: [21, 20],
    addrLo: [34, 22],
    addrHi: [40, 40],
    srcLmExtn: [42, 42],
  } },
  /** Branches on a bit of a register. */
  brBit: { mask: 0xf800080300, base: 0xd000000000, fields: {
    a: [7, 0],
    b: [17, 10],
    set: [18, 18],
    defer: [21, 20],
    addrLo: [34, 22],
    addrHi: [40, 40],
    srcLmExtn: [42, 42],
  } },
  /** Branches to a register plus an immediate. */
  brAlu: { mask: 0xff80000000, base: 0xe800000000, fields: {
    a: [9, 0],
    b: [19, 10],
    defer: [21, 20],
    immHi: [30, 22],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
  } },
  /** A step of a multiplication. */
  mul: { mask: 0xfe3f000000, base: 0xf800000000, fields: {
    a: [9, 0],
    b: [19, 10],
    step: [22, 20],
    dstB: [23, 23],
    swap: [30, 30],
    type: [32, 31],
    noCc: [40, 40],
    wrBoth: [41, 41],
    srcLmExtn: [42, 42],
    dstLmExtn: [43, 43],
    predicateCc: [44, 44],
  } },
} as const

/** Names of the classes of words. */
export type WordClass = keyof typeof LAYOUTS

const CLASSES = Object.entries(LAYOUTS) as readonly [WordClass, Layout<Fields>][]

/** The class of a word; check bits are not looked at. `undefined`: it is none that is known. */
export function classOf(word: Word): WordClass | undefined {
  return CLASSES.find(([, row]) => masked(word, row.mask) === row.base)?.[0]
}

const HALF = 2 ** 32

/** `word & mask` for numbers above 32 bits. */
function masked(word: Word, mask: number): number {
  const high = Math.floor(word / HALF) & Math.floor(mask / HALF)
  return high * HALF + ((word & mask) >>> 0)
}
