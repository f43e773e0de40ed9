/** 64-bit counters in guest memory, two little-endian words, as programs and drivers keep them. */
import type { GuestMemory } from './guest-memory.ts'

const WORD = 2 ** 32

/** The u64 at `address` (a multiple of 4) as a number; exact below 2^53. */
export function readU64(memory: GuestMemory, address: number): number {
  const at = address >>> 2
  return (memory.u32[at + 1] as number) * WORD + (memory.u32[at] as number)
}

/** Writes a whole number from 0 to 2^53 as a u64. */
export function writeU64(memory: GuestMemory, address: number, value: number): void {
  const at = address >>> 2
  memory.u32[at] = value % WORD
  memory.u32[at + 1] = value / WORD
}

/** Adds `amount`, from 0 to 2^53, to the u64 at `address`; wraps at 2^64. For counters with one writer: it is not atomic. */
export function addU64(memory: GuestMemory, address: number, amount: number): void {
  const at = address >>> 2
  const low = (memory.u32[at] as number) + (amount % WORD)
  memory.u32[at] = low % WORD
  memory.u32[at + 1] = (memory.u32[at + 1] as number) + Math.floor(amount / WORD) + (low >= WORD ? 1 : 0)
}
