import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { PACKET, PASS, type VerifierCase } from '../support/case.ts'

/** `n` bytes of the packet compared with its end by `jump`, where r2 = data + n; then one byte at `at` is read. */
const compared = (name: string, n: number, jump: string, at: number, insideIsTaken = false): VerifierCase => ({
  name,
  asm: insideIsTaken
    ? `${PACKET}\nr2 = r7\nr2 += ${n}\n${jump} goto in\ngoto out\nin:\nr3 = *(u8 *)(r7 + ${at})\nout:${PASS}`
    : `${PACKET}\nr2 = r7\nr2 += ${n}\n${jump} goto out\nr3 = *(u8 *)(r7 + ${at})\nout:${PASS}`,
})

export const PACKET_CASES: readonly VerifierCase[] = [
  { name: 'no comparison', asm: `${PACKET}\nr0 = *(u8 *)(r7 + 0)\nexit` },
  compared('data + 14 > end', 14, 'if r2 > r8', 13),
  compared('data + 14 > end, one byte further', 14, 'if r2 > r8', 14),
  compared('data + 14 >= end', 14, 'if r2 >= r8', 14),
  compared('data + 14 >= end, one byte further', 14, 'if r2 >= r8', 15),
  compared('data + 14 < end', 14, 'if r2 < r8', 14, true),
  compared('data + 14 < end, one byte further', 14, 'if r2 < r8', 15, true),
  compared('data + 14 <= end', 14, 'if r2 <= r8', 13, true),
  compared('data + 14 <= end, one byte further', 14, 'if r2 <= r8', 14, true),
  compared('end < data + 14', 14, 'if r8 < r2', 13),
  compared('end <= data + 14', 14, 'if r8 <= r2', 14),
  compared('end > data + 14', 14, 'if r8 > r2', 14, true),
  compared('end >= data + 14', 14, 'if r8 >= r2', 13, true),
  compared('a comparison of the wrong way', 14, 'if r2 < r8', 0),
  compared('a comparison for equality', 14, 'if r2 == r8', 0, true),
  compared('a 32-bit comparison', 14, 'if w2 > w8', 0),
  compared('more than a packet can have', 70000, 'if r2 > r8', 0),
  {
    name: 'a negative offset',
    asm: `${PACKET}\nr2 = r7\nr2 += 14\nif r2 > r8 goto out\nr3 = *(u8 *)(r7 - 1)\nout:${PASS}`,
  },
  { name: 'a write', asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\n*(u64 *)(r7 + 0) = 0\nout:${PASS}` },
  {
    name: 'a write of a pointer',
    asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\n*(u64 *)(r7 + 0) = r10\nout:${PASS}`,
  },
  {
    name: 'a misaligned access',
    asm: `${PACKET}\nr2 = r7\nr2 += 9\nif r2 > r8 goto out\nr3 = *(u64 *)(r7 + 1)\nout:${PASS}`,
  },
  {
    name: 'an acquiring load',
    asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\nr2 = load_acquire((u16 *)(r7 + 0))\nout:${PASS}`,
  },
  {
    name: 'an acquiring load that is not proven',
    asm: `${PACKET}\nr2 = load_acquire((u16 *)(r7 + 0))\nout:${PASS}`,
  },
  {
    name: 'a releasing store',
    asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\nr2 = 1\nstore_release((u16 *)(r7 + 0), w2)\nout:${PASS}`,
  },
  {
    name: 'an atomic access',
    asm: `${PACKET}\nr2 = r7\nr2 += 8\nif r2 > r8 goto out\nlock *(u64 *)(r7 + 0) += r10\nout:${PASS}`,
  },
  {
    name: 'a header of variable length',
    asm: `${PACKET}\nr2 = r7\nr2 += 20\nif r2 > r8 goto out\nr3 = *(u8 *)(r7 + 0)\nr3 &= 15\nr3 <<= 2\nr4 = r7\nr4 += r3\nr5 = r4\nr5 += 8\nif r5 > r8 goto out\nr0 = *(u16 *)(r4 + 2)\nout:${PASS}`,
  },
  {
    name: 'the copy made before the comparison has the range, too',
    asm: `${PACKET}\nr3 = r7\nr2 = r7\nr2 += 14\nif r2 > r8 goto out\nr4 = *(u8 *)(r3 + 13)\nr5 = *(u8 *)(r2 - 1)\nout:${PASS}`,
  },
  {
    name: 'a base moved by a variable loses the range',
    asm: `${PACKET}\nr2 = r7\nr2 += 64\nif r2 > r8 goto out\nr3 = *(u8 *)(r7 + 0)\nr3 &= 31\nr7 += r3\nr4 = *(u8 *)(r7 + 0)\nout:${PASS}`,
  },
  {
    name: 'two bases of one offset are two',
    asm: `${PACKET}\nr2 = r7\nr2 += 1\nif r2 > r8 goto out\nr3 = *(u8 *)(r7 + 0)\nr4 = r7\nr4 += r3\nr5 = r7\nr5 += r3\nr9 = r4\nr9 += 4\nif r9 > r8 goto out\nr0 = *(u8 *)(r5 + 0)\nout:${PASS}`,
  },
  {
    name: 'an unbounded offset',
    asm: `${PACKET}\nr3 = *(u32 *)(r1 + 16)\nr4 = r7\nr4 += r3\nr5 = r4\nr5 += 4\nif r5 > r8 goto out\nr0 = *(u8 *)(r4 + 0)\nout:${PASS}`,
  },
  {
    name: 'metadata compared with data',
    asm: `r7 = *(u32 *)(r1 + 8)\nr8 = *(u32 *)(r1 + 0)\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\nr0 = *(u32 *)(r7 + 0)\nout:${PASS}`,
  },
  {
    name: 'metadata compared with moved data',
    asm: `r7 = *(u32 *)(r1 + 8)\nr8 = *(u32 *)(r1 + 0)\nr8 += 8\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\nr0 = *(u32 *)(r7 + 0)\nout:${PASS}`,
  },
  {
    name: 'metadata compared with the end',
    asm: `r7 = *(u32 *)(r1 + 8)\nr8 = *(u32 *)(r1 + 4)\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\nr0 = *(u32 *)(r7 + 0)\nout:${PASS}`,
  },
  {
    name: 'the second comparison is decided by the first',
    asm: `${PACKET}\nr2 = r7\nr2 += 14\nif r2 > r8 goto a\n${PASS}\na:\nif r2 > r8 goto out\nr0 = *(u8 *)(r10 + 8)\nout:${PASS}`,
  },
  {
    name: 'pointers are stale after the head moved',
    asm: `r6 = r1\n${PACKET}\nr2 = r7\nr2 += 14\nif r2 > r8 goto out\nr1 = r6\nr2 = 4\ncall 44\nr0 = *(u8 *)(r7 + 0)\nout:${PASS}`,
  },
  {
    name: 'spilled pointers are stale after the head moved',
    asm: `r6 = r1\n${PACKET}\n*(u64 *)(r10 - 8) = r7\nr2 = r7\nr2 += 14\nif r2 > r8 goto out\nr1 = r6\nr2 = 4\ncall 44\nr7 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r7 + 0)\nout:${PASS}`,
  },
  { name: 'arithmetic on the end', asm: `${PACKET}\nr8 += 1\n${PASS}` },
  {
    name: 'a packet pointer to a helper',
    asm: `${PACKET}\nr2 = r7\nr2 += 4\nif r2 > r8 goto out\nr2 = r7\nr1 = hash ll\ncall 1\nout:${PASS}`,
  },
  {
    name: 'a packet pointer to a helper, too short',
    asm: `${PACKET}\nr2 = r7\nr2 += 3\nif r2 > r8 goto out\nr2 = r7\nr1 = hash ll\ncall 1\nout:${PASS}`,
  },
  {
    name: 'a packet pointer spilled and filled',
    asm: `${PACKET}\n*(u64 *)(r10 - 8) = r7\nr2 = r7\nr2 += 14\nif r2 > r8 goto out\nr7 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r7 + 13)\nout:${PASS}`,
  },
  {
    name: 'socket filters see no packet pointers',
    asm: `r2 = *(u32 *)(r1 + 76)\n${PASS}`,
    type: PROG_TYPE.SOCKET_FILTER,
  },
  {
    name: 'classifiers do',
    asm: `r7 = *(u32 *)(r1 + 76)\nr8 = *(u32 *)(r1 + 80)\nr2 = r7\nr2 += 14\nif r2 > r8 goto out\n*(u16 *)(r7 + 12) = 8\nout:${PASS}`,
    type: PROG_TYPE.SCHED_CLS,
  },
  ...[
    { name: 'what a socket option holds is written', at: 0 },
    { name: 'what a socket option holds is written past its end', at: 4 },
  ].map(({ name, at }) => ({
    name,
    asm: [
      'r6 = *(u64 *)(r1 + 8)\nr7 = *(u64 *)(r1 + 16)\nr2 = r6\nr2 += 4\nif r2 > r7 goto out',
      `r3 = 1\n*(u32 *)(r6 + ${at}) = r3\nout: r0 = 1\nexit`,
    ].join('\n'),
    type: PROG_TYPE.CGROUP_SOCKOPT,
    attachType: ATTACH_TYPE.CGROUP_GETSOCKOPT,
  })),
]

export const CONTEXT_CASES: readonly VerifierCase[] = [
  { name: 'past the context', asm: 'r0 = *(u32 *)(r1 + 24)\nexit' },
  { name: 'egress_ifindex outside of a device map', asm: 'r0 = *(u32 *)(r1 + 20)\nexit' },
  { name: 'egress_ifindex in a device map', asm: 'r0 = *(u32 *)(r1 + 20)\nexit', attachType: 33 },
  { name: 'half of a field', asm: 'r0 = *(u16 *)(r1 + 12)\nexit' },
  { name: 'two fields at once', asm: 'r0 = *(u64 *)(r1 + 8)\nexit' },
  { name: 'a misaligned field', asm: 'r0 = *(u32 *)(r1 + 14)\nexit' },
  { name: 'a write', asm: 'r0 = 0\n*(u32 *)(r1 + 0) = r0\nexit' },
  { name: 'an atomic addition', asm: 'r0 = 0\nlock *(u32 *)(r1 + 16) += w0\nexit' },
  { name: 'data with sign extension', asm: 'r0 = *(s32 *)(r1 + 0)\nexit' },
  { name: 'a queue index with sign extension', asm: 'r0 = *(s32 *)(r1 + 16)\nexit' },
  {
    name: 'one instruction for the context and the stack',
    asm: `r2 = *(u32 *)(r1 + 16)\nr3 = r1\nif r2 == 0 goto l\nr3 = r10\nr3 += -32\nl:\nr0 = *(u32 *)(r3 + 12)\nexit`,
  },
  { name: 'a byte of the mark of a socket buffer', asm: 'r0 = *(u8 *)(r1 + 8)\nexit', type: PROG_TYPE.SOCKET_FILTER },
  {
    name: 'a write of the mark by a socket filter',
    asm: 'r0 = 0\n*(u32 *)(r1 + 8) = r0\nexit',
    type: PROG_TYPE.SOCKET_FILTER,
  },
  {
    name: 'a write of the control block by a socket filter',
    asm: 'r0 = 0\n*(u32 *)(r1 + 48) = r0\nexit',
    type: PROG_TYPE.SOCKET_FILTER,
  },
  {
    name: 'a write of the mark by a classifier',
    asm: 'r0 = 0\n*(u32 *)(r1 + 8) = r0\nexit',
    type: PROG_TYPE.SCHED_CLS,
  },
  { name: 'half of the time stamp', asm: 'r0 = *(u32 *)(r1 + 152)\nexit', type: PROG_TYPE.SCHED_CLS },
  { name: 'the time stamp', asm: 'r0 = *(u64 *)(r1 + 152)\nexit', type: PROG_TYPE.SCHED_CLS },
  { name: 'padding', asm: 'r0 = *(u8 *)(r1 + 182)\nexit', type: PROG_TYPE.SCHED_CLS },
]

export const PACKET_LOAD_CASES: readonly VerifierCase[] = [
  { name: 'an absolute load', asm: 'r6 = r1\nr0 = *(u16 *)skb[12]\nexit', type: PROG_TYPE.SOCKET_FILTER },
  { name: 'an indirect load', asm: 'r6 = r1\nr7 = 14\nr0 = *(u8 *)skb[r7 + 9]\nexit', type: PROG_TYPE.SOCKET_FILTER },
  { name: 'without the context in r6', asm: 'r6 = 0\nr0 = *(u16 *)skb[12]\nexit', type: PROG_TYPE.SOCKET_FILTER },
  { name: 'with nothing in r6', asm: 'r0 = *(u16 *)skb[12]\nexit', type: PROG_TYPE.SOCKET_FILTER },
  {
    name: 'r1 is lost',
    asm: 'r6 = r1\nr0 = *(u16 *)skb[12]\nr0 = *(u32 *)(r1 + 0)\nexit',
    type: PROG_TYPE.SOCKET_FILTER,
  },
  { name: 'not for XDP', asm: 'r6 = r1\nr0 = *(u16 *)skb[12]\nexit' },
  {
    name: 'an indirect load without an offset',
    asm: 'r6 = r1\nr0 = *(u8 *)skb[r7 + 9]\nexit',
    type: PROG_TYPE.SOCKET_FILTER,
  },
]
