import type { X86Options } from '../src/index.ts'

/** A program whose code is kept in a golden file, in LLVM's syntax, and how it is translated. */
export interface GoldenProgram {
  readonly name: string
  readonly source: string
  readonly options?: Partial<X86Options>
  /** Opcode by slot that stands in place of the one assembled: what LLVM's syntax has no words for. */
  readonly internal?: Readonly<Record<number, number>>
}

const TAIL_CALL = 0xf5

const SHIFTS = `
r1 <<= 1
r1 >>= 63
w1 s>>= 7
r1 <<= r2
r2 >>= r4
r4 s>>= r3
w4 <<= w4
r0 = r1
r0 += r2
r0 += r4
exit`

const SWAPPED_LOADS = `
r2 = *(u16 *)(r1 + 12)
r2 = be16 r2
r3 = *(u32 *)(r1 + 26)
r3 = be32 r3
r4 = *(u64 *)(r1 + 0)
r4 = bswap64 r4
r5 = be32 r5
r0 = le16 r0
r2 += r3
r0 += r2
r0 += r4
r0 += r5
exit`

const HELPER = `
r6 = r1
r1 = 1
r2 = 2
r3 = 3
r4 = 4
r5 = 5
call 7
r0 += r6
exit`

export const GOLDEN_PROGRAMS: readonly GoldenProgram[] = [
  { name: 'trivial', source: 'r0 = 2\nexit', options: { count: false } },
  { name: 'trivial-counted', source: 'r0 = 2\nexit' },
  {
    name: 'arithmetic',
    options: { count: false },
    source: `
r0 += 1
r0 += 128
r0 += 100000
r1 += 100000
r1 -= r2
w1 += w2
w3 += 0
r3 |= r9
r4 ^= -1
r5 &= 255
r6 &= 15
r7 &= -16
w8 &= 65535
r9 = -r9
w9 = -w9
r1 = (s8)r2
w1 = (s16)w2
r1 = (s32)r2
exit`,
  },
  {
    name: 'constants',
    options: { count: false },
    source: `
r1 = 0
r2 = 1
r7 = 2147483647
r3 = -1
w4 = -1
r5 = 0xffffffff ll
r6 = 0x1122334455667788 ll
r8 = 0xffffffff80000000 ll
r9 = r2
w0 = w1
exit`,
  },
  { name: 'shifts', source: SHIFTS, options: { count: false } },
  { name: 'shifts-bmi2', source: SHIFTS, options: { count: false, features: { bmi2: true } } },
  {
    name: 'multiply-and-divide',
    options: { count: false },
    source: `
r1 *= 3
r1 *= 31
r1 *= 10
r1 *= 64
r1 *= 100000
w1 *= w2
r1 /= 8
r1 %= 16
w1 /= 10
w1 %= 10
w2 /= 7
r6 /= r7
w0 %= w3
r3 s/= r8
w9 s%= w0
r0 = r1
r0 += r2
r0 += r3
r0 += r6
r0 += r9
exit`,
  },
  { name: 'swapped-loads', source: SWAPPED_LOADS, options: { count: false } },
  { name: 'swapped-loads-movbe', source: SWAPPED_LOADS, options: { count: false, features: { movbe: true } } },
  {
    name: 'loads-and-stores',
    options: { count: false },
    source: `
r2 = *(u8 *)(r1 + 0)
r3 = *(s16 *)(r1 - 2)
r4 = *(s32 *)(r1 + 128)
r5 = *(u64 *)(r8 + 4096)
*(u8 *)(r10 - 1) = r1
*(u16 *)(r10 - 4) = r8
*(u32 *)(r10 - 8) = 7
*(u64 *)(r10 - 16) = -1
r0 = r2
r0 += r3
r0 += r4
r0 += r5
exit`,
  },
  {
    name: 'atomics',
    options: { count: false },
    source: `
lock *(u64 *)(r1 + 8) += r2
lock *(u32 *)(r1 + 8) |= w2
r3 = atomic_fetch_add((u64 *)(r1 + 8), r3)
r4 = atomic_fetch_or((u64 *)(r1 + 8), r4)
w0 = atomic_fetch_and((u32 *)(r1 + 8), w0)
r5 = xchg_64(r1 + 8, r5)
w0 = cmpxchg32_32(r1 + 8, w0, w2)
exit`,
  },
  {
    name: 'comparisons',
    options: { count: false },
    source: `
if r1 == 0 goto out
r2 -= 1
if r2 == 0 goto out
if w2 != 7 goto out
if r0 > 100000 goto out
if r3 s< r4 goto out
if r5 & 4 goto out
if r6 & 4096 goto out
if w7 & 0x80000000 goto out
if w1 >= w2 goto out
r0 = 1
out:
exit`,
  },
  {
    name: 'addresses-and-rotates',
    options: { count: false, features: { bmi2: true } },
    source: `
r2 = r10
r2 += -8
r3 = r1
r3 += r2
r4 <<= 3
r4 += r3
w5 = w4
w5 <<= 13
w4 >>= 19
w4 |= w5
r6 = r3
r6 >>= 57
r3 <<= 7
r6 |= r3
r0 = r4
r0 += r6
exit`,
  },
  {
    name: 'counted-loop',
    source: 'r0 = 0\nr1 = 100\nloop: r0 += r1\nr1 += -1\nif r1 != 0 goto loop\nexit',
  },
  {
    name: 'calls',
    source: `
r6 = r1
r7 = 7
call sub
r0 += r6
exit
sub:
r6 = r10
r7 = 8
*(u64 *)(r6 - 8) = r7
r0 = *(u64 *)(r6 - 8)
exit`,
  },
  { name: 'helper', source: HELPER },
  { name: 'helper-windows', source: HELPER, options: { abi: 'windows' } },
  { name: 'tail-call', source: 'r2 = 4096\nr3 = 1\nr0 = r0\nr0 = 7\nexit', internal: { 2: TAIL_CALL } },
  { name: 'may-goto', source: 'r0 = 0\nloop: may_goto out\nr0 += 1\ngoto loop\nout: exit' },
]
