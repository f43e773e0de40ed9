import { lookup, PACKET, PASS, type VerifierCase } from '../support/case.ts'

export const MAP_CASES: readonly VerifierCase[] = [
  { name: 'a value not checked for NULL', asm: `${lookup('hash')}\nr0 = *(u64 *)(r0 + 0)\nexit` },
  { name: 'a value checked with ==', asm: `${lookup('hash')}\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 + 8)\nout:\nexit` },
  {
    name: 'a value checked with !=',
    asm: `${lookup('hash')}\nif r0 != 0 goto l\nexit\nl:\nr0 = *(u64 *)(r0 + 8)\nexit`,
  },
  {
    name: 'a copy made before the check is checked, too',
    asm: `${lookup('hash')}\nr6 = r0\nif r0 == 0 goto out\nr0 = *(u64 *)(r6 + 8)\nout:\nexit`,
  },
  {
    name: 'a spilled copy is checked, too',
    asm: `${lookup('hash')}\n*(u64 *)(r10 - 16) = r0\nif r0 == 0 goto out\nr6 = *(u64 *)(r10 - 16)\nr0 = *(u64 *)(r6 + 8)\nout:\nexit`,
  },
  {
    name: 'the value of another lookup is not',
    asm: `${lookup('hash')}\nr6 = r0\n${lookup('hash', 1)}\nif r0 == 0 goto out\nr0 = *(u64 *)(r6 + 0)\nout:\nexit`,
  },
  {
    name: 'a 32-bit check is none',
    asm: `${lookup('hash')}\nif w0 == 0 goto out\nr0 = *(u64 *)(r0 + 0)\nout:\nr0 = 0\nexit`,
  },
  {
    name: 'a check by comparison with a checked value',
    asm: `${lookup('hash')}\nr6 = r0\nif r6 == 0 goto out\n${lookup('hash', 1)}\nif r0 != r6 goto out\nr3 = *(u64 *)(r0 + 0)\nout:${PASS}`,
  },
  {
    name: 'arithmetic before the check',
    asm: `${lookup('hash')}\nr0 += 4\nif r0 == 0 goto out\nr0 = *(u8 *)(r0 + 0)\nout:\nexit`,
  },
  { name: 'past the value', asm: `${lookup('hash')}\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 + 12)\nout:\nexit` },
  { name: 'before the value', asm: `${lookup('hash')}\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 - 8)\nout:\nexit` },
  {
    name: 'at a bounded index',
    asm: `r6 = *(u32 *)(r1 + 16)\n${lookup('hash')}\nif r0 == 0 goto out\nr6 &= 15\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout:\nexit`,
  },
  {
    name: 'at an index with one too many',
    asm: `r6 = *(u32 *)(r1 + 16)\n${lookup('hash')}\nif r0 == 0 goto out\nif r6 > 16 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout:${PASS}`,
  },
  {
    name: 'at an index that may be negative',
    asm: `r6 = *(s32 *)(r1 + 16)\n${lookup('hash')}\nif r0 == 0 goto out\nif r6 s> 8 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout:${PASS}`,
  },
  {
    name: 'at an unbounded index',
    asm: `r6 = *(u32 *)(r1 + 16)\n${lookup('hash')}\nif r0 == 0 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout:${PASS}`,
  },
  {
    name: 'an index subtracted',
    asm: `r6 = *(u32 *)(r1 + 16)\n${lookup('hash')}\nif r0 == 0 goto out\nr6 &= 7\nr0 += 8\nr0 -= r6\nr0 = *(u8 *)(r0 + 0)\nout:\nexit`,
  },
  { name: 'a write', asm: `${lookup('array', 1)}\nif r0 == 0 goto out\n*(u64 *)(r0 + 56) = 1\nout:${PASS}` },
  {
    name: 'a write of a pointer',
    asm: `${lookup('array', 1)}\nif r0 == 0 goto out\n*(u64 *)(r0 + 56) = r10\nout:${PASS}`,
  },
  { name: 'a misaligned access', asm: `${lookup('array', 1)}\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 + 3)\nout:\nexit` },
  { name: 'an array at a key out of range', asm: `${lookup('array', 9)}\nr0 = *(u64 *)(r0 + 0)\nexit` },
  { name: 'an array at a key in range', asm: `${lookup('array', 3)}\nr0 = *(u64 *)(r0 + 0)\nexit` },
  { name: 'the address of a value', asm: 'r1 = value(single + 8) ll\nr0 = *(u64 *)(r1 + 0)\nexit' },
  { name: 'past the end from an address in the value', asm: 'r1 = value(single + 60) ll\nr0 = *(u64 *)(r1 + 0)\nexit' },
  { name: 'an address past the value', asm: 'r1 = value(single + 64) ll\nr0 = *(u64 *)(r1 + 0)\nexit' },
  { name: 'the address of a value of many', asm: 'r1 = value(array) ll\nr0 = *(u64 *)(r1 + 0)\nexit' },
  { name: 'the address of a value of a hash', asm: 'r1 = value(hash) ll\nr0 = *(u64 *)(r1 + 0)\nexit' },
  {
    name: 'the value of a frozen map is known',
    asm: 'r1 = value(frozen) ll\nr0 = *(u8 *)(r1 + 2)\nr2 = *(u32 *)(r1 + 4)\nr3 = *(u64 *)(r1 + 8)\nexit',
  },
  { name: 'a frozen map is not written', asm: 'r1 = value(frozen) ll\n*(u8 *)(r1 + 2) = 1\nr0 = 0\nexit' },
  {
    name: 'a frozen map is not updated',
    asm: `*(u64 *)(r10 - 8) = 0\n*(u64 *)(r10 - 16) = 0\n*(u64 *)(r10 - 24) = 0\nr1 = frozen ll\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -24\nr4 = 0\ncall 2\n${PASS}`,
  },
  { name: 'a map pointer computed with', asm: `r1 = hash ll\nr1 += 8\n${PASS}` },
  { name: 'a map pointer written through', asm: `r1 = hash ll\nr2 = 0\n*(u64 *)(r1 + 0) = r2\n${PASS}` },
  {
    name: 'a map pointer compared with zero',
    asm: `r1 = hash ll\nif r1 == 0 goto bad\n${PASS}\nbad:\nr0 = *(u64 *)(r10 + 8)\nexit`,
  },
  {
    name: 'the element of a device map is read only',
    asm: `${lookup('ports')}\nif r0 == 0 goto out\n*(u32 *)(r0 + 0) = 1\nout:${PASS}`,
  },
  {
    name: 'a per-CPU array',
    asm: `${lookup('percpu', 1)}\nif r0 == 0 goto out\nr1 = *(u64 *)(r0 + 0)\nr1 += 1\n*(u64 *)(r0 + 0) = r1\nout:${PASS}`,
  },
  {
    name: 'a longest prefix',
    asm: `*(u64 *)(r10 - 8) = 32\nr2 = r10\nr2 += -8\nr1 = lpm ll\ncall 1\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 0)\nout:\nexit`,
  },
  {
    name: 'an atomic addition to a value',
    asm: `${lookup('array', 1)}\nif r0 == 0 goto out\nr1 = 1\nlock *(u64 *)(r0 + 0) += r1\nout:${PASS}`,
  },
  {
    name: 'a packet byte as an index',
    asm: `${PACKET}\nr2 = r7\nr2 += 1\nif r2 > r8 goto out\nr6 = *(u8 *)(r7 + 0)\n${lookup('array', 1)}\nif r0 == 0 goto out\nr6 &= 63\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nexit\nout:${PASS}`,
  },
]
