/**
 * Encodings of the group "Loads and Stores" with general-purpose registers (the field V is 0), one function a class,
 * fields from the highest bit down.
 *
 * `opc` of single accesses: 00 store, 01 load and zero-extend, 10 load and sign-extend to 64 bits. The field `size` is
 * the logarithm of the access in bytes.
 *
 * @see Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, "Loads and Stores"
 */
import { field, scaled, signedField } from './field.ts'
import type { Register, SizeLog2 } from './registers.ts'

export const STORE = 0b00
export const LOAD = 0b01
export const LOAD_SIGNED = 0b10
/** With size 3: prfm, whose Rt is a hint and no register. */
export const PREFETCH = 0b10
/** For a load, into the first cache, to be kept. */
export const PLDL1KEEP = 0
/** What a single access does: the field `opc`. */
export type Access = typeof STORE | typeof LOAD | typeof LOAD_SIGNED

/**
 * Load/store register (unsigned immediate)
 *
 * ```
 *   31-30   29-27  26  25-24  23-22  21-10   9-5  4-0
 * | size | 111 | 0 | 01 | opc | imm12 | Rn | Rt |
 * ```
 *
 * @param offsetBytes imm12 times the access's size
 */
export function loadStoreUnsignedImmediate(
  size: SizeLog2,
  opc: Access,
  offsetBytes: number,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('size', size, 2, 30) |
    (0b111_0_01 << 24) |
    field('opc', opc, 2, 22) |
    field('imm12', scaled('offset', offsetBytes, 1 << size), 12, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** ldr Xt, [Xn|SP, #offset] */
export const ldrX = (Rt: Register, Rn: Register, offsetBytes = 0): number =>
  loadStoreUnsignedImmediate(3, LOAD, offsetBytes, Rn, Rt)
/** ldr Wt, [Xn|SP, #offset] */
export const ldrW = (Rt: Register, Rn: Register, offsetBytes = 0): number =>
  loadStoreUnsignedImmediate(2, LOAD, offsetBytes, Rn, Rt)
/** str Xt, [Xn|SP, #offset] */
export const strX = (Rt: Register, Rn: Register, offsetBytes = 0): number =>
  loadStoreUnsignedImmediate(3, STORE, offsetBytes, Rn, Rt)
/** str Wt, [Xn|SP, #offset] */
export const strW = (Rt: Register, Rn: Register, offsetBytes = 0): number =>
  loadStoreUnsignedImmediate(2, STORE, offsetBytes, Rn, Rt)

/**
 * Load/store register (unscaled immediate) and (immediate pre-indexed), (immediate post-indexed)
 *
 * ```
 *   31-30   29-27  26  25-24  23-22  21   20-12   11-10   9-5  4-0
 * | size | 111 | 0 | 00 | opc | 0 | imm9 | mode | Rn | Rt |
 * ```
 *
 * @param mode 00 unscaled, 01 post-indexed, 11 pre-indexed
 */
export function loadStoreImmediate9(
  size: SizeLog2,
  opc: Access,
  offsetBytes: number,
  mode: number,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('size', size, 2, 30) |
    (0b111_0_00 << 24) |
    field('opc', opc, 2, 22) |
    signedField('imm9', offsetBytes, 9, 12) |
    field('mode', mode, 2, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** ldur, stur, ldursw ...: [Xn|SP, #offset], any alignment, -256 to 255 */
export const loadStoreUnscaled = (
  size: SizeLog2,
  opc: Access,
  offsetBytes: number,
  Rn: Register,
  Rt: Register,
): number => loadStoreImmediate9(size, opc, offsetBytes, 0b00, Rn, Rt)
/** str Xt, [Xn|SP, #offset]! */
export const pushX = (Rt: Register, Rn: Register, offsetBytes: number): number =>
  loadStoreImmediate9(3, STORE, offsetBytes, 0b11, Rn, Rt)
/** ldr Xt, [Xn|SP], #offset */
export const popX = (Rt: Register, Rn: Register, offsetBytes: number): number =>
  loadStoreImmediate9(3, LOAD, offsetBytes, 0b01, Rn, Rt)

/**
 * Load/store register (register offset); S scales Rm by the access's size
 *
 * ```
 *   31-30   29-27  26  25-24  23-22  21  20-16  15-13    12  11-10  9-5  4-0
 * | size | 111 | 0 | 00 | opc | 1 | Rm | option | S | 10 | Rn | Rt |
 * ```
 */
export function loadStoreRegisterOffset(
  size: SizeLog2,
  opc: Access,
  Rm: Register,
  option: number,
  S: number,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('size', size, 2, 30) |
    (0b111_0_00 << 24) |
    field('opc', opc, 2, 22) |
    (1 << 21) |
    field('Rm', Rm, 5, 16) |
    field('option', option, 3, 13) |
    field('S', S, 1, 12) |
    (0b10 << 10) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** ldr, str, ldrsw ...: [Xn|SP, Xm {, lsl #size}] */
export const loadStoreIndexed = (
  size: SizeLog2,
  opc: Access,
  Rm: Register,
  Rn: Register,
  Rt: Register,
  scale: 0 | 1 = 0,
): number => loadStoreRegisterOffset(size, opc, Rm, 0b011, scale, Rn, Rt)

/**
 * Load/store register pair (offset), (pre-indexed), (post-indexed); offsets in units of 8 bytes for X registers
 *
 * ```
 *   31-30   29-27  26  25-23   22   21-15  14-10  9-5  4-0
 * | opc | 101 | 0 | mode | L | imm7 | Rt2 | Rn | Rt |
 * ```
 *
 * @param mode 001 post-indexed, 010 offset, 011 pre-indexed
 */
export function loadStorePair(
  opc: number,
  mode: number,
  L: number,
  offsetBytes: number,
  Rt2: Register,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('opc', opc, 2, 30) |
    (0b101_0 << 26) |
    field('mode', mode, 3, 23) |
    field('L', L, 1, 22) |
    signedField('imm7', scaled('offset', offsetBytes, 8), 7, 15) |
    field('Rt2', Rt2, 5, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** stp Xt, Xt2, [Xn|SP, #offset] */
export const stp = (Rt: Register, Rt2: Register, Rn: Register, offsetBytes = 0): number =>
  loadStorePair(0b10, 0b010, 0, offsetBytes, Rt2, Rn, Rt)
/** ldp Xt, Xt2, [Xn|SP, #offset] */
export const ldp = (Rt: Register, Rt2: Register, Rn: Register, offsetBytes = 0): number =>
  loadStorePair(0b10, 0b010, 1, offsetBytes, Rt2, Rn, Rt)
/** stp Xt, Xt2, [Xn|SP, #offset]! */
export const stpPush = (Rt: Register, Rt2: Register, Rn: Register, offsetBytes: number): number =>
  loadStorePair(0b10, 0b011, 0, offsetBytes, Rt2, Rn, Rt)
/** ldp Xt, Xt2, [Xn|SP], #offset */
export const ldpPop = (Rt: Register, Rt2: Register, Rn: Register, offsetBytes: number): number =>
  loadStorePair(0b10, 0b001, 1, offsetBytes, Rt2, Rn, Rt)
