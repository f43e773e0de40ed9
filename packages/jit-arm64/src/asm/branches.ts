/**
 * Encodings of the group "Branches, Exception Generating and System instructions". Distances are in bytes from the
 * instruction itself, a multiple of 4.
 *
 * @see Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, group of that name
 */
import type { Condition } from './condition.ts'
import { field, scaled, signedField } from './field.ts'
import { LINK, type Register, type Width } from './registers.ts'

const INSN_BYTES = 4

/**
 * Conditional branch (immediate)
 *
 * ```
 *   31-25     24   23-5    4    3-0
 * | 0101010 | 0 | imm19 | 0 | cond |
 * ```
 */
export function conditionalBranchImmediate(distanceBytes: number, cond: Condition): number {
  return (
    (0b0101010 << 25) |
    signedField('imm19', scaled('distance', distanceBytes, INSN_BYTES), 19, 5) |
    field('cond', cond, 4, 0)
  )
}

/** b.cond . + distance */
export const bCond = (cond: Condition, distanceBytes: number): number => conditionalBranchImmediate(distanceBytes, cond)

/**
 * Exception generation
 *
 * ```
 *   31-24      23-21  20-5   4-2   1-0
 * | 11010100 | opc | imm16 | op2 | LL |
 * ```
 */
export function exceptionGeneration(opc: number, imm16: number, op2: number, LL: number): number {
  return (
    (0b11010100 << 24) |
    field('opc', opc, 3, 21) |
    field('imm16', imm16, 16, 5) |
    field('op2', op2, 3, 2) |
    field('LL', LL, 2, 0)
  )
}

/** svc #imm16: a system call */
export const svc = (imm16: number): number => exceptionGeneration(0b000, imm16, 0b000, 0b01)
/** brk #imm16: stops at once */
export const brk = (imm16: number): number => exceptionGeneration(0b001, imm16, 0b000, 0b00)

/**
 * Barriers
 *
 * ```
 *   31-12                   11-8   7-5    4-0
 * | 11010101000000110011 | CRm | op2 | 11111 |
 * ```
 */
export function barriers(CRm: number, op2: number): number {
  return 0xd5033000 | field('CRm', CRm, 4, 8) | field('op2', op2, 3, 5) | 0b11111
}

/** dmb ish: orders all accesses before it and after it, for all CPUs */
export const dmbIsh = (): number => barriers(0b1011, 0b101)
/** isb: what follows is fetched anew */
export const isb = (): number => barriers(0b1111, 0b110)

/**
 * Unconditional branch (register)
 *
 * ```
 *   31-25     24-21   20-16   15-10    9-5   4-0
 * | 1101011 | opc  | op2   | op3    | Rn | op4 |
 * ```
 */
export function unconditionalBranchRegister(opc: number, op2: number, op3: number, Rn: Register, op4: number): number {
  return (
    (0b1101011 << 25) |
    field('opc', opc, 4, 21) |
    field('op2', op2, 5, 16) |
    field('op3', op3, 6, 10) |
    field('Rn', Rn, 5, 5) |
    field('op4', op4, 5, 0)
  )
}

/** br Rn */
export const br = (Rn: Register): number => unconditionalBranchRegister(0b0000, 0b11111, 0, Rn, 0)
/** blr Rn: x30 = the next instruction */
export const blr = (Rn: Register): number => unconditionalBranchRegister(0b0001, 0b11111, 0, Rn, 0)
/** ret {Rn} */
export const ret = (Rn: Register = LINK): number => unconditionalBranchRegister(0b0010, 0b11111, 0, Rn, 0)

/**
 * Unconditional branch (immediate)
 *
 * ```
 *   31   30-26   25-0
 * | op | 00101 | imm26 |
 * ```
 */
export function unconditionalBranchImmediate(op: number, distanceBytes: number): number {
  return (
    field('op', op, 1, 31) |
    (0b00101 << 26) |
    signedField('imm26', scaled('distance', distanceBytes, INSN_BYTES), 26, 0)
  )
}

/** b . + distance */
export const b = (distanceBytes: number): number => unconditionalBranchImmediate(0, distanceBytes)
/** bl . + distance: x30 = the next instruction */
export const bl = (distanceBytes: number): number => unconditionalBranchImmediate(1, distanceBytes)

/**
 * Compare and branch (immediate)
 *
 * ```
 *   31   30-25    24   23-5   4-0
 * | sf | 011010 | op | imm19 | Rt |
 * ```
 */
export function compareAndBranchImmediate(sf: Width, op: number, distanceBytes: number, Rt: Register): number {
  return (
    field('sf', sf, 1, 31) |
    (0b011010 << 25) |
    field('op', op, 1, 24) |
    signedField('imm19', scaled('distance', distanceBytes, INSN_BYTES), 19, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** cbz Rt, . + distance: branches when Rt is 0 */
export const cbz = (sf: Width, Rt: Register, distanceBytes: number): number =>
  compareAndBranchImmediate(sf, 0, distanceBytes, Rt)
/** cbnz Rt, . + distance: branches when Rt is not 0 */
export const cbnz = (sf: Width, Rt: Register, distanceBytes: number): number =>
  compareAndBranchImmediate(sf, 1, distanceBytes, Rt)

/**
 * Test and branch (immediate); the bit's number is b5:b40
 *
 * ```
 *   31   30-25    24   23-19  18-5   4-0
 * | b5 | 011011 | op | b40 | imm14 | Rt |
 * ```
 */
export function testAndBranchImmediate(op: number, bit: number, distanceBytes: number, Rt: Register): number {
  field('b5:b40', bit, 6, 0)
  return (
    ((bit >> 5) << 31) |
    (0b011011 << 25) |
    field('op', op, 1, 24) |
    ((bit & 31) << 19) |
    signedField('imm14', scaled('distance', distanceBytes, INSN_BYTES), 14, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** tbz Rt, #bit, . + distance: branches when the bit is 0 */
export const tbz = (Rt: Register, bit: number, distanceBytes: number): number =>
  testAndBranchImmediate(0, bit, distanceBytes, Rt)
/** tbnz Rt, #bit, . + distance: branches when the bit is 1 */
export const tbnz = (Rt: Register, bit: number, distanceBytes: number): number =>
  testAndBranchImmediate(1, bit, distanceBytes, Rt)
