import { PROG_FLAG } from '@bpfoundry/kernel-abi'
import { PASS, type VerifierCase } from '../support/case.ts'

/** Shows what is known of r0 after some instructions on an unknown number in r6, a byte in r7 and a small one in r8. */
const shows = (name: string, asm: string): VerifierCase => ({
  name,
  asm: `r9 = r1\ncall 5\nr6 = r0\nr7 = r6\nr7 &= 255\nr8 = *(u32 *)(r9 + 16)\nif r8 > 20 goto out\nif r8 < 4 goto out\n${asm}\nout:${PASS}`,
})

export const ARITHMETIC_CASES: readonly VerifierCase[] = [
  shows('addition', 'r0 = r7\nr0 += r8\nw0 += w8\nr0 += -30'),
  shows('subtraction', 'r0 = r7\nr0 -= r8\nw0 -= w8\nr2 = r8\nr2 -= r7\nr3 = 5\nr3 -= r8'),
  shows('multiplication', 'r0 = r7\nr0 *= r8\nw0 *= w8\nr2 = r6\nr2 *= 2\nr3 = r8\nr3 *= -1'),
  shows(
    'division and modulo',
    'r0 = r7\nr0 /= 3\nr2 = r7\nr2 %= 10\nw3 = w7\nw3 /= w8\nr4 = r7\nr4 s/= 2\nw5 = w8\nw5 s%= 7',
  ),
  shows('and', 'r0 = r6\nr0 &= 0xf0\nr2 = r7\nr2 &= r8\nw3 = w6\nw3 &= -16\nr4 = r8\nr4 &= -4'),
  shows('or', 'r0 = r7\nr0 |= 0x100\nr2 = r7\nr2 |= r8\nw3 = w8\nw3 |= 1\nr4 = r6\nr4 |= -1'),
  shows('xor', 'r0 = r7\nr0 ^= 0xf\nr2 = r7\nr2 ^= r8\nw3 = w6\nw3 ^= w7'),
  shows(
    'left shifts',
    'r0 = r7\nr0 <<= 4\nr2 = r7\nr2 <<= 60\nw3 = w7\nw3 <<= 28\nr4 = r6\nr4 <<= 32\nr5 = r8\nr5 <<= r7',
  ),
  shows('right shifts', 'r0 = r6\nr0 >>= 56\nr2 = r7\nr2 >>= 4\nw3 = w6\nw3 >>= 24\nr4 = r6\nr4 >>= r8'),
  shows(
    'arithmetic shifts',
    'r0 = r6\nr0 s>>= 56\nr2 = r7\nr2 <<= 56\nr2 s>>= 56\nw3 = w6\nw3 s>>= 31\nr4 = r6\nr4 <<= 32\nr4 s>>= 32',
  ),
  shows(
    'negation and byte order',
    'r0 = r7\nr0 = -r0\nw2 = w8\nw2 = -w2\nr3 = r8\nr3 = be16 r3\nr4 = r7\nr4 = bswap32 r4\nr5 = r6\nr5 = le16 r5',
  ),
  shows('sign extension', 'r0 = (s8)r7\nr2 = (s16)r7\nr3 = (s32)r6\nw4 = (s8)w8\nw5 = (s16)w6'),
  shows(
    'constants',
    'r0 = 5\nr0 += 7\nr0 *= 3\nr0 <<= 40\nr2 = -1\nw2 = w2\nr3 = 0x123456789abcdef0 ll\nr3 >>= 32\nw3 += 1',
  ),
  shows('a mask in place of a branch', 'r0 = r6\nr0 s>>= 63\nr0 &= 12\nr2 = r0'),
  shows('a 32-bit mask in place of a branch', 'w0 = w6\nw0 s>>= 31\nw0 &= 12\nr2 = r0'),
  shows('unsigned comparisons', 'if r7 > 200 goto out\nif r7 <= 3 goto out\nr0 = r7\nif r8 >= r7 goto out\nr2 = r7'),
  shows('signed comparisons', 'if r6 s> 100 goto out\nif r6 s< -100 goto out\nr0 = r6\nif r6 s>= r8 goto out\nr2 = r6'),
  shows('equality', 'if r7 == 5 goto a\nr0 = r7\ngoto out\na:\nr0 = r7\nif r8 != r7 goto out\nr2 = r8'),
  shows('inequality at the end of a range', 'if r8 == 4 goto out\nif r8 == 20 goto out\nr0 = r8'),
  shows('bit tests', 'if r6 & 0x80 goto a\nr0 = r6\ngoto out\na:\nr0 = r6\nif r7 & 3 goto out\nr2 = r7'),
  shows('32-bit comparisons', 'if w6 > 100 goto out\nr0 = r6\nif w6 s< 10 goto out\nr2 = r6\nw2 = w2'),
  shows('32-bit signed comparisons', 'if w6 s> 5 goto out\nif w6 s< -5 goto out\nr0 = r6\nr2 = (s32)r6'),
  shows(
    'a negative range in 32 and 64 bits',
    'r0 = r8\nr0 -= 10\nif r0 s< 0 goto a\nr2 = r0\ngoto out\na:\nr2 = r0\nw3 = w0',
  ),
  { name: 'division by a constant zero', asm: 'r0 = 1\nr0 /= 0\nexit' },
  { name: 'modulo by a constant zero', asm: 'r0 = 1\nw0 %= 0\nexit' },
  { name: 'division by a register that may be zero', asm: 'r0 = 1\nr2 = *(u32 *)(r1 + 16)\nr0 /= r2\nexit' },
  { name: 'a shift by 64', asm: 'r0 = 1\nr0 <<= 64\nexit' },
  { name: 'a 32-bit shift by 32', asm: 'r0 = 1\nw0 >>= 32\nexit' },
  { name: 'a shift by -1', asm: 'r0 = 1\nr0 s>>= -1\nexit' },
  { name: 'a pointer multiplied', asm: `r2 = r10\nr2 *= 2\n${PASS}` },
  { name: 'a pointer masked', asm: `r2 = r10\nr2 &= -8\n${PASS}` },
  { name: 'a pointer added to a pointer', asm: `r2 = r10\nr2 += r1\n${PASS}` },
  { name: 'a pointer added to a number', asm: `r2 = -8\nr2 += r10\nr0 = *(u64 *)(r2 + 0)\nexit` },
  { name: 'a pointer subtracted from a number', asm: `r2 = 8\nr2 -= r10\n${PASS}` },
  { name: 'half a pointer computed with', asm: `r2 = r10\nw2 += 1\n${PASS}` },
  { name: 'half pointers subtracted', asm: `r2 = r10\nw2 -= w1\nr0 = r2\nexit` },
  { name: 'a pointer negated', asm: `r2 = r10\nr2 = -r2\nr0 = r2\nexit` },
  { name: 'a pointer moved by an unbounded number', asm: `r9 = r1\ncall 5\nr2 = r10\nr2 += r0\n${PASS}` },
  { name: 'a pointer moved by a huge constant', asm: `r2 = r10\nr3 = 0x100000000 ll\nr2 += r3\n${PASS}` },
  { name: 'the context pointer moved', asm: `r1 += 16\nr0 = *(u32 *)(r1 + 0)\nexit` },
  { name: 'the context pointer moved down', asm: `r1 += -8\nr0 = *(u32 *)(r1 + 24)\nexit` },
  {
    name: 'the context at a variable offset',
    asm: `r2 = *(u32 *)(r1 + 16)\nr2 &= 4\nr1 += r2\nr0 = *(u32 *)(r1 + 12)\nexit`,
  },
  {
    name: 'a number that was a pointer before',
    flags: PROG_FLAG.TEST_STATE_FREQ,
    asm: `
      r6 = *(u32 *)(r1 + 0)
      r7 = *(u32 *)(r1 + 4)
      r8 = r6
      r8 += 16
      r3 = 5
      r4 = *(u32 *)(r1 + 16)
      *(u64 *)(r10 - 24) = r4
      *(u64 *)(r10 - 32) = r6
      if r8 > r7 goto out
      *(u8 *)(r6 + 0) = 1
      r6 -= r7
      r6 &= 7
      r2 = r10
      r2 += -16
      r2 += r6
      r0 = *(u8 *)(r2 + 0)
      out:
      r0 = 2
      exit`,
  },
]
