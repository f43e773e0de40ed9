import { lookup, PASS, type VerifierCase } from '../support/case.ts'

/** A chain of `depth` functions below the entry, the last of which uses `bytes` of stack, as do the others. */
function chain(depth: number, bytes: number): string {
  const use = bytes === 0 ? '' : `\nr2 = 0\n*(u64 *)(r10 - ${bytes}) = r2`
  const functions = Array.from({ length: depth }, (_, index) =>
    index === depth - 1 ? `f${index}:${use}\nr0 = 0\nexit` : `f${index}:${use}\ncall f${index + 1}\nexit`,
  )
  return `${use}\ncall f0\nexit\n${functions.join('\n')}`
}

export const CALL_CASES: readonly VerifierCase[] = [
  { name: 'a function', asm: 'r1 = 3\ncall f\nexit\nf:\nr0 = r1\nr0 += 1\nexit' },
  {
    name: 'a function called twice',
    asm: 'r1 = 3\ncall f\nr6 = r0\nr1 = 4\ncall f\nr0 += r6\nexit\nf:\nr0 = r1\nr0 += 1\nexit',
  },
  { name: 'a function that returns nothing', asm: 'call f\nexit\nf:\nr1 = 0\nexit' },
  { name: 'a function finds r6 without a value', asm: 'r6 = 1\ncall f\nexit\nf:\nr0 = r6\nexit' },
  { name: 'the caller finds r1 without a value', asm: 'r1 = 1\ncall f\nr0 = r1\nexit\nf:\nr0 = 0\nexit' },
  { name: 'the caller finds r6 again', asm: 'r6 = 7\ncall f\nr0 = r6\nexit\nf:\nr6 = 1\nr0 = 0\nexit' },
  {
    name: 'a function writes to the stack of its caller',
    asm: 'r1 = r10\nr1 += -8\ncall f\nr0 = *(u64 *)(r10 - 8)\nexit\nf:\n*(u64 *)(r1 + 0) = 5\nr0 = 0\nexit',
  },
  { name: 'a function returns a pointer to its stack', asm: 'call f\nexit\nf:\nr0 = r10\nexit' },
  {
    name: 'a function stores a pointer to its stack with its caller',
    asm: 'r1 = r10\nr1 += -8\ncall f\nexit\nf:\n*(u64 *)(r1 + 0) = r10\nr0 = 0\nexit',
  },
  { name: 'a function returns the context', asm: 'call f\nr0 = *(u32 *)(r0 + 16)\nexit\nf:\nr0 = r1\nexit' },
  {
    name: 'a function checks a number for its caller',
    asm: `r6 = *(u32 *)(r1 + 16)\nr1 = r6\ncall f\nr2 = r10\nr2 += -8\nr2 += r0\nr3 = *(u8 *)(r2 + 0)${PASS}\nf:\nr0 = r1\nr0 &= 7\nexit`,
  },
  {
    name: 'a number needed by the caller was made by the function',
    asm: `r6 = *(u32 *)(r1 + 16)\nr1 = r6\ncall f\nr2 = r10\nr2 += -8\nr2 += r0\nr3 = *(u8 *)(r2 + 0)${PASS}\nf:\nr0 = 3\nif r1 > 5 goto l\nr0 = 4\nl:\nexit`,
  },
  {
    name: 'a function moves the head, the pointers of its caller are stale',
    asm: `r6 = r1\nr7 = *(u32 *)(r1 + 0)\nr8 = *(u32 *)(r1 + 4)\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\ncall f\nr0 = *(u8 *)(r7 + 0)\nout:${PASS}\nf:\nr2 = 0\ncall 44\nr0 = 0\nexit`,
  },
  { name: 'seven functions deep', asm: chain(7, 0) },
  { name: 'eight functions deep', asm: chain(8, 0) },
  { name: 'recursion', asm: 'call f\nexit\nf:\ncall f\nexit' },
  { name: 'two frames of 256 bytes', asm: chain(1, 256) },
  { name: 'two frames of 264 bytes', asm: chain(1, 264) },
  { name: 'a function that is not called', asm: 'r0 = 0\nexit\nf:\nr0 = 1\nexit' },
  { name: 'a jump out of a function', hex: '8510000001000000 9500000000000000 0500fdff00000000' },
  {
    name: 'a function that runs on into the next',
    hex: '8510000002000000 8510000002000000 9500000000000000 b700000000000000 b700000000000000 9500000000000000',
  },
  { name: 'a call past the end', hex: '8510000009000000 9500000000000000' },
  {
    name: 'a tail call in a function without types',
    asm: 'call f\nexit\nf:\nr2 = progs ll\nr3 = 0\ncall 12\nr0 = 0\nexit',
  },
  { name: 'a loop in a function', asm: 'r1 = 10\ncall f\nexit\nf:\nr0 = 0\nl:\nr0 += 1\nif r0 < r1 goto l\nexit' },
  {
    name: 'a function in a loop',
    asm: 'r6 = 0\nl:\nr1 = r6\ncall f\nr6 += 1\nif r6 < 5 goto l\nexit\nf:\nr0 = r1\nexit',
  },
]

export const ATOMIC_CASES: readonly VerifierCase[] = [
  {
    name: 'an addition',
    asm: 'r1 = 1\n*(u64 *)(r10 - 8) = 5\nlock *(u64 *)(r10 - 8) += r1\nr0 = *(u64 *)(r10 - 8)\nexit',
  },
  {
    name: 'an addition that fetches',
    asm: 'r1 = 1\n*(u64 *)(r10 - 8) = 5\nr1 = atomic_fetch_add((u64 *)(r10 - 8), r1)\nr0 = r1\nexit',
  },
  {
    name: 'a 32-bit addition that fetches',
    asm: 'r1 = 1\n*(u32 *)(r10 - 8) = 5\nw1 = atomic_fetch_add((u32 *)(r10 - 8), w1)\nr0 = r1\nexit',
  },
  { name: 'an exchange', asm: 'r1 = 1\n*(u64 *)(r10 - 8) = 5\nr1 = xchg_64(r10 - 8, r1)\nr0 = r1\nexit' },
  {
    name: 'a comparison and exchange',
    asm: 'r0 = 5\nr1 = 1\n*(u64 *)(r10 - 8) = 5\nr0 = cmpxchg_64(r10 - 8, r0, r1)\nexit',
  },
  {
    name: 'a comparison and exchange without r0',
    asm: 'r1 = 1\n*(u64 *)(r10 - 8) = 5\nr0 = cmpxchg_64(r10 - 8, r0, r1)\nexit',
  },
  {
    name: 'an acquiring load',
    asm: 'r1 = 5\n*(u64 *)(r10 - 8) = r1\nr2 = load_acquire((u64 *)(r10 - 8))\nw3 = load_acquire((u8 *)(r10 - 8))\nr0 = r3\nexit',
  },
  {
    name: 'an acquired number that an access rests on',
    asm: `${lookup('array', 1)}\nif r0 == 0 goto out\nr6 = r0\nr7 = load_acquire((u64 *)(r6 + 0))\nif r7 > 56 goto out\nstore_release((u64 *)(r10 - 8), r7)\nr8 = load_acquire((u64 *)(r10 - 8))\nr6 += r8\nr0 = *(u8 *)(r6 + 7)\nout:${PASS}`,
  },
  { name: 'a misaligned acquiring load', asm: 'r0 = 0\nr1 = load_acquire((u64 *)(r10 - 12))\nexit' },
  {
    name: 'an acquiring load past the value',
    asm: `${lookup('array', 1)}\nif r0 == 0 goto out\nr1 = load_acquire((u64 *)(r0 + 64))\nout:${PASS}`,
  },
  {
    name: 'an acquiring load through a number',
    asm: 'r0 = r10\nr0 += -8\nr2 = 5\nr0 = load_acquire((u64 *)(r2 + 0))\nr0 = 0\nexit',
  },
  { name: 'a releasing store', asm: 'r1 = 7\nstore_release((u64 *)(r10 - 8), r1)\nr0 = *(u64 *)(r10 - 8)\nexit' },
  {
    name: 'a releasing store of a pointer',
    asm: 'store_release((u64 *)(r10 - 8), r1)\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 16)\nexit',
  },
  { name: 'a releasing store to the context', asm: 'r0 = 0\nstore_release((u32 *)(r1 + 16), w0)\nexit' },
  { name: 'a misaligned releasing store', asm: 'r0 = 0\nstore_release((u32 *)(r10 - 6), w0)\nexit' },
  { name: 'a misaligned addition', asm: 'r1 = 1\nlock *(u64 *)(r10 - 12) += r1\nr0 = 0\nexit' },
  { name: 'an addition of a number without a value', asm: 'r0 = 0\nlock *(u64 *)(r10 - 8) += r6\nexit' },
  { name: 'an addition to a number', asm: 'r0 = 0\nlock *(u64 *)(r0 + 0) += r0\nexit' },
]
