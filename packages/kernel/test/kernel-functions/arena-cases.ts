/** Programs with an arena of two pages at 2^44, and what they answer on Linux. `alloc(1)` is the first of so many pages in r7. */
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { FunctionCase } from './function-cases.ts'

const PAGE = 4096
const START = 2 ** 44

/** r7 = the first of `count` pages, at `at` or anywhere. */
const alloc = (count: number, at = 'r2 = 0'): string =>
  `\nr1 = arena ll\n${at}\nr3 = ${count}\nr4 = -1\nr5 = 0\ncall bpf_arena_alloc_pages\nr7 = r0`
const free = (count: number, register = 'r7'): string =>
  `\nr1 = arena ll\nr2 = ${register}\nr3 = ${count}\ncall bpf_arena_free_pages`
/** r6 = a pointer to what r7 is the address of. */
const IN = '\nr6 = addr_space_cast(r7, 0x0, 0x1)'
const TO_USER = '\nr7 = addr_space_cast(r6, 0x1, 0x0)'
const END = '\nexit'
const page = (index: number): string => `r2 = ${START + index * PAGE} ll`
/** r6 = a pointer to the second page, which nobody asked for; the arena is named, so that it is the program's. */
const ABSENT = `\nr1 = arena ll\nr7 = ${START + PAGE} ll${IN}`

// biome-ignore format: table
const ROWS: readonly (readonly [name: string, source: string, expected: number])[] = [
  ['upper half of the first page\'s address', `${alloc(1)}\nr7 >>= 32\nr0 = r7${END}`, START / 2 ** 32],
  ['lower half of the second page\'s address', `${alloc(1)}${alloc(1)}\nr0 = r7${END}`, PAGE],
  ['a third page',                     `${alloc(1)}${alloc(1)}${alloc(1)}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['three pages at once',              `${alloc(3)}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['no page',                          `${alloc(0)}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['the second page, asked for',       `${alloc(1, page(1))}\nr0 = r7${END}`, PAGE],
  ['the second page, asked for twice', `${alloc(1, page(1))}${alloc(1, page(1))}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['two pages from the second on',     `${alloc(2, page(1))}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['the middle of a page, asked for',  `${alloc(1, 'r2 = 17592186044424 ll')}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['two pages after the second is taken', `${alloc(1, page(1))}${alloc(2)}\nr0 = r7\nr0 >>= 32${END}`, 0],
  ['with flags',                       `\nr1 = arena ll\nr2 = 0\nr3 = 1\nr4 = -1\nr5 = 1\ncall bpf_arena_alloc_pages${END}`, 0],
  ['a word, stored and loaded',        `${alloc(1)}${IN}\n*(u64 *)(r6 + 8) = 77\nr0 = *(u64 *)(r6 + 8)${END}`, 77],
  ['a word, loaded by bytes',          `${alloc(1)}${IN}\nr1 = 0x44332211 ll\n*(u64 *)(r6 + 0) = r1\nr0 = *(u8 *)(r6 + 1)\nr2 = *(u16 *)(r6 + 2)\nr0 += r2${END}`, 0x22 + 0x4433],
  ['bytes that extend the sign',       `${alloc(1)}${IN}\n*(u8 *)(r6 + 0) = 255\n*(u16 *)(r6 + 2) = -2\nr0 = *(s8 *)(r6 + 0)\nr2 = *(s16 *)(r6 + 2)\nr0 += r2${END}`, -3],
  ['a load into its own pointer',      `${alloc(1)}${IN}\n*(u32 *)(r6 + 4) = 9\nr6 = *(u32 *)(r6 + 4)\nr0 = r6${END}`, 9],
  ['a page that is empty',             `${alloc(1)}${IN}\nr0 = *(u64 *)(r6 + 16)${END}`, 0],
  ['a page that is not there',         `${ABSENT}\nr0 = *(u64 *)(r6 + 16)${END}`, 0],
  ['a page that is not there, stored to', `${ABSENT}\n*(u64 *)(r6 + 16) = 5\nr0 = *(u64 *)(r6 + 16)${END}`, 0],
  ['a page that was stored to before it was there', `${ABSENT}\n*(u64 *)(r6 + 16) = 5${alloc(2)}${ABSENT}\nr0 = *(u64 *)(r6 + 16)${END}`, 0],
  ['a page that was given back',       `${alloc(1)}${IN}\n*(u32 *)(r6 + 0) = 5${free(1)}\nr0 = *(u32 *)(r6 + 0)${END}`, 0],
  ['a page that was given back and got again', `${alloc(1)}${IN}\n*(u32 *)(r6 + 0) = 5${free(1)}${alloc(1)}\nr0 = *(u32 *)(r6 + 0)\nr0 += 1${END}`, 1],
  ['more pages given back than there are', `${alloc(2)}${IN}\n*(u32 *)(r6 + 0) = 5\n*(u32 *)(r6 + 4096) = 6${free(9)}\nr0 = *(u32 *)(r6 + 4096)${END}`, 0],
  ['the first page, while the second is given back', `${alloc(2)}${IN}\n*(u32 *)(r6 + 0) = 5\nr8 = r7\nr8 += 4096${free(1, 'r8')}\nr0 = *(u32 *)(r6 + 0)${END}`, 5],
  ['across two pages',                 `${alloc(2)}${IN}\nr1 = 0x1122334455667788 ll\n*(u64 *)(r6 + 4092) = r1\nr0 = *(u32 *)(r6 + 4096)${END}`, 0x11223344],
  ['the last bytes of all',            `${alloc(2)}${IN}\n*(u64 *)(r6 + 8184) = 3\nr0 = *(u64 *)(r6 + 8184)${END}`, 3],
  ['across the end of all',            `${alloc(2)}${IN}\n*(u32 *)(r6 + 8188) = 3\nr0 = *(u64 *)(r6 + 8188)${END}`, 0],
  ['behind the end of all',            `${alloc(2)}${IN}\n*(u32 *)(r6 + 8192) = 3\nr0 = *(u32 *)(r6 + 8192)${END}`, 0],
  ['before the start of all',          `${alloc(2)}${IN}\n*(u32 *)(r6 - 4) = 3\nr0 = *(u32 *)(r6 - 4)${END}`, 0],
  ['any number as an address',         `${alloc(1)}\nr7 = 0x123400000008 ll${IN}\n*(u32 *)(r6 + 0) = 4\nr0 = *(u32 *)(r6 + 0)${END}`, 4],
  ['sums of 64 bits',                  `${alloc(1)}${IN}\nr6 += 8\nr6 -= 4\n*(u32 *)(r6 + 0) = 6${IN}\nr0 = *(u32 *)(r6 + 4)${END}`, 6],
  ['below zero and back',              `${alloc(1)}${IN}\nr6 -= 8\nr6 += 16\n*(u32 *)(r6 + 0) = 6${IN}\nr0 = *(u32 *)(r6 + 8)${END}`, 6],
  ['a difference, shifted',            `${alloc(1)}${IN}\nr6 -= 1\nr6 >>= 31\nr7 = addr_space_cast(r6, 0x1, 0x0)\nr0 = r7${END}`, 1],
  ['a division',                       `${alloc(1)}${IN}\nr6 += 100\nr6 /= 7${TO_USER}\nr0 = r7${END}`, 14],
  ['to user space and back',           `${alloc(1)}${IN}\nr6 += 8${TO_USER}\nr7 >>= 32\nr0 = r7${END}`, START / 2 ** 32],
  ['NULL to user space',               `\nr1 = arena ll\nr6 = 0\nr7 = 0${IN}${TO_USER}\nr7 >>= 32\nr0 = r7${END}`, 0],
  ['an atomic sum',                    `${alloc(1)}${IN}\nr1 = 5\nlock *(u64 *)(r6 + 0) += r1\nlock *(u64 *)(r6 + 0) += r1\nr0 = *(u64 *)(r6 + 0)${END}`, 10],
  ['an atomic sum of a page that is not there', `${ABSENT}\nr1 = 5\nlock *(u64 *)(r6 + 0) += r1\nr0 = *(u64 *)(r6 + 0)${END}`, 0],
  ['what an atomic sum fetches',       `${alloc(1)}${IN}\n*(u32 *)(r6 + 0) = 7\nr1 = 5\nw1 = atomic_fetch_add((u32 *)(r6 + 0), w1)\nr0 = *(u32 *)(r6 + 0)\nr0 *= 100\nr0 += r1${END}`, 1207],
  ['what an exchange fetches',         `${alloc(1)}${IN}\n*(u64 *)(r6 + 0) = 7\nr1 = 5\nr1 = xchg_64(r6 + 0, r1)\nr0 = *(u64 *)(r6 + 0)\nr0 *= 100\nr0 += r1${END}`, 507],
  ['an exchange of what was expected', `${alloc(1)}${IN}\n*(u64 *)(r6 + 0) = 7\nr0 = 7\nr1 = 5\nr0 = cmpxchg_64(r6 + 0, r0, r1)\nr2 = *(u64 *)(r6 + 0)\nr0 *= 100\nr0 += r2${END}`, 705],
  ['an exchange of something else',    `${alloc(1)}${IN}\n*(u64 *)(r6 + 0) = 7\nr0 = 8\nr1 = 5\nr0 = cmpxchg_64(r6 + 0, r0, r1)\nr2 = *(u64 *)(r6 + 0)\nr0 *= 100\nr0 += r2${END}`, 707],
  ['an exchange with a page that is not there', `${ABSENT}\nr1 = 5\nr1 = xchg_64(r6 + 0, r1)\nr0 = r1${END}`, 5],
]

export const ARENA_CASES: readonly FunctionCase[] = ROWS.map(([name, source, expected]) => [
  `an arena: ${name}`,
  source,
  expected,
  PROG_TYPE.SYSCALL,
])
