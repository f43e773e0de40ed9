/**
 * Atomic operations, safe between workers, at naturally aligned addresses only.
 *
 * 32-bit ones are single JavaScript Atomics, which V8 compiles to one machine instruction. The 64-bit ones that give
 * back the old value, and exchanges, are Atomics on 64-bit words; the few nanoseconds of BigInt are paid there. The
 * plain ones (`lock *(u64 *)(r1 +0) += r2`, the counter in every second program) work word by word without BigInt:
 *
 * - or, and, xor: each bit is on its own, and a word that can't change is left alone.
 * - add: the lower word's own atomic add answers what it held, hence whether it wrapped; then the upper word takes its
 *   part and the carry. Additions commute, so the sum is right whatever other CPUs add in between, with instructions of
 *   any engine. Only a plain load in the instant between the two (once in 2^32 counts of 1) sees a sum 2^32 too low.
 *
 * @see RFC 9669, section 5.3
 */
import type { InstructionName } from '@bpfoundry/isa'
import { setUnsigned } from './int64.ts'
import type { Machine } from './machine.ts'
import type { Handler, HandlersOf } from './operation.ts'
import { R0, R0_HI } from './registers.ts'

/** *(u64 *)at += (lo, hi), without the old value. */
function add(m: Machine, at: number, lo: number, hi: number): void {
  const old = Atomics.add(m.i32, at >>> 2, lo)
  const upper = (hi + ((old + lo) >>> 0 < lo >>> 0 ? 1 : 0)) | 0
  if (upper !== 0) Atomics.add(m.i32, (at >>> 2) + 1, upper)
}

function or(m: Machine, at: number, lo: number, hi: number): void {
  if (lo !== 0) Atomics.or(m.i32, at >>> 2, lo)
  if (hi !== 0) Atomics.or(m.i32, (at >>> 2) + 1, hi)
}

function and(m: Machine, at: number, lo: number, hi: number): void {
  if (lo !== -1) Atomics.and(m.i32, at >>> 2, lo)
  if (hi !== -1) Atomics.and(m.i32, (at >>> 2) + 1, hi)
}

function xor(m: Machine, at: number, lo: number, hi: number): void {
  if (lo !== 0) Atomics.xor(m.i32, at >>> 2, lo)
  if (hi !== 0) Atomics.xor(m.i32, (at >>> 2) + 1, hi)
}

/** src = *(u32 *)at, zero-extended; *at = *at op src, in one step. */
const fetch32 =
  (exchange: (words: Int32Array, index: number, value: number) => number): Handler =>
  ({ m, d, dh, s, sh, off, next }) =>
  (r) => {
    setUnsigned(r, s, sh, exchange(m.i32, m.word(r[d], r[dh], off), r[s]))
    return next
  }

/** src = *(u64 *)at; *at = *at op src, in one step. */
const fetch64 =
  (exchange: (words: BigInt64Array, index: number, value: bigint) => bigint): Handler =>
  ({ m, d, dh, s, sh, off, next }) =>
  (r) => {
    m.give64(r, s, sh, exchange(m.i64, m.pair(r[d], r[dh], off), m.take64(r[s], r[sh])))
    return next
  }

type Atomic32 = Extract<InstructionName, `ATOMIC32_${string}`>
type Atomic64 = Extract<InstructionName, `ATOMIC64_${string}`>
type Ordered = Extract<InstructionName, `${'LOAD_ACQ' | 'STORE_REL'}_${string}`>

// biome-ignore format: table
export const ATOMIC32: HandlersOf<Atomic32> = {
  ATOMIC32_ADD:       ({ m, d, dh, s, off, next }) => (r) => { Atomics.add(m.i32, m.word(r[d], r[dh], off), r[s]); return next },
  ATOMIC32_OR:        ({ m, d, dh, s, off, next }) => (r) => { Atomics.or(m.i32, m.word(r[d], r[dh], off), r[s]); return next },
  ATOMIC32_AND:       ({ m, d, dh, s, off, next }) => (r) => { Atomics.and(m.i32, m.word(r[d], r[dh], off), r[s]); return next },
  ATOMIC32_XOR:       ({ m, d, dh, s, off, next }) => (r) => { Atomics.xor(m.i32, m.word(r[d], r[dh], off), r[s]); return next },
  ATOMIC32_FETCH_ADD: fetch32(Atomics.add),
  ATOMIC32_FETCH_OR:  fetch32(Atomics.or),
  ATOMIC32_FETCH_AND: fetch32(Atomics.and),
  ATOMIC32_FETCH_XOR: fetch32(Atomics.xor),
  ATOMIC32_XCHG:      fetch32(Atomics.exchange),
  ATOMIC32_CMPXCHG:   ({ m, d, dh, s, off, next }) => (r) => {
    const index = m.word(r[d], r[dh], off)
    setUnsigned(r, R0, R0_HI, Atomics.compareExchange(m.i32, index, r[R0], r[s]))
    return next
  },
}

// biome-ignore format: table
export const ATOMIC64: HandlersOf<Atomic64> = {
  ATOMIC64_ADD:       ({ m, d, dh, s, sh, off, next }) => (r) => { add(m, m.alignedTo(r[d], r[dh], off, 8), r[s], r[sh]); return next },
  ATOMIC64_OR:        ({ m, d, dh, s, sh, off, next }) => (r) => { or(m, m.alignedTo(r[d], r[dh], off, 8), r[s], r[sh]); return next },
  ATOMIC64_AND:       ({ m, d, dh, s, sh, off, next }) => (r) => { and(m, m.alignedTo(r[d], r[dh], off, 8), r[s], r[sh]); return next },
  ATOMIC64_XOR:       ({ m, d, dh, s, sh, off, next }) => (r) => { xor(m, m.alignedTo(r[d], r[dh], off, 8), r[s], r[sh]); return next },
  ATOMIC64_FETCH_ADD: fetch64(Atomics.add),
  ATOMIC64_FETCH_OR:  fetch64(Atomics.or),
  ATOMIC64_FETCH_AND: fetch64(Atomics.and),
  ATOMIC64_FETCH_XOR: fetch64(Atomics.xor),
  ATOMIC64_XCHG:      fetch64(Atomics.exchange),
  ATOMIC64_CMPXCHG:   ({ m, d, dh, s, sh, off, next }) => (r) => {
    const index = m.pair(r[d], r[dh], off)
    m.give64(r, R0, R0_HI, Atomics.compareExchange(m.i64, index, m.take64(r[R0], r[R0_HI]), m.take64(r[s], r[sh])))
    return next
  },
}

/** Load-acquire and store-release. JavaScript's Atomics are sequentially consistent, which is more than asked for. */
// biome-ignore format: table
export const ORDERED: HandlersOf<Ordered> = {
  LOAD_ACQ_B:   ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, Atomics.load(m.u8, m.from(r[s], r[sh], off, 1) >>> 0)); return next },
  LOAD_ACQ_H:   ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, Atomics.load(m.u16, m.alignedFrom(r[s], r[sh], off, 2) >>> 1)); return next },
  LOAD_ACQ_W:   ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, Atomics.load(m.i32, m.alignedFrom(r[s], r[sh], off, 4) >>> 2)); return next },
  LOAD_ACQ_DW:  ({ m, d, dh, s, sh, off, next }) => (r) => { m.give64(r, d, dh, Atomics.load(m.i64, m.alignedFrom(r[s], r[sh], off, 8) >>> 3)); return next },
  STORE_REL_B:  ({ m, d, dh, s, off, next }) => (r) => { Atomics.store(m.u8, m.to(r[d], r[dh], off, 1) >>> 0, r[s]); return next },
  STORE_REL_H:  ({ m, d, dh, s, off, next }) => (r) => { Atomics.store(m.u16, m.alignedTo(r[d], r[dh], off, 2) >>> 1, r[s]); return next },
  STORE_REL_W:  ({ m, d, dh, s, off, next }) => (r) => { Atomics.store(m.i32, m.alignedTo(r[d], r[dh], off, 4) >>> 2, r[s]); return next },
  STORE_REL_DW: ({ m, d, dh, s, sh, off, next }) => (r) => { Atomics.store(m.i64, m.alignedTo(r[d], r[dh], off, 8) >>> 3, m.take64(r[s], r[sh])); return next },
}
