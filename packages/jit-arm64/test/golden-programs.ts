/** Programs whose code is kept in golden files, in LLVM's syntax. */
export interface GoldenProgram {
  readonly name: string
  readonly source: string
  readonly count?: true
  readonly withoutLse?: true
}

export const GOLDEN_PROGRAMS: readonly GoldenProgram[] = [
  { name: 'trivial', source: 'r0 = 2\nexit' },
  {
    name: 'counted-loop',
    count: true,
    source: 'r0 = 0\nr1 = 100\nloop: r0 += r1\nr1 += -1\nif r1 != 0 goto loop\nexit',
  },
  {
    name: 'immediates',
    source: `
r1 = 0
r1 = -1
r1 = 65536
r1 = 305419896
w1 = -65281
r1 = 0x1122334455667788 ll
r1 = 0xffffffffffff1234 ll
r1 = 0x5555555555555555 ll
r1 += 4095
r1 += -4096
r1 += 65535
r1 += 16777215
r1 += 305419896
r1 &= 255
r1 &= -8
w1 &= -2
r1 |= 74565
r1 ^= 0
r1 *= 8
r1 *= 10
r1 /= 16
w1 %= 32
r1 %= 10
exit`,
  },
  {
    name: 'memory',
    source: `
r2 = *(u32 *)(r1 + 0)
r3 = *(u32 *)(r1 + 4)
r4 = *(u16 *)(r1 + 12)
r5 = *(s8 *)(r1 - 1)
r6 = *(u64 *)(r1 + 4096)
r7 = *(u64 *)(r1 - 4096)
*(u64 *)(r10 - 8) = r2
*(u32 *)(r10 - 512) = 7
*(u64 *)(r10 - 16) = 0
r1 += 8
r2 = *(u32 *)(r1 + 4)
r2 = r10
r2 += -16
r4 = be16 r4
r3 = be32 r3
exit`,
  },
  {
    name: 'fusions',
    source: `
r3 = r1
r3 += 14
w4 = w3
w4 &= 15
r5 = r1
r5 <<= r2
r2 <<= 32
r2 s>>= 32
w5 = w4
w5 <<= 13
w4 >>= 19
w4 |= w5
r3 = *(u16 *)(r1 + 12)
r3 = be16 r3
r0 = r4
exit`,
  },
  {
    name: 'division',
    source: 'r0 /= r1\nw0 s/= w2\nr0 %= r1\nw0 s%= w2\nr0 s/= -1\nr0 s%= 7\nexit',
  },
  {
    name: 'comparisons',
    source: `
if r1 == 0 goto out
if r1 != 0 goto out
if w1 s< 0 goto out
if r1 s>= 0 goto out
if r1 & 8 goto out
if r1 & 65281 goto out
if r1 > 5 goto out
if r1 s> -5 goto out
if r1 < 305419896 goto out
if w1 <= w2 goto out
r0 = 1
out: exit`,
  },
  {
    name: 'atomics',
    source: `
lock *(u64 *)(r1 + 0) += r2
lock *(u32 *)(r1 + 8) &= w2
r2 = atomic_fetch_or((u64 *)(r1 + 0), r2)
w2 = atomic_fetch_and((u32 *)(r10 - 8), w2)
r2 = xchg_64(r1 + 0, r2)
r0 = cmpxchg_64(r1 + 0, r0, r2)
r3 = load_acquire((u32 *)(r1 + 0))
store_release((u8 *)(r1 + 0), w3)
exit`,
  },
  {
    name: 'atomics-without-lse',
    withoutLse: true,
    source: `
lock *(u64 *)(r1 + 0) += r2
w2 = atomic_fetch_and((u32 *)(r10 - 8), w2)
r2 = xchg_64(r1 + 0, r2)
w0 = cmpxchg32_32(r1 + 0, w0, w2)
exit`,
  },
  {
    name: 'calls',
    count: true,
    source: `
r6 = r1
r1 = 5
call 7
r1 = r6
call f
r0 += r6
exit
f: r6 = r1
*(u64 *)(r10 - 8) = r6
may_goto out
r0 = r6
out: exit`,
  },
]
