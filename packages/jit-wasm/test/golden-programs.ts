/** Programs whose modules are kept in golden files, in LLVM's syntax. */
export interface GoldenProgram {
  readonly name: string
  readonly source: string
  readonly count: boolean
}

export const GOLDEN_PROGRAMS: readonly GoldenProgram[] = [
  { name: 'trivial', count: false, source: 'r0 = 2\nexit' },
  {
    name: 'counted-loop',
    count: true,
    source: `
r0 = 0
r1 = 100
loop: r0 += r1
r1 -= 1
if r1 != 0 goto loop
exit`,
  },
  {
    name: 'memory-and-stack',
    count: false,
    source: `
r2 = *(u32 *)(r1 + 4)
r3 = *(s8 *)(r1 - 1)
*(u64 *)(r10 - 8) = r2
*(u16 *)(r10 - 514) = 7
r4 = r10
r4 += -8
lock *(u64 *)(r4 + 0) += r3
w3 = atomic_fetch_add((u32 *)(r10 - 8), w3)
r0 = be16 r0
exit`,
  },
  {
    name: 'division',
    count: false,
    source: `
r0 /= r1
w0 s/= w2
r0 %= 8
r0 s/= -1
exit`,
  },
  {
    name: 'diamond-and-early-exit',
    count: false,
    source: `
r0 = 1
if r1 > 5 goto big
if w2 == 0 goto out
r0 += 2
goto out
big: r0 += 3
if r1 & 8 goto out
r0 = 9
exit
out: r0 *= 2
exit`,
  },
  {
    name: 'two-entries',
    count: false,
    source: `
if r1 == 0 goto second
first: r0 += 1
if r0 > 10 goto out
second: r0 += 2
if r0 < 20 goto first
out: exit`,
  },
  {
    name: 'calls',
    count: true,
    source: `
r2 = 3
call sum
call 5
exit
sum: r0 = r1
r0 += r2
exit`,
  },
  // The tail call that fix-ups make has no syntax of its own.
  { name: 'tail-call', count: true, source: 'r2 = 0x10000\nr3 = 1\n.8byte 0xf5\nr0 = 7\nexit' },
]
