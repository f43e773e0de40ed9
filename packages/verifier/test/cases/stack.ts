import { PASS, type VerifierCase } from '../support/case.ts'

export const STACK_CASES: readonly VerifierCase[] = [
  { name: 'a store below the frame', asm: `r0 = 0\n*(u64 *)(r10 - 520) = r0\nexit` },
  { name: 'a store above the frame', asm: `r0 = 0\n*(u64 *)(r10 + 0) = r0\nexit` },
  { name: 'a store across the top of the frame', asm: `r0 = 0\n*(u64 *)(r10 - 4) = r0\nexit` },
  { name: 'the deepest slot', asm: `r0 = 0\n*(u64 *)(r10 - 512) = r0\nexit` },
  { name: 'a misaligned store', asm: `r0 = 0\n*(u64 *)(r10 - 12) = r0\nexit` },
  { name: 'a misaligned load', asm: `r0 = *(u32 *)(r10 - 6)\nexit` },
  { name: 'a slot that was never written', asm: `r0 = *(u64 *)(r10 - 8)\nexit` },
  {
    name: 'a pointer spilled and filled',
    asm: `*(u64 *)(r10 - 8) = r1\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 16)\nexit`,
  },
  {
    name: 'a pointer of which a half was overwritten',
    asm: `*(u64 *)(r10 - 8) = r1\nr3 = 0\n*(u32 *)(r10 - 4) = r3\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 16)\nexit`,
  },
  { name: 'half of a spilled pointer', asm: `*(u64 *)(r10 - 8) = r1\nr2 = *(u32 *)(r10 - 8)\n${PASS}` },
  { name: 'half of a pointer stored', asm: `*(u32 *)(r10 - 8) = r1\n${PASS}` },
  {
    name: 'a number spilled and filled',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 7\n*(u64 *)(r10 - 8) = r6\nr7 = *(u64 *)(r10 - 8)\nr2 = r10\nr2 += -16\nr2 += r7\nr3 = *(u8 *)(r2 + 0)\n${PASS}`,
  },
  {
    name: 'a number spilled in 4 bytes',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 7\n*(u32 *)(r10 - 8) = r6\nr7 = *(u32 *)(r10 - 8)\nr2 = r10\nr2 += -16\nr2 += r7\nr3 = *(u8 *)(r2 + 0)\n${PASS}`,
  },
  {
    name: 'a number spilled in 4 bytes at the upper half is forgotten',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 7\n*(u32 *)(r10 - 4) = r6\nr7 = *(u32 *)(r10 - 4)\nr2 = r10\nr2 += -16\nr2 += r7\nr3 = *(u8 *)(r2 + 0)\n${PASS}`,
  },
  {
    name: 'a number checked after its spill',
    asm: `r6 = *(u32 *)(r1 + 16)\n*(u64 *)(r10 - 8) = r6\nif r6 > 7 goto out\nr7 = *(u64 *)(r10 - 8)\nr2 = r10\nr2 += -16\nr2 += r7\nr3 = *(u8 *)(r2 + 0)\nout:${PASS}`,
  },
  { name: 'a byte of a spilled number', asm: `r6 = 0x1234\n*(u64 *)(r10 - 8) = r6\nr0 = *(u8 *)(r10 - 8)\nexit` },
  {
    name: 'an upper byte of a spilled number',
    asm: `r6 = 0x1234\n*(u64 *)(r10 - 8) = r6\nr0 = *(u8 *)(r10 - 7)\nexit`,
  },
  { name: 'bytes of a spilled zero', asm: `r6 = 0\n*(u64 *)(r10 - 8) = r6\nr0 = *(u16 *)(r10 - 6)\nexit` },
  {
    name: 'immediates spilled',
    asm: `*(u64 *)(r10 - 8) = -5\n*(u32 *)(r10 - 16) = 7\n*(u8 *)(r10 - 24) = 1\nr0 = *(u64 *)(r10 - 8)\nr2 = *(u32 *)(r10 - 16)\nr3 = *(u8 *)(r10 - 24)\nexit`,
  },
  {
    name: 'zeros in pieces',
    asm: `*(u32 *)(r10 - 4) = 0\n*(u16 *)(r10 - 6) = 0\n*(u16 *)(r10 - 8) = 0\nr0 = *(u64 *)(r10 - 8)\nexit`,
  },
  { name: 'a load with sign extension', asm: `r6 = 0x80\n*(u64 *)(r10 - 8) = r6\nr0 = *(s8 *)(r10 - 8)\nexit` },
  {
    name: 'a store at a variable offset',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 15\nr2 = r10\nr2 += -16\nr2 += r6\n*(u64 *)(r10 - 8) = r1\n*(u8 *)(r2 + 0) = 1\nr3 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r3 + 16)\nexit`,
  },
  {
    name: 'a zero stored at a variable offset',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 7\nr2 = r10\nr2 += -8\nr2 += r6\n*(u64 *)(r10 - 8) = 0\nr3 = 0\n*(u8 *)(r2 + 0) = r3\nr0 = *(u64 *)(r10 - 8)\nexit`,
  },
  {
    name: 'a load at a variable offset',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 7\nr2 = r10\nr2 += -8\nr2 += r6\n*(u64 *)(r10 - 8) = 0\nr0 = *(u8 *)(r2 + 0)\nexit`,
  },
  {
    name: 'a variable offset that may leave the frame',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 15\nr2 = r10\nr2 += -8\nr2 += r6\nr0 = *(u8 *)(r2 + 0)\nexit`,
  },
  {
    name: 'a variable offset without bounds',
    asm: `r6 = *(u32 *)(r1 + 16)\nr2 = r10\nr2 += r6\nr0 = *(u8 *)(r2 + 0)\nexit`,
  },
  {
    name: 'a misaligned variable offset',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 7\nr2 = r10\nr2 += -16\nr2 += r6\nr0 = *(u64 *)(r2 + 0)\nexit`,
  },
  {
    name: 'an aligned variable offset',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 8\nr2 = r10\nr2 += -16\nr2 += r6\nr0 = *(u64 *)(r2 + 0)\nexit`,
  },
  { name: 'subtraction from the frame pointer', asm: `r2 = r10\nr2 -= 8\n${PASS}` },
  { name: 'the difference of two stack pointers', asm: `r2 = r10\nr3 = r10\nr3 += -8\nr2 -= r3\nr0 = r2\nexit` },
  { name: 'a far constant offset', asm: `r2 = r10\nr2 += 0x7fffffff\n${PASS}` },
]
