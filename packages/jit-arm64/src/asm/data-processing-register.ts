/**
 * Encodings of the group "Data Processing -- Register", one function a class, fields from the highest bit down.
 *
 * @see Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, "Data Processing -- Register"
 */
import { field } from './field.ts'
import { type Register, W, type Width, X, ZR } from './registers.ts'

/**
 * Data-processing (2 source)
 *
 * ```
 *   31   30   29  28-21      20-16  15-10    9-5  4-0
 * | sf | 0 | S | 11010110 | Rm | opcode | Rn | Rd |
 * ```
 */
export function dataProcessing2Source(
  sf: Width,
  S: number,
  Rm: Register,
  opcode: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('S', S, 1, 29) |
    (0b11010110 << 21) |
    field('Rm', Rm, 5, 16) |
    field('opcode', opcode, 6, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** An instruction on three registers: Rd = Rn op Rm. */
export type ThreeRegisters = (sf: Width, Rd: Register, Rn: Register, Rm: Register) => number

const twoSource =
  (opcode: number): ThreeRegisters =>
  (sf, Rd, Rn, Rm) =>
    dataProcessing2Source(sf, 0, Rm, opcode, Rn, Rd)

/** udiv Rd, Rn, Rm: 0 when Rm is 0 */
export const udiv: ThreeRegisters = twoSource(0b000010)
/** sdiv Rd, Rn, Rm: 0 when Rm is 0; the least number divided by -1 is itself */
export const sdiv: ThreeRegisters = twoSource(0b000011)
/** lsl Rd, Rn, Rm (lslv): by Rm modulo the width */
export const lslv: ThreeRegisters = twoSource(0b001000)
/** lsr Rd, Rn, Rm (lsrv) */
export const lsrv: ThreeRegisters = twoSource(0b001001)
/** asr Rd, Rn, Rm (asrv) */
export const asrv: ThreeRegisters = twoSource(0b001010)

/**
 * Data-processing (1 source)
 *
 * ```
 *   31   30   29  28-21      20-16    15-10    9-5  4-0
 * | sf | 1 | S | 11010110 | opcode2 | opcode | Rn | Rd |
 * ```
 */
export function dataProcessing1Source(
  sf: Width,
  S: number,
  opcode2: number,
  opcode: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    (1 << 30) |
    field('S', S, 1, 29) |
    (0b11010110 << 21) |
    field('opcode2', opcode2, 5, 16) |
    field('opcode', opcode, 6, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** rev16 Rd, Rn: the bytes of each half word */
export const rev16 = (sf: Width, Rd: Register, Rn: Register): number =>
  dataProcessing1Source(sf, 0, 0, 0b000001, Rn, Rd)
/** rev Wd, Wn: the bytes of the word */
export const rev32 = (Rd: Register, Rn: Register): number => dataProcessing1Source(W, 0, 0, 0b000010, Rn, Rd)
/** rev Xd, Xn: the bytes of the double word */
export const rev64 = (Rd: Register, Rn: Register): number => dataProcessing1Source(X, 0, 0, 0b000011, Rn, Rd)

/**
 * Data-processing (3 source)
 *
 * ```
 *   31  30-29  28-24   23-21   20-16  15  14-10 9-5  4-0
 * | sf | op54 | 11011 | op31 | Rm | o0 | Ra | Rn | Rd |
 * ```
 */
export function dataProcessing3Source(
  sf: Width,
  op54: number,
  op31: number,
  Rm: Register,
  o0: number,
  Ra: Register,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('op54', op54, 2, 29) |
    (0b11011 << 24) |
    field('op31', op31, 3, 21) |
    field('Rm', Rm, 5, 16) |
    field('o0', o0, 1, 15) |
    field('Ra', Ra, 5, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** madd Rd, Rn, Rm, Ra: Rd = Ra + Rn * Rm */
export const madd = (sf: Width, Rd: Register, Rn: Register, Rm: Register, Ra: Register): number =>
  dataProcessing3Source(sf, 0b00, 0b000, Rm, 0, Ra, Rn, Rd)
/** msub Rd, Rn, Rm, Ra: Rd = Ra - Rn * Rm */
export const msub = (sf: Width, Rd: Register, Rn: Register, Rm: Register, Ra: Register): number =>
  dataProcessing3Source(sf, 0b00, 0b000, Rm, 1, Ra, Rn, Rd)
/** mul Rd, Rn, Rm */
export const mul: ThreeRegisters = (sf, Rd, Rn, Rm) => madd(sf, Rd, Rn, Rm, ZR)

/**
 * Logical (shifted register)
 *
 * ```
 *   31  30-29  28-24   23-22    21  20-16  15-10  9-5  4-0
 * | sf | opc | 01010 | shift | N | Rm | imm6 | Rn | Rd |
 * ```
 */
export function logicalShiftedRegister(
  sf: Width,
  opc: number,
  shift: number,
  N: number,
  Rm: Register,
  imm6: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('opc', opc, 2, 29) |
    (0b01010 << 24) |
    field('shift', shift, 2, 22) |
    field('N', N, 1, 21) |
    field('Rm', Rm, 5, 16) |
    field('imm6', imm6, sf === X ? 6 : 5, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

const logical =
  (opc: number, N: number): ThreeRegisters =>
  (sf, Rd, Rn, Rm) =>
    logicalShiftedRegister(sf, opc, 0b00, N, Rm, 0, Rn, Rd)

/** and Rd, Rn, Rm */
export const and: ThreeRegisters = logical(0b00, 0)
/** orr Rd, Rn, Rm */
export const orr: ThreeRegisters = logical(0b01, 0)
/** eor Rd, Rn, Rm */
export const eor: ThreeRegisters = logical(0b10, 0)
/** mov Rd, Rm */
export const mov = (sf: Width, Rd: Register, Rm: Register): number => orr(sf, Rd, ZR, Rm)
/** mvn Rd, Rm */
export const mvn = (sf: Width, Rd: Register, Rm: Register): number => logical(0b01, 1)(sf, Rd, ZR, Rm)
/** tst Rn, Rm */
export const tst = (sf: Width, Rn: Register, Rm: Register): number => logical(0b11, 0)(sf, ZR, Rn, Rm)

/**
 * Add/subtract (shifted register)
 *
 * ```
 *   31   30   29  28-24   23-22    21  20-16  15-10  9-5  4-0
 * | sf | op | S | 01011 | shift | 0 | Rm | imm6 | Rn | Rd |
 * ```
 */
export function addSubtractShiftedRegister(
  sf: Width,
  op: number,
  S: number,
  shift: number,
  Rm: Register,
  imm6: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('op', op, 1, 30) |
    field('S', S, 1, 29) |
    (0b01011 << 24) |
    field('shift', shift, 2, 22) |
    field('Rm', Rm, 5, 16) |
    field('imm6', imm6, sf === X ? 6 : 5, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** add Rd, Rn, Rm */
export const add: ThreeRegisters = (sf, Rd, Rn, Rm) => addSubtractShiftedRegister(sf, 0, 0, 0b00, Rm, 0, Rn, Rd)
/** sub Rd, Rn, Rm */
export const sub: ThreeRegisters = (sf, Rd, Rn, Rm) => addSubtractShiftedRegister(sf, 1, 0, 0b00, Rm, 0, Rn, Rd)
/** neg Rd, Rm */
export const neg = (sf: Width, Rd: Register, Rm: Register): number => sub(sf, Rd, ZR, Rm)
/** cmp Rn, Rm */
export const cmp = (sf: Width, Rn: Register, Rm: Register): number =>
  addSubtractShiftedRegister(sf, 1, 1, 0b00, Rm, 0, Rn, ZR)

/**
 * Add/subtract (extended register)
 *
 * ```
 *   31   30   29  28-24   23-22   21  20-16  15-13    12-10  9-5  4-0
 * | sf | op | S | 01011 | opt | 1 | Rm | option | imm3 | Rn | Rd |
 * ```
 */
export function addSubtractExtendedRegister(
  sf: Width,
  op: number,
  S: number,
  opt: number,
  Rm: Register,
  option: number,
  imm3: number,
  Rn: Register,
  Rd: Register,
): number {
  return (
    field('sf', sf, 1, 31) |
    field('op', op, 1, 30) |
    field('S', S, 1, 29) |
    (0b01011 << 24) |
    field('opt', opt, 2, 22) |
    (1 << 21) |
    field('Rm', Rm, 5, 16) |
    field('option', option, 3, 13) |
    field('imm3', imm3, 3, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rd', Rd, 5, 0)
  )
}

/** add Xd|SP, Xn|SP, Wm, uxtw {#shift}: Rd = Rn + (the lower half of Rm << shift) */
export const addUxtw = (Rd: Register, Rn: Register, Rm: Register, shift = 0): number =>
  addSubtractExtendedRegister(X, 0, 0, 0b00, Rm, 0b010, shift, Rn, Rd)
