import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { lookup, PACKET, PASS, type VerifierCase } from '../support/case.ts'

const VALUE = `${lookup('array', 1)}\nif r0 == 0 goto out`
const OUT = `\nout:${PASS}`

/** What a program without CAP_PERFMON may do with pointers, with the stack, and to the speculation of a processor. */
const ROWS: readonly Omit<VerifierCase, 'untrusted'>[] = [
  { name: 'returns a pointer', asm: 'r0 = r10\nexit' },
  { name: 'returns the context', asm: 'r0 = r1\nexit' },
  { name: 'stores a pointer to a map', asm: `r6 = r1${VALUE}\n*(u64 *)(r0 + 0) = r6${OUT}` },
  { name: 'stores a number to a map', asm: `${VALUE}\n*(u64 *)(r0 + 0) = 5${OUT}` },
  {
    name: 'stores a pointer to the packet',
    asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\n*(u64 *)(r7 + 0) = r1${OUT}`,
  },
  { name: 'adds a pointer to a map atomically', asm: `r6 = r1${VALUE}\nlock *(u64 *)(r0 + 0) += r6${OUT}` },
  {
    name: 'hands a pointer to a helper as a number',
    asm: `${lookup('array')}\nr1 = array ll\nr2 = r10\nr2 += -4\nr3 = r10\nr3 += -16\n*(u64 *)(r10 - 16) = 0\nr4 = r10\ncall 2\nr0 = 0\nexit`,
  },
  { name: 'compares a pointer with a number', asm: `if r1 == 7 goto out\nr0 = 1${OUT}` },
  { name: 'compares a pointer with 0', asm: `if r1 == 0 goto out\nr0 = 1${OUT}` },
  { name: 'compares pointers', asm: `if r1 == r10 goto out\nr0 = 1${OUT}` },
  {
    name: 'compares packet pointers',
    asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\nr0 = *(u64 *)(r7 + 0)${OUT}`,
  },
  { name: 'subtracts pointers', asm: `r0 = r10\nr0 -= r1\nexit` },
  { name: 'subtracts packet pointers', asm: `${PACKET}\nr0 = r8\nr0 -= r7\nexit` },
  { name: 'negates a pointer', asm: 'r0 = r10\nr0 = -r0\nexit' },
  { name: 'swaps the bytes of a pointer', asm: 'r0 = r10\nr0 = be64 r0\nexit' },
  { name: 'copies half of a pointer', asm: 'w0 = w10\nexit' },
  { name: 'copies a part of a pointer', asm: 'r0 = (s8)r10\nexit' },
  { name: 'subtracts from half of a pointer', asm: 'r0 = r10\nw0 -= 1\nexit' },
  { name: 'reads stack that was never written', asm: 'r0 = *(u64 *)(r10 - 8)\nexit' },
  {
    name: 'reads half of a slot of which half was written',
    asm: `*(u32 *)(r10 - 8) = 1\nr0 = *(u64 *)(r10 - 8)\nexit`,
  },
  { name: 'reads below what was written', asm: `*(u64 *)(r10 - 8) = 1\nr0 = *(u64 *)(r10 - 16)\nexit` },
  { name: 'reads what was written', asm: `*(u64 *)(r10 - 8) = 1\nr0 = *(u64 *)(r10 - 8)\nexit` },
  {
    name: 'hands a helper stack that was never written',
    asm: `r2 = r10\nr2 += -4\nr1 = hash ll\ncall 1\nr0 = 0\nexit`,
  },
  {
    name: 'hands a helper what lies beside a narrow spill',
    asm: `*(u32 *)(r10 - 8) = 1\nr2 = r10\nr2 += -4\nr1 = array ll\ncall 1${OUT}`,
  },
  {
    name: 'hands a helper a spilled pointer',
    asm: `*(u64 *)(r10 - 8) = r1\nr2 = r10\nr2 += -8\nr1 = hash ll\ncall 1\nr0 = 0\nexit`,
  },
  {
    name: 'overwrites a part of a spilled pointer',
    asm: `*(u64 *)(r10 - 8) = r1\n*(u32 *)(r10 - 8) = 1\nr0 = 0\nexit`,
  },
  { name: 'overwrites a spilled pointer', asm: `*(u64 *)(r10 - 8) = r1\n*(u64 *)(r10 - 8) = 1\nr0 = 0\nexit` },
  {
    name: 'fills a spilled pointer',
    asm: `*(u64 *)(r10 - 8) = r1\nr1 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r1 + 12)\nexit`,
  },
  { name: 'reads a map pointer', asm: `r1 = array ll\nr0 = *(u32 *)(r1 + 24)\nexit` },
  {
    name: 'uses a packet pointer after the packet moved',
    asm: `r6 = r1${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\nr1 = r6\nr2 = 0\ncall 44\nr0 = r7${OUT}`,
  },
  {
    name: 'moves a value pointer by a bounded number',
    asm: `r6 = *(u32 *)(r1 + 12)${VALUE}\nr6 &= 15\nr0 += r6\nr0 = *(u8 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'moves a value pointer by a known number in a register',
    asm: `r6 = 8${VALUE}\nr0 += r6\nr0 = *(u8 *)(r0 + 0)${OUT}`,
  },
  { name: 'moves a value pointer by an immediate', asm: `${VALUE}\nr0 += 8\nr0 = *(u8 *)(r0 + 0)${OUT}` },
  { name: 'moves a value pointer to its end', asm: `${VALUE}\nr0 += 64${OUT}` },
  { name: 'moves a value pointer before its start', asm: `${VALUE}\nr0 += -1\nr0 += 1\nr0 = *(u8 *)(r0 + 0)${OUT}` },
  {
    name: 'adds a value pointer to a number',
    asm: `r6 = *(u32 *)(r1 + 12)${VALUE}\nr6 &= 15\nr6 += r0\nr0 = *(u8 *)(r6 + 0)${OUT}`,
  },
  {
    name: 'subtracts a bounded number from a value pointer',
    asm: `r6 = *(u32 *)(r1 + 12)${VALUE}\nr0 += 32\nr6 &= 15\nr0 -= r6\nr0 = *(u8 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'moves a value pointer by a number of either sign',
    asm: `r6 = *(u32 *)(r1 + 12)${VALUE}\nr0 += 32\nr6 &= 15\nr6 += -7\nr0 += r6\nr0 = *(u8 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'moves a value pointer by numbers of two paths',
    asm: `r6 = *(u32 *)(r1 + 12)\nr7 = 8\nif r6 > 5 goto next\nr7 = 4\nnext:${VALUE}\nr0 += r7\nr0 = *(u8 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'moves pointers of two kinds by one instruction',
    asm: `r6 = *(u32 *)(r1 + 12)\nr6 &= 7\nr8 = r6${VALUE}\n*(u64 *)(r10 - 16) = 0\nif r8 > 3 goto next\nr0 = r10\nr0 += -16\nnext: r0 += r6\nr0 = *(u8 *)(r0 + 0)${OUT}`,
  },
  {
    name: 'moves a stack pointer by a bounded number',
    asm: `r6 = *(u32 *)(r1 + 12)\nr6 &= 7\n*(u64 *)(r10 - 8) = 0\nr2 = r10\nr2 += -8\nr2 += r6\nr0 = *(u8 *)(r2 + 0)\nexit`,
  },
  { name: 'moves a stack pointer off the stack', asm: `r2 = r10\nr2 += 8\nr0 = 0\nexit` },
  { name: 'moves a stack pointer below the stack', asm: `r2 = r10\nr2 += -513\nr0 = 0\nexit` },
  {
    name: 'moves a packet pointer by a number',
    asm: `r6 = *(u32 *)(r1 + 12)${PACKET}\nr6 &= 7\nr7 += r6\nr0 = 0\nexit`,
  },
  { name: 'moves a packet pointer by an immediate', asm: `${PACKET}\nr7 += 8\nr0 = 0\nexit` },
  { name: 'decides a branch for good', asm: `r0 = 1\nif r0 == 1 goto out\nr0 = *(u8 *)(r0 + 0)${OUT}` },
  {
    name: 'decides a branch for good, the other way',
    asm: `r0 = 1\nif r0 == 2 goto odd${PASS}\nodd: r0 = *(u8 *)(r0 + 0)\nexit`,
  },
  { name: 'decides a branch with nothing wrong on the other way', asm: `r0 = 1\nif r0 == 1 goto out\nr0 = 7${OUT}` },
  { name: 'loops', asm: `r6 = 0\nnext: r6 += 1\nif r6 < 5 goto next\nr0 = 0\nexit` },
  { name: 'calls a function', asm: `call f\nr0 = 0\nexit\nf: r0 = 1\nexit` },
  { name: 'adds numbers', asm: `r6 = *(u32 *)(r1 + 12)\nr0 = 3\nr0 += r6\nexit` },
  { name: 'traces', asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = 8\ncall 6\nr0 = 0\nexit` },
]

const ON_BUFFERS: readonly Omit<VerifierCase, 'untrusted'>[] = [
  { name: 'stores a pointer to the context', asm: '*(u64 *)(r1 + 48) = r1\nr0 = 0\nexit', type: PROG_TYPE.SCHED_CLS },
  { name: 'stores a number to the context', asm: '*(u32 *)(r1 + 48) = 1\nr0 = 0\nexit', type: PROG_TYPE.SCHED_CLS },
  {
    name: "moves a buffer's socket",
    asm: `r0 = *(u64 *)(r1 + 168)\nif r0 == 0 goto out\nr0 += 4${OUT}`,
    type: PROG_TYPE.SCHED_CLS,
  },
]

export const UNTRUSTED_CASES: readonly VerifierCase[] = [...ROWS, ...ON_BUFFERS].map((row) => ({
  ...row,
  untrusted: true,
}))
