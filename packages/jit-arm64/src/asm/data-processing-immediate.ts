/**
 * Encodings of the group "Data Processing -- Immediate", one function a class, fields from the highest bit down; below
 * each class the instructions of it that the back end uses.
 *
 * @see Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, "Data Processing -- Immediate"
 */
import { field, signedField } from './field.ts'
import type { LogicalImmediate } from './logical-immediate.ts'
import { type Register, W, type Width, X, ZR } from './registers.ts'

/**
 * PC-rel. addressing
 *
 * ```
 *   31  30-29   28-24   23-5   4-0
 * | op | immlo | 10000 | immhi | Rd |
 * ```
 */
export function pcRelAddressing(op: number, imm21: number, Rd: Register): number {
  signedField('imm21', imm21, 21, 0)
  return (
    field('op', op, 1, 31) |
    ((imm21 & 3) << 29) |
    (0b10000 << 24) |
    (((imm21 >> 2) & 0x7ffff) << 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** adr Rd, . + offsetBytes */
export const adr = (Rd: Register, offsetBytes: number): number => pcRelAddressing(0, offsetBytes, Rd)

/**
 * Add/subtract (immediate)
 *
 * ```
 *   31   30   29  28-23    22   21-10  9-5  4-0
 * | sf | op | S | 100010 | sh | imm12 | Rn | Rd |
 * ```
 */
export function addSubtractImmediate(
  sf: Width,
  op: number,
  S: number,
  sh: number,
  imm12: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('op', op, 1, 30) |
    field('S', S, 1, 29) |
    (0b100010 << 23) |
    field('sh', sh, 1, 22) |
    field('imm12', imm12, 12, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** add Rd|SP, Rn|SP, #imm12 {, lsl #12} */
export const addImm = (sf: Width, Rd: Register, Rn: Register, imm12: number, sh = 0): number =>
  addSubtractImmediate(sf, 0, 0, sh, imm12, Rn, Rd)
/** sub Rd|SP, Rn|SP, #imm12 {, lsl #12} */
export const subImm = (sf: Width, Rd: Register, Rn: Register, imm12: number, sh = 0): number =>
  addSubtractImmediate(sf, 1, 0, sh, imm12, Rn, Rd)
/** cmn Rn|SP, #imm12 {, lsl #12} */
export const cmnImm = (sf: Width, Rn: Register, imm12: number, sh = 0): number =>
  addSubtractImmediate(sf, 0, 1, sh, imm12, Rn, ZR)
/** cmp Rn|SP, #imm12 {, lsl #12} */
export const cmpImm = (sf: Width, Rn: Register, imm12: number, sh = 0): number =>
  addSubtractImmediate(sf, 1, 1, sh, imm12, Rn, ZR)

/**
 * Logical (immediate)
 *
 * ```
 *   31  30-29  28-23   22-10          9-5  4-0
 * | sf | opc | 100100 | N:immr:imms | Rn | Rd |
 * ```
 */
export function logicalImmediate(
  sf: Width,
  opc: number,
  immediate: LogicalImmediate,
  Rn: Register,
  Rd: Register,
): number {
  // N set means elements of 64 bits, which a 32-bit register has no room for.
  return (
    field('sf', sf, 1, 31) |
    field('opc', opc, 2, 29) |
    (0b100100 << 23) |
    field('N:immr:imms', immediate, sf === X ? 13 : 12, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** and Rd|SP, Rn, #imm */
export const andImm = (sf: Width, Rd: Register, Rn: Register, immediate: LogicalImmediate): number =>
  logicalImmediate(sf, 0b00, immediate, Rn, Rd)
/** orr Rd|SP, Rn, #imm */
export const orrImm = (sf: Width, Rd: Register, Rn: Register, immediate: LogicalImmediate): number =>
  logicalImmediate(sf, 0b01, immediate, Rn, Rd)
/** eor Rd|SP, Rn, #imm */
export const eorImm = (sf: Width, Rd: Register, Rn: Register, immediate: LogicalImmediate): number =>
  logicalImmediate(sf, 0b10, immediate, Rn, Rd)
/** tst Rn, #imm */
export const tstImm = (sf: Width, Rn: Register, immediate: LogicalImmediate): number =>
  logicalImmediate(sf, 0b11, immediate, Rn, ZR)

/**
 * Move wide (immediate)
 *
 * ```
 *   31  30-29  28-23   22-21  20-5   4-0
 * | sf | opc | 100101 | hw  | imm16 | Rd |
 * ```
 */
export function moveWideImmediate(sf: Width, opc: number, hw: number, imm16: number, Rd: Register): number {
  return (
    field('sf', sf, 1, 31) |
    field('opc', opc, 2, 29) |
    (0b100101 << 23) |
    field('hw', hw, sf === X ? 2 : 1, 21) |
    field('imm16', imm16, 16, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** movn Rd, #imm16 {, lsl #16 * hw}: Rd = ~(imm16 << 16 * hw) */
export const movn = (sf: Width, Rd: Register, imm16: number, hw = 0): number =>
  moveWideImmediate(sf, 0b00, hw, imm16, Rd)
/** movz Rd, #imm16 {, lsl #16 * hw}: Rd = imm16 << 16 * hw */
export const movz = (sf: Width, Rd: Register, imm16: number, hw = 0): number =>
  moveWideImmediate(sf, 0b10, hw, imm16, Rd)
/** movk Rd, #imm16 {, lsl #16 * hw}: that quarter of Rd, the others kept */
export const movk = (sf: Width, Rd: Register, imm16: number, hw = 0): number =>
  moveWideImmediate(sf, 0b11, hw, imm16, Rd)

/**
 * Bitfield; N equals sf
 *
 * ```
 *   31  30-29  28-23    22  21-16  15-10  9-5  4-0
 * | sf | opc | 100110 | N | immr | imms | Rn | Rd |
 * ```
 */
export function bitfield(sf: Width, opc: number, immr: number, imms: number, Rn: Register, Rd: Register): number {
  const bits = sf === X ? 6 : 5
  return (
    field('sf', sf, 1, 31) |
    field('opc', opc, 2, 29) |
    (0b100110 << 23) |
    (sf << 22) |
    field('immr', immr, bits, 16) |
    field('imms', imms, bits, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** sbfm Rd, Rn, #immr, #imms */
export const sbfm = (sf: Width, Rd: Register, Rn: Register, immr: number, imms: number): number =>
  bitfield(sf, 0b00, immr, imms, Rn, Rd)
/** ubfm Rd, Rn, #immr, #imms */
export const ubfm = (sf: Width, Rd: Register, Rn: Register, immr: number, imms: number): number =>
  bitfield(sf, 0b10, immr, imms, Rn, Rd)

const bitsOf = (sf: Width): number => (sf === X ? 64 : 32)

/** lsl Rd, Rn, #shift */
export const lslImm = (sf: Width, Rd: Register, Rn: Register, shift: number): number =>
  ubfm(sf, Rd, Rn, (bitsOf(sf) - shift) % bitsOf(sf), bitsOf(sf) - 1 - shift)
/** lsr Rd, Rn, #shift */
export const lsrImm = (sf: Width, Rd: Register, Rn: Register, shift: number): number =>
  ubfm(sf, Rd, Rn, shift, bitsOf(sf) - 1)
/** asr Rd, Rn, #shift */
export const asrImm = (sf: Width, Rd: Register, Rn: Register, shift: number): number =>
  sbfm(sf, Rd, Rn, shift, bitsOf(sf) - 1)
/** uxth Wd, Wn */
export const uxth = (Rd: Register, Rn: Register): number => ubfm(W, Rd, Rn, 0, 15)
/** sxtb, sxth, sxtw: the lowest `bits` of Rn, sign-extended */
export const signExtend = (sf: Width, Rd: Register, Rn: Register, bits: 8 | 16 | 32): number =>
  sbfm(sf, Rd, Rn, 0, bits - 1)

/**
 * Extract; N equals sf
 *
 * ```
 *   31  30-29   28-23    22  21   20-16  15-10  9-5  4-0
 * | sf | op21 | 100111 | N | o0 | Rm | imms | Rn | Rd |
 * ```
 */
export function extract(
  sf: Width,
  op21: number,
  o0: number,
  Rm: Register,
  imms: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('op21', op21, 2, 29) |
    (0b100111 << 23) |
    (sf << 22) |
    field('o0', o0, 1, 21) |
    field('Rm', Rm, 5, 16) |
    field('imms', imms, sf === X ? 6 : 5, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** ror Rd, Rn, #shift */
export const rorImm = (sf: Width, Rd: Register, Rn: Register, shift: number): number =>
  extract(sf, 0b00, 0, Rn, shift, Rn, Rd)
