import { PASS, type VerifierCase } from '../support/case.ts'

export const CONTROL_FLOW_CASES: readonly VerifierCase[] = [
  { name: 'a jump past the end', hex: '0500050000000000 b700000000000000 9500000000000000' },
  { name: 'a jump before the start', hex: 'b700000000000000 1500f0ff00000000 9500000000000000' },
  { name: 'code behind exit', hex: 'b700000000000000 9500000000000000 b700000001000000 9500000000000000' },
  { name: 'no exit at the end', hex: 'b700000000000000 b701000000000000' },
  { name: 'a conditional jump at the end', hex: 'b700000000000000 1500feff00000000' },
  {
    name: 'a jump into a 64-bit immediate',
    hex: 'b700000000000000 1500010000000000 1801000001000000 0000000000000000 9500000000000000',
  },
  { name: 'goto itself', asm: 'r0 = 0\nl:\ngoto l\nexit' },
  { name: 'a loop that changes nothing', asm: 'r0 = 0\nl:\nif r0 == 0 goto l\nexit' },
  { name: 'a loop on an unknown that changes nothing', asm: 'call 7\nl:\nif r0 == 5 goto l\nr0 = 0\nexit' },
  { name: 'a loop of ten rounds', asm: 'r0 = 0\nl:\nr0 += 1\nif r0 < 10 goto l\nexit' },
  { name: 'a loop of a hundred rounds', asm: 'r0 = 0\nl:\nr0 += 1\nif r0 < 100 goto l\nexit' },
  {
    name: 'a loop with an unknown number of rounds, at most 16',
    asm: 'call 7\nr6 = r0\nr6 &= 15\nr0 = 0\nl:\nif r0 >= r6 goto out\nr0 += 1\ngoto l\nout:\nexit',
  },
  { name: 'a loop down to zero', asm: 'r0 = 20\nl:\nr0 += -1\nif r0 != 0 goto l\nexit' },
  {
    name: 'nested loops',
    asm: 'r0 = 0\nr6 = 0\nouter:\nr7 = 0\ninner:\nr0 += 1\nr7 += 1\nif r7 < 5 goto inner\nr6 += 1\nif r6 < 5 goto outer\nexit',
  },
  { name: 'a long jump', asm: 'r0 = 0\ngotol out\nout:\nexit' },
  {
    name: 'branches that meet again',
    asm: 'call 7\nr6 = r0\nr7 = 0\nif r6 == 0 goto a\nr7 = 1\na:\nif r6 > 10 goto b\nr7 = 2\nb:\nr0 = 2\nexit',
  },
  {
    name: 'numbers that nobody needs do not multiply states',
    asm: `call 7\nr6 = r0\nr7 = 0\nif r6 & 1 goto a\nr7 += 1\na:\nif r6 & 2 goto b\nr7 += 2\nb:\nif r6 & 4 goto c\nr7 += 4\nc:\nif r6 & 8 goto d\nr7 += 8\nd:\nr0 = r7\nexit`,
  },
  {
    name: 'numbers that move a pointer do multiply states',
    asm: `call 7\nr6 = r0\nr7 = 0\nif r6 & 1 goto a\nr7 += 1\na:\nif r6 & 2 goto b\nr7 += 2\nb:\nif r6 & 4 goto c\nr7 += 4\nc:\nr2 = r10\nr2 += -8\nr2 += r7\nr3 = *(u8 *)(r2 + 0)${PASS}`,
  },
  {
    name: 'a branch that is never taken hides a bad access',
    asm: 'r0 = 5\nif r0 == 5 goto out\nr0 = *(u64 *)(r0 + 0)\nout:\nexit',
  },
  {
    name: 'a branch that may be taken does not',
    asm: 'call 7\nif r0 == 5 goto out\nr0 = *(u64 *)(r0 + 0)\nout:\nexit',
  },
  {
    name: 'signed ranges decide a branch',
    asm: 'call 7\nif r0 s> -1 goto out\nif r0 s< 0 goto out\nr0 = *(u64 *)(r0 + 0)\nout:\nr0 = 0\nexit',
  },
  {
    name: '32-bit ranges decide a branch',
    asm: 'call 7\nif w0 > 7 goto out\nif w0 < 8 goto out\nr0 = *(u64 *)(r0 + 0)\nout:\nr0 = 0\nexit',
  },
  {
    name: 'bits decide a branch',
    asm: 'call 7\nr0 &= 6\nif r0 & 1 goto bad\nr0 = 0\nexit\nbad:\nr0 = *(u64 *)(r0 + 0)\nexit',
  },
  { name: 'the same register on both sides', asm: 'call 7\nif r0 != r0 goto bad\nr0 = 0\nbad:\nexit' },
  { name: 'the end of a program of one jump', asm: 'r0 = 1\nif r0 > 0 goto l\nl:\nexit' },
]
