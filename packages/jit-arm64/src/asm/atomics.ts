/**
 * Encodings of "Loads and Stores" that order or exchange: exclusive, ordered, compare and swap, atomic memory operations
 * (FEAT_LSE). Their address is a register without offset, naturally aligned.
 *
 * @see Arm Architecture Reference Manual for A-profile (DDI 0487), C4.1, "Loads and Stores"
 */
import { field } from './field.ts'
import { type Register, type SizeLog2, ZR } from './registers.ts'

/**
 * Load/store exclusive register, load/store ordered; Rs takes the store's status, 0 when it happened
 *
 * ```
 *   31-30   29-24    23   22   21  20-16  15   14-10  9-5  4-0
 * | size | 001000 | o2 | L | o1 | Rs | o0 | Rt2 | Rn | Rt |
 * ```
 *
 * @param o2 0 exclusive, 1 ordered
 */
export function loadStoreExclusive(
  size: SizeLog2,
  o2: number,
  L: number,
  o1: number,
  Rs: Register,
  o0: number,
  Rt2: Register,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('size', size, 2, 30) |
    (0b001000 << 24) |
    field('o2', o2, 1, 23) |
    field('L', L, 1, 22) |
    field('o1', o1, 1, 21) |
    field('Rs', Rs, 5, 16) |
    field('o0', o0, 1, 15) |
    field('Rt2', Rt2, 5, 10) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** ldxr{b,h} Rt, [Xn|SP] */
export const ldxr = (size: SizeLog2, Rt: Register, Rn: Register): number =>
  loadStoreExclusive(size, 0, 1, 0, ZR, 0, ZR, Rn, Rt)
/** stxr{b,h} Ws, Rt, [Xn|SP] */
export const stxr = (size: SizeLog2, Rs: Register, Rt: Register, Rn: Register): number =>
  loadStoreExclusive(size, 0, 0, 0, Rs, 0, ZR, Rn, Rt)
/** stlxr{b,h} Ws, Rt, [Xn|SP] */
export const stlxr = (size: SizeLog2, Rs: Register, Rt: Register, Rn: Register): number =>
  loadStoreExclusive(size, 0, 0, 0, Rs, 1, ZR, Rn, Rt)
/** ldar{b,h} Rt, [Xn|SP]: load-acquire */
export const ldar = (size: SizeLog2, Rt: Register, Rn: Register): number =>
  loadStoreExclusive(size, 1, 1, 0, ZR, 1, ZR, Rn, Rt)
/** stlr{b,h} Rt, [Xn|SP]: store-release */
export const stlr = (size: SizeLog2, Rt: Register, Rn: Register): number =>
  loadStoreExclusive(size, 1, 0, 0, ZR, 1, ZR, Rn, Rt)

/**
 * Compare and swap
 *
 * ```
 *   31-30   29-23     22   21  20-16  15   14-10   9-5  4-0
 * | size | 0010001 | L | 1 | Rs | o0 | 11111 | Rn | Rt |
 * ```
 */
export function compareAndSwap(
  size: SizeLog2,
  L: number,
  Rs: Register,
  o0: number,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('size', size, 2, 30) |
    (0b0010001 << 23) |
    field('L', L, 1, 22) |
    (1 << 21) |
    field('Rs', Rs, 5, 16) |
    field('o0', o0, 1, 15) |
    (0b11111 << 10) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** casal Rs, Rt, [Xn|SP]: where memory holds Rs it becomes Rt; Rs takes what it held */
export const casal = (size: SizeLog2, Rs: Register, Rt: Register, Rn: Register): number =>
  compareAndSwap(size, 1, Rs, 1, Rn, Rt)

/**
 * Atomic memory operations; A acquires, R releases
 *
 * ```
 *   31-30   29-27  26  25-24  23  22  21  20-16  15   14-12  11-10  9-5  4-0
 * | size | 111 | 0 | 00 | A | R | 1 | Rs | o3 | opc | 00 | Rn | Rt |
 * ```
 */
export function atomicMemoryOperations(
  size: SizeLog2,
  A: number,
  R: number,
  Rs: Register,
  o3: number,
  opc: number,
  Rn: Register,
  Rt: Register,
): number {
  return (
    field('size', size, 2, 30) |
    (0b111_0_00 << 24) |
    field('A', A, 1, 23) |
    field('R', R, 1, 22) |
    (1 << 21) |
    field('Rs', Rs, 5, 16) |
    field('o3', o3, 1, 15) |
    field('opc', opc, 3, 12) |
    field('Rn', Rn, 5, 5) |
    field('Rt', Rt, 5, 0)
  )
}

/** What an atomic memory operation does with memory and Rs: the fields o3:opc. */
export const ATOMIC = { ADD: 0b0_000, CLEAR: 0b0_001, EOR: 0b0_010, SET: 0b0_011, SWAP: 0b1_000 } as const
export type AtomicOperation = (typeof ATOMIC)[keyof typeof ATOMIC]

/** ldaddal, ldclral, ldeoral, ldsetal, swpal Rs, Rt, [Xn|SP]: Rt takes what memory held; acquires and releases */
export const fetchAtomic = (
  operation: AtomicOperation,
  size: SizeLog2,
  Rs: Register,
  Rt: Register,
  Rn: Register,
): number => atomicMemoryOperations(size, 1, 1, Rs, operation >> 3, operation & 7, Rn, Rt)
/** stadd, stclr, steor, stset Rs, [Xn|SP]: without the old value, and without order */
export const storeAtomic = (operation: AtomicOperation, size: SizeLog2, Rs: Register, Rn: Register): number =>
  atomicMemoryOperations(size, 0, 0, Rs, operation >> 3, operation & 7, Rn, ZR)
