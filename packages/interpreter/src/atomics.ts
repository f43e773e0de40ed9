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
  (r, o) => {
    setUnsigned(r, o.s, o.sh, exchange(o.m.i32, o.m.word(r[o.d], r[o.dh], o.off), r[o.s]))
    return o.next
  }

/** src = *(u64 *)at; *at = *at op src, in one step. */
const fetch64 =
  (exchange: (words: BigInt64Array, index: number, value: bigint) => bigint): Handler =>
  (r, o) => {
    o.m.give64(r, o.s, o.sh, exchange(o.m.i64, o.m.pair(r[o.d], r[o.dh], o.off), o.m.take64(r[o.s], r[o.sh])))
    return o.next
  }

type Atomic32 = Extract<InstructionName, `ATOMIC32_${string}`>
type Atomic64 = Extract<InstructionName, `ATOMIC64_${string}`>
type Ordered = Extract<InstructionName, `${'LOAD_ACQ' | 'STORE_REL'}_${string}`>

// biome-ignore format: table
export const ATOMIC32: HandlersOf<Atomic32> = {
  ATOMIC32_ADD:       (r, o) => { Atomics.add(o.m.i32, o.m.word(r[o.d], r[o.dh], o.off), r[o.s]); return o.next },
  ATOMIC32_OR:        (r, o) => { Atomics.or(o.m.i32, o.m.word(r[o.d], r[o.dh], o.off), r[o.s]); return o.next },
  ATOMIC32_AND:       (r, o) => { Atomics.and(o.m.i32, o.m.word(r[o.d], r[o.dh], o.off), r[o.s]); return o.next },
  ATOMIC32_XOR:       (r, o) => { Atomics.xor(o.m.i32, o.m.word(r[o.d], r[o.dh], o.off), r[o.s]); return o.next },
  ATOMIC32_FETCH_ADD: fetch32(Atomics.add),
  ATOMIC32_FETCH_OR:  fetch32(Atomics.or),
  ATOMIC32_FETCH_AND: fetch32(Atomics.and),
  ATOMIC32_FETCH_XOR: fetch32(Atomics.xor),
  ATOMIC32_XCHG:      fetch32(Atomics.exchange),
  ATOMIC32_CMPXCHG:   (r, o) => {
    const old = Atomics.compareExchange(o.m.i32, o.m.word(r[o.d], r[o.dh], o.off), r[R0], r[o.s])
    setUnsigned(r, R0, R0_HI, old)
    return o.next
  },
}

// biome-ignore format: table
export const ATOMIC64: HandlersOf<Atomic64> = {
  ATOMIC64_ADD:       (r, o) => { add(o.m, o.m.alignedTo(r[o.d], r[o.dh], o.off, 8), r[o.s], r[o.sh]); return o.next },
  ATOMIC64_OR:        (r, o) => { or(o.m, o.m.alignedTo(r[o.d], r[o.dh], o.off, 8), r[o.s], r[o.sh]); return o.next },
  ATOMIC64_AND:       (r, o) => { and(o.m, o.m.alignedTo(r[o.d], r[o.dh], o.off, 8), r[o.s], r[o.sh]); return o.next },
  ATOMIC64_XOR:       (r, o) => { xor(o.m, o.m.alignedTo(r[o.d], r[o.dh], o.off, 8), r[o.s], r[o.sh]); return o.next },
  ATOMIC64_FETCH_ADD: fetch64(Atomics.add),
  ATOMIC64_FETCH_OR:  fetch64(Atomics.or),
  ATOMIC64_FETCH_AND: fetch64(Atomics.and),
  ATOMIC64_FETCH_XOR: fetch64(Atomics.xor),
  ATOMIC64_XCHG:      fetch64(Atomics.exchange),
  ATOMIC64_CMPXCHG:   (r, o) => {
    const index = o.m.pair(r[o.d], r[o.dh], o.off)
    const old = Atomics.compareExchange(o.m.i64, index, o.m.take64(r[R0], r[R0_HI]), o.m.take64(r[o.s], r[o.sh]))
    o.m.give64(r, R0, R0_HI, old)
    return o.next
  },
}

/** Load-acquire and store-release. JavaScript's Atomics are sequentially consistent, which is more than asked for. */
// biome-ignore format: table
export const ORDERED: HandlersOf<Ordered> = {
  LOAD_ACQ_B:   (r, o) => { setUnsigned(r, o.d, o.dh, Atomics.load(o.m.u8, o.m.from(r[o.s], r[o.sh], o.off, 1) >>> 0)); return o.next },
  LOAD_ACQ_H:   (r, o) => { setUnsigned(r, o.d, o.dh, Atomics.load(o.m.u16, o.m.alignedFrom(r[o.s], r[o.sh], o.off, 2) >>> 1)); return o.next },
  LOAD_ACQ_W:   (r, o) => { setUnsigned(r, o.d, o.dh, Atomics.load(o.m.i32, o.m.alignedFrom(r[o.s], r[o.sh], o.off, 4) >>> 2)); return o.next },
  LOAD_ACQ_DW:  (r, o) => { o.m.give64(r, o.d, o.dh, Atomics.load(o.m.i64, o.m.alignedFrom(r[o.s], r[o.sh], o.off, 8) >>> 3)); return o.next },
  STORE_REL_B:  (r, o) => { Atomics.store(o.m.u8, o.m.to(r[o.d], r[o.dh], o.off, 1) >>> 0, r[o.s]); return o.next },
  STORE_REL_H:  (r, o) => { Atomics.store(o.m.u16, o.m.alignedTo(r[o.d], r[o.dh], o.off, 2) >>> 1, r[o.s]); return o.next },
  STORE_REL_W:  (r, o) => { Atomics.store(o.m.i32, o.m.alignedTo(r[o.d], r[o.dh], o.off, 4) >>> 2, r[o.s]); return o.next },
  STORE_REL_DW: (r, o) => { Atomics.store(o.m.i64, o.m.alignedTo(r[o.d], r[o.dh], o.off, 8) >>> 3, o.m.take64(r[o.s], r[o.sh])); return o.next },
}
