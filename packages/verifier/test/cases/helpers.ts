import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { lookup, PACKET, PASS, type VerifierCase } from '../support/case.ts'

export const HELPER_CASES: readonly VerifierCase[] = [
  { name: 'a helper that there is not', asm: 'call 9999\nexit' },
  { name: 'helper 0', asm: 'call 0\nexit' },
  { name: 'a negative helper', asm: 'call -5\nexit' },
  { name: 'a helper of other programs', asm: 'call 26\nexit' },
  { name: 'a helper of other programs, asked by a socket filter', asm: 'call 44\nexit', type: PROG_TYPE.SOCKET_FILTER },
  {
    name: 'a helper for GPL programs',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = 8\ncall 6\n${PASS}`,
    gpl: false,
  },
  {
    name: 'a helper for GPL programs in one',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = 8\ncall 6\n${PASS}`,
  },
  { name: 'a number for a map', asm: 'r1 = 0\nr2 = 0\ncall 1\nexit' },
  { name: 'a number for a key', asm: 'r1 = hash ll\nr2 = 0\ncall 1\nexit' },
  { name: 'a map for a key', asm: 'r1 = hash ll\nr2 = hash ll\ncall 1\nexit' },
  { name: 'the context for a key', asm: 'r2 = r1\nr1 = hash ll\ncall 1\nexit' },
  { name: 'an argument without a value', asm: 'r1 = hash ll\ncall 1\nexit' },
  { name: 'a key over the top of the stack', asm: `r1 = hash ll\nr2 = r10\nr2 += -2\ncall 1\n${PASS}` },
  { name: 'a key below the stack', asm: `r1 = hash ll\nr2 = r10\nr2 += -516\ncall 1\n${PASS}` },
  { name: 'a key that was never written', asm: `r1 = hash ll\nr2 = r10\nr2 += -4\ncall 1\n${PASS}` },
  {
    name: 'a key in a map value',
    asm: `${lookup('array', 1)}\nif r0 == 0 goto out\nr2 = r0\nr2 += 60\nr1 = hash ll\ncall 1\nout:${PASS}`,
  },
  {
    name: 'a key over the end of a map value',
    asm: `${lookup('array', 1)}\nif r0 == 0 goto out\nr2 = r0\nr2 += 61\nr1 = hash ll\ncall 1\nout:${PASS}`,
  },
  { name: 'a key in a value that may be NULL', asm: `${lookup('hash')}\nr2 = r0\nr1 = hash ll\ncall 1\n${PASS}` },
  {
    name: 'a key at a variable offset',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 4\n*(u64 *)(r10 - 8) = 0\nr2 = r10\nr2 += -8\nr2 += r6\nr1 = hash ll\ncall 1\n${PASS}`,
  },
  {
    name: 'an update',
    asm: `*(u64 *)(r10 - 8) = 0\n*(u64 *)(r10 - 16) = 0\n*(u64 *)(r10 - 24) = 0\nr1 = hash ll\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -24\nr4 = 0\ncall 2\nexit`,
  },
  {
    name: 'an update with a value too short',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = hash ll\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -8\nr4 = 0\ncall 2\nexit`,
  },
  { name: 'a deletion', asm: `*(u64 *)(r10 - 8) = 0\nr1 = hash ll\nr2 = r10\nr2 += -8\ncall 3\nexit` },
  {
    name: 'a pointer spilled in memory that a helper reads is gone',
    asm: `*(u64 *)(r10 - 8) = r10\nr1 = hash ll\nr2 = r10\nr2 += -8\ncall 3\nr1 = *(u64 *)(r10 - 8)\nr0 = *(u64 *)(r1 - 16)\nexit`,
  },
  {
    name: 'memory and its constant size',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit`,
    type: PROG_TYPE.SCHED_CLS,
  },
  { name: 'no memory and size 0', asm: `r1 = 0\nr2 = 0\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit` },
  { name: 'no memory and size 8', asm: `r1 = 0\nr2 = 8\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit` },
  {
    name: 'a bounded size',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 12\n*(u64 *)(r10 - 8) = 0\n*(u64 *)(r10 - 16) = 0\nr1 = r10\nr1 += -16\nr2 = r6\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit`,
  },
  {
    name: 'a size that may be too much',
    asm: `r6 = *(u32 *)(r1 + 16)\nr6 &= 31\nr1 = r10\nr1 += -16\nr2 = r6\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit`,
  },
  {
    name: 'an unbounded size',
    asm: `r6 = *(u32 *)(r1 + 16)\nr1 = r10\nr1 += -16\nr2 = r6\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit`,
  },
  {
    name: 'a size that may be negative',
    asm: `r6 = r1\ncall 5\nr1 = r10\nr1 += -16\nr2 = r0\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28\nexit`,
  },
  { name: 'a size of zero where there must be some', asm: `r1 = r10\nr1 += -16\nr2 = 0\ncall 6\nexit` },
  {
    name: 'memory that the helper fills',
    asm: `r2 = 0\nr3 = r10\nr3 += -16\nr4 = 16\ncall 26\nr0 = *(u64 *)(r10 - 8)\nexit`,
    type: PROG_TYPE.SOCKET_FILTER,
  },
  {
    name: 'memory that the helper fills, with a pointer in it',
    asm: `*(u64 *)(r10 - 8) = r1\nr2 = 0\nr3 = r10\nr3 += -16\nr4 = 16\ncall 26\nr1 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r1 + 0)\nexit`,
    type: PROG_TYPE.SOCKET_FILTER,
  },
  {
    name: 'memory that the helper fills, at a variable size',
    asm: `r6 = *(u32 *)(r1 + 0)\nr6 &= 15\nr6 += 1\nr2 = 0\nr3 = r10\nr3 += -16\nr4 = r6\ncall 26\nr0 = *(u64 *)(r10 - 8)\nexit`,
    type: PROG_TYPE.SOCKET_FILTER,
  },
  { name: 'a number for the context', asm: `r1 = 0\nr2 = 4\ncall 44\nexit` },
  { name: 'a moved context', asm: `r1 += 4\nr2 = 4\ncall 44\nexit` },
  { name: 'redirect to a device map', asm: `r1 = ports ll\nr2 = 0\nr3 = 0\ncall 51\nexit` },
  { name: 'redirect to a hash', asm: `r1 = hash ll\nr2 = 0\nr3 = 0\ncall 51\nexit` },
  { name: 'a lookup in a prog array', asm: `${lookup('progs')}\n${PASS}` },
  {
    name: 'an update of a device map',
    asm: `*(u64 *)(r10 - 8) = 0\nr1 = ports ll\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -8\nr4 = 0\ncall 2\nexit`,
  },
  {
    name: 'an output to user space',
    asm: `*(u64 *)(r10 - 8) = 0\nr2 = events ll\nr3 = 0\nr4 = r10\nr4 += -8\nr5 = 8\ncall 25\nexit`,
  },
  {
    name: 'ring buffer memory given back',
    asm: `r1 = ring ll\nr2 = 16\nr3 = 0\ncall 131\nif r0 == 0 goto out\n*(u64 *)(r0 + 8) = 1\nr1 = r0\nr2 = 0\ncall 132\nout:${PASS}`,
  },
  { name: 'ring buffer memory kept', asm: `r1 = ring ll\nr2 = 16\nr3 = 0\ncall 131\n${PASS}` },
  {
    name: 'ring buffer memory given back twice',
    asm: `r1 = ring ll\nr2 = 16\nr3 = 0\ncall 131\nif r0 == 0 goto out\nr6 = r0\nr1 = r0\nr2 = 0\ncall 132\nr1 = r6\nr2 = 0\ncall 133\nout:${PASS}`,
  },
  {
    name: 'ring buffer memory of a size not known',
    asm: `r2 = *(u32 *)(r1 + 16)\nr2 &= 15\nr1 = ring ll\nr3 = 0\ncall 131\n${PASS}`,
  },
  {
    name: 'ring buffer memory past its end',
    asm: `r1 = ring ll\nr2 = 16\nr3 = 0\ncall 131\nif r0 == 0 goto out\n*(u64 *)(r0 + 12) = 1\nr1 = r0\nr2 = 0\ncall 132\nout:${PASS}`,
  },
  { name: 'a tail call', asm: `r2 = progs ll\nr3 = 1\ncall 12\n${PASS}` },
  { name: 'a tail call leaves r0 without a value', asm: `r2 = progs ll\nr3 = 1\ncall 12\nexit` },
  { name: 'a tail call through a hash', asm: `r2 = hash ll\nr3 = 1\ncall 12\n${PASS}` },
  {
    name: 'packet pointers are stale after a tail call',
    asm: `${PACKET}\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\nr2 = progs ll\nr3 = 1\ncall 12\nr0 = *(u8 *)(r7 + 0)\nout:${PASS}`,
  },
  {
    name: 'a checksum over the packet',
    asm: `${PACKET}\nr2 = r7\nr2 += 20\nif r2 > r8 goto out\nr1 = 0\nr2 = 0\nr3 = r7\nr4 = 20\nr5 = 0\ncall 28\nout:${PASS}`,
  },
  ...[
    { what: 'a route', helper: 69, type: PROG_TYPE.SCHED_CLS },
    { what: "a setting's name", helper: 101, type: PROG_TYPE.CGROUP_SYSCTL, attachType: ATTACH_TYPE.CGROUP_SYSCTL },
    { what: 'branches', helper: 119, type: PROG_TYPE.PERF_EVENT },
  ].map(({ what, helper, ...program }) => ({
    name: `zeros are forgotten where ${what} was put`,
    asm: [
      ...['r9 = 0', ...[64, 56, 48, 40, 32, 24, 16, 8].map((at) => `*(u64 *)(r10 - ${at}) = r9`)],
      ...['r2 = r10', 'r2 += -64', 'r3 = 64', 'r4 = 0', `call ${helper}`, 'r6 = *(u64 *)(r10 - 64)'],
      ...['r7 = r10', 'r7 += r6', 'r0 = *(u8 *)(r7 - 64)', 'r0 = 1', 'exit'],
    ].join('\n'),
    ...program,
  })),
]
