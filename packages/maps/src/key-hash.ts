/**
 * The hash of a key: Bob Jenkins' lookup3 (2006, public domain), which is what the kernel's hash maps use, so that
 * with the same seed elements fall into the same buckets and are iterated in the same order.
 *
 * @see http://burtleburtle.net/bob/c/lookup3.c, hashword() for whole words and hashlittle() for bytes
 */
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { readWord } from './guest-bytes.ts'

/** What lookup3 starts from, before length and seed. */
export const HASH_START = 0xdeadbeef

/** x rotated to the left, as a signed number. */
export function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits))
}

/** lookup3's final(): every bit of a, b and c reaches every bit of c, which is the result. */
function finish(first: number, second: number, third: number): number {
  let a = first
  let b = second
  let c = third
  c = (c ^ b) - rotate(b, 14)
  a = (a ^ c) - rotate(c, 11)
  b = (b ^ a) - rotate(a, 25)
  c = (c ^ b) - rotate(b, 16)
  a = (a ^ c) - rotate(c, 4)
  b = (b ^ a) - rotate(a, 14)
  c = (c ^ b) - rotate(b, 24)
  return c >>> 0
}

/** Hash of a 4-byte key. */
export function hashWord(word: number, seed: number): number {
  const start = (HASH_START + 4 + seed) | 0
  return finish((start + word) | 0, start, start)
}

/** Hash of an 8-byte key, low word first. */
export function hashTwoWords(low: number, high: number, seed: number): number {
  const start = (HASH_START + 8 + seed) | 0
  return finish((start + low) | 0, (start + high) | 0, start)
}

/** Hash of the `lengthBytes` bytes at `key`. */
export function hashBytes(memory: GuestMemory, key: number, lengthBytes: number, seed: number): number {
  let a = (HASH_START + lengthBytes + seed) | 0
  let b = a
  let c = a
  let at = key
  let left = lengthBytes
  for (; left > 12; left -= 12, at += 12) {
    a = (a + readWord(memory, at)) | 0
    b = (b + readWord(memory, at + 4)) | 0
    c = (c + readWord(memory, at + 8)) | 0
    // lookup3's mix(): reversible, so that no two triples collide
    a = (a - c) ^ rotate(c, 4)
    c = (c + b) | 0
    b = (b - a) ^ rotate(a, 6)
    a = (a + c) | 0
    c = (c - b) ^ rotate(b, 8)
    b = (b + a) | 0
    a = (a - c) ^ rotate(c, 16)
    c = (c + b) | 0
    b = (b - a) ^ rotate(a, 19)
    a = (a + c) | 0
    c = (c - b) ^ rotate(b, 4)
    b = (b + a) | 0
  }
  if (left === 0) return c >>> 0
  a = (a + readPart(memory, at, left)) | 0
  if (left > 4) b = (b + readPart(memory, at + 4, left - 4)) | 0
  if (left > 8) c = (c + readPart(memory, at + 8, left - 8)) | 0
  return finish(a, b, c)
}

/** Hash of up to 12 zero bytes. */
export function hashZeros(lengthBytes: number, seed: number): number {
  const start = (HASH_START + lengthBytes + seed) | 0
  return finish(start, start, start)
}

/** Up to 4 bytes, little-endian, zero-filled. */
function readPart(memory: GuestMemory, at: number, lengthBytes: number): number {
  if (lengthBytes >= 4) return readWord(memory, at)
  let value = 0
  for (let n = lengthBytes - 1; n >= 0; n--) value = (value << 8) | (memory.u8[at + n] as number)
  return value
}
