import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { lookup, PASS, type VerifierCase } from '../support/case.ts'

/** r0 = the socket of the buffer, or 0 and out; r1 kept. */
const SOCKET = `
  r0 = *(u64 *)(r1 + 168)
  if r0 == 0 goto out`
const OUT = `\nout:${PASS}`
/** r0 = a socket that was looked up, counted, or NULL. */
const LOOK_UP = (helper = 84): string => `
  r6 = r1
  *(u64 *)(r10 - 8) = 0
  *(u64 *)(r10 - 16) = 0
  *(u64 *)(r10 - 24) = 0
  *(u64 *)(r10 - 32) = 0
  *(u64 *)(r10 - 40) = 0
  r2 = r10
  r2 += -40
  r3 = 12
  r4 = 0
  r5 = 0
  call ${helper}`
const RELEASE = '\n  r1 = r0\n  call 86'

const type = PROG_TYPE.SCHED_CLS

const BUFFER_SOCKETS: readonly VerifierCase[] = [
  { name: "a buffer's socket", asm: `${SOCKET}\nr0 = *(u32 *)(r0 + 4)${OUT}`, type },
  { name: "a buffer's socket that may be NULL", asm: `r0 = *(u64 *)(r1 + 168)\nr0 = *(u32 *)(r0 + 4)\nexit`, type },
  { name: 'a part of a common field', asm: `${SOCKET}\nr0 = *(u8 *)(r0 + 24)${OUT}`, type },
  { name: 'the middle of a field that is read from its start', asm: `${SOCKET}\nr0 = *(u8 *)(r0 + 5)${OUT}`, type },
  { name: 'what only full sockets have', asm: `${SOCKET}\nr0 = *(u32 *)(r0 + 8)${OUT}`, type },
  { name: 'past a socket', asm: `${SOCKET}\nr0 = *(u32 *)(r0 + 80)${OUT}`, type },
  { name: 'a store to a socket', asm: `${SOCKET}\n*(u32 *)(r0 + 16) = 1${OUT}`, type },
  { name: 'a socket that is moved', asm: `${SOCKET}\nr0 += 4${OUT}`, type },
  { name: 'a socket that may be NULL and is moved', asm: `r0 = *(u64 *)(r1 + 168)\nr0 += 4${OUT}`, type },
  { name: 'a full socket', asm: `${SOCKET}\nr1 = r0\ncall 95\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 8)${OUT}`, type },
  { name: 'a full socket of nothing', asm: `r1 = *(u64 *)(r1 + 168)\ncall 95\nr0 = 0\nexit`, type },
  { name: 'a TCP socket', asm: `${SOCKET}\nr1 = r0\ncall 96\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 + 80)${OUT}`, type },
  {
    name: 'half of a long field',
    asm: `${SOCKET}\nr1 = r0\ncall 96\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 80)${OUT}`,
    type,
  },
  {
    name: 'past a TCP socket',
    asm: `${SOCKET}\nr1 = r0\ncall 96\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 112)${OUT}`,
    type,
  },
  { name: 'a listener', asm: `${SOCKET}\nr1 = r0\ncall 98\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 44)${OUT}`, type },
  { name: 'a socket that is given back but was not got', asm: `${SOCKET}\nr1 = r0\ncall 86${OUT}`, type },
  {
    name: 'a spilled socket',
    asm: `${SOCKET}\n*(u64 *)(r10 - 8) = r0\nr2 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r2 + 4)${OUT}`,
    type,
  },
  {
    name: 'the NULL of one copy is that of the other',
    asm: `r2 = *(u64 *)(r1 + 168)\nr3 = r2\nif r2 == 0 goto out\nr0 = *(u32 *)(r3 + 4)${OUT}`,
    type,
  },
  {
    name: 'two loads have a NULL each',
    asm: `r2 = *(u64 *)(r1 + 168)\nr3 = *(u64 *)(r1 + 168)\nif r2 == 0 goto out\nr0 = *(u32 *)(r3 + 4)${OUT}`,
    type,
  },
  { name: 'a number for a socket', asm: 'r1 = 0\ncall 95\nr0 = 0\nexit', type },
  { name: 'the context for a socket', asm: 'call 96\nr0 = 0\nexit', type },
  {
    name: 'one load from a socket and a context',
    asm: `r2 = *(u32 *)(r1 + 0)\nr3 = r1\nr4 = *(u64 *)(r1 + 168)\nif r4 == 0 goto out\nif r2 == 7 goto next\nr3 = r4\nnext: r0 = *(u32 *)(r3 + 4)${OUT}`,
    type,
  },
]

const COUNTED_SOCKETS: readonly VerifierCase[] = [
  { name: 'a look-up, given back', asm: `${LOOK_UP()}\nif r0 == 0 goto out${RELEASE}${OUT}`, type },
  { name: 'a look-up that is forgotten', asm: `${LOOK_UP()}${PASS}`, type },
  { name: 'a look-up that is given back unseen', asm: `${LOOK_UP()}${RELEASE}${PASS}`, type },
  {
    name: 'a look-up given back twice',
    asm: `${LOOK_UP()}\nif r0 == 0 goto out\nr7 = r0${RELEASE}\nr1 = r7\ncall 86${OUT}`,
    type,
  },
  {
    name: 'a look-up used after it was given back',
    asm: `${LOOK_UP(85)}\nif r0 == 0 goto out\nr7 = r0${RELEASE}\nr0 = *(u32 *)(r7 + 4)${OUT}`,
    type,
  },
  {
    name: 'a look-up given back on one path only',
    asm: `${LOOK_UP()}\nif r0 == 0 goto out\nr2 = *(u32 *)(r6 + 0)\nif r2 == 3 goto out${RELEASE}${OUT}`,
    type,
  },
  {
    name: 'a look-up whose field is read',
    asm: `${LOOK_UP(99)}\nif r0 == 0 goto out\nr7 = *(u32 *)(r0 + 4)${RELEASE}${OUT}`,
    type,
  },
  {
    name: 'another view of a look-up',
    asm: `${LOOK_UP(99)}\nif r0 == 0 goto out\nr7 = r0\nr1 = r0\ncall 96\nif r0 == 0 goto back\nr8 = *(u32 *)(r0 + 0)\nback: r1 = r7\ncall 86${OUT}`,
    type,
  },
  {
    name: 'another view, given back in its stead',
    asm: `${LOOK_UP(99)}\nif r0 == 0 goto out\nr1 = r0\ncall 95\nif r0 == 0 goto out${RELEASE}${OUT}`,
    type,
  },
  {
    name: 'another view after the look-up was given back',
    asm: `${LOOK_UP(99)}\nif r0 == 0 goto out\nr7 = r0\nr1 = r0\ncall 96\nr8 = r0\nr1 = r7\ncall 86\nif r8 == 0 goto out\nr0 = *(u32 *)(r8 + 0)${OUT}`,
    type,
  },
  {
    name: 'a tail call with a look-up held',
    asm: `${LOOK_UP()}\nr1 = r6\nr2 = progs ll\nr3 = 0\ncall 12${PASS}`,
    type,
  },
  { name: 'a look-up moved and given back', asm: `${LOOK_UP()}\nif r0 == 0 goto out\nr0 += 8${RELEASE}${OUT}`, type },
  { name: 'a look-up in a function', asm: `call look\nr0 = 0\nexit\nlook:${LOOK_UP()}\nexit`, type },
]

const HOOK_SOCKETS: readonly VerifierCase[] = [
  {
    name: "an address hook's socket",
    asm: 'r2 = *(u64 *)(r1 + 64)\nr0 = *(u32 *)(r2 + 8)\nr0 = 1\nexit',
    type: PROG_TYPE.CGROUP_SOCK_ADDR,
    attachType: ATTACH_TYPE.CGROUP_INET4_CONNECT,
  },
  {
    name: "a socket look-up's socket",
    asm: 'r2 = *(u64 *)(r1 + 0)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 + 8)\nout:\nr0 = 1\nexit',
    type: PROG_TYPE.SK_LOOKUP,
    attachType: ATTACH_TYPE.SK_LOOKUP,
  },
  {
    name: 'a message and its socket',
    asm: 'r2 = *(u64 *)(r1 + 72)\nr0 = *(u32 *)(r2 + 4)\nr3 = *(u64 *)(r1 + 0)\nr4 = *(u64 *)(r1 + 8)\nr5 = r3\nr5 += 8\nif r5 > r4 goto out\nr0 = *(u64 *)(r3 + 0)\nout:\nr0 = 1\nexit',
    type: PROG_TYPE.SK_MSG,
  },
  { name: 'half a pointer', asm: 'r2 = *(u32 *)(r1 + 72)\nr0 = 1\nexit', type: PROG_TYPE.SK_MSG },
  {
    name: 'operations of a socket',
    asm: 'r2 = *(u64 *)(r1 + 184)\nif r2 == 0 goto out\nr0 = *(u32 *)(r2 + 8)\nout:\nr0 = 1\nexit',
    type: PROG_TYPE.SOCK_OPS,
    attachType: ATTACH_TYPE.CGROUP_SOCK_OPS,
  },
]

const MAP_SOCKETS: readonly VerifierCase[] = [
  {
    name: 'a socket of a map is counted',
    asm: `${lookup('sockets')}\nif r0 == 0 goto out\nr1 = r0\ncall 86${OUT}`,
    type: PROG_TYPE.SK_SKB,
  },
  { name: 'a socket of a map, kept', asm: `${lookup('sockets')}${PASS}`, type: PROG_TYPE.SK_SKB },
  { name: "an AF_XDP socket's queue", asm: `${lookup('xsks')}\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 0)${OUT}` },
  { name: 'past an AF_XDP socket', asm: `${lookup('xsks')}\nif r0 == 0 goto out\nr0 = *(u32 *)(r0 + 4)${OUT}` },
]

export const SOCKET_CASES: readonly VerifierCase[] = [
  ...BUFFER_SOCKETS,
  ...COUNTED_SOCKETS,
  ...HOOK_SOCKETS,
  ...MAP_SOCKETS,
]
