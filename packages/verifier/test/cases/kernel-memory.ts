import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { BoundCase } from './bound-programs.ts'

const END = '\nr0 = 0\nexit'

function tracepoint(name: string, attachTo: string, asm: string, calls?: string): BoundCase {
  const bound = { name, attachTo, asm: asm + END, type: PROG_TYPE.TRACING, attachType: ATTACH_TYPE.TRACE_RAW_TP }
  return calls === undefined ? bound : { ...bound, calls: calls.split(' ') }
}

/** Tracepoints whose class has several. */
const SHARED: readonly BoundCase[] = [
  tracepoint('a cgroup that is made', 'cgroup_mkdir', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u32 *)(r2 + 0)'),
  tracepoint('its path', 'cgroup_mkdir', 'r2 = *(u64 *)(r1 + 8)\nr3 = *(u8 *)(r2 + 0)'),
  tracepoint('past its arguments', 'cgroup_mkdir', 'r2 = *(u64 *)(r1 + 16)'),
  tracepoint('a socket that may be absent', 'tcp_send_reset', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u16 *)(r2 + 0)'),
  tracepoint('a socket', 'tcp_destroy_sock', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u16 *)(r2 + 0)'),
  tracepoint('a socket destroyed', 'tcp_destroy_sock', 'r1 = *(u64 *)(r1 + 0)\ncall 9000', 'bpf_sock_destroy'),
  tracepoint(
    'a cgroup that is made, counted',
    'cgroup_mkdir',
    'r1 = *(u64 *)(r1 + 0)\ncall 9000\nif r0 == 0 goto out\nr1 = r0\ncall 9001\nout:',
    'bpf_cgroup_acquire bpf_cgroup_release',
  ),
]

const TASK = 'r6 = *(u64 *)(r1 + 0)\n'

/** Structures of the kernel handed to helpers as memory. */
const HANDED: readonly BoundCase[] = [
  tracepoint('a new task, as memory', 'task_newtask', `${TASK}r1 = r6\nr2 = 4\nr3 = 0\nr4 = 0\nr5 = 0\ncall 28`),
  tracepoint(
    'past a new task, as memory',
    'task_newtask',
    `${TASK}r1 = 0\nr2 = 0\nr3 = r6\nr4 = 65536\nr5 = 0\ncall 28`,
  ),
  tracepoint('a new task, to be written', 'task_newtask', `${TASK}r1 = r6\nr2 = 8\nr3 = r6\ncall 113`),
  tracepoint('a new task, as a key', 'task_newtask', `${TASK}r1 = hash ll\nr2 = r6\ncall 1`),
]

/** Fields of the kernel's structures of maps. */
const MAPS: readonly BoundCase[] = [
  { name: 'the operations of an array', asm: `r1 = array ll\nr6 = *(u64 *)(r1 + 32)${END}` },
  { name: 'half of a pointer in an array', asm: `r1 = array ll\nr6 = *(u32 *)(r1 + 33)${END}` },
  { name: 'past an array', asm: `r1 = array ll\nr6 = *(u64 *)(r1 + 16384)${END}` },
  { name: 'an attribute of a table', asm: `r1 = hash ll\nr6 = *(u32 *)(r1 + 80)${END}` },
  { name: 'the inner map of a table', asm: `r1 = hash ll\nr6 = *(u64 *)(r1 + 40)\nr7 = *(u64 *)(r6 + 4)${END}` },
  { name: 'a map without a licence', asm: `r1 = hash ll\nr6 = *(u64 *)(r1 + 32)${END}`, gpl: false },
  { name: 'a store to a map', asm: `r1 = hash ll\n*(u64 *)(r1 + 32) = 0${END}` },
]

const WRITABLE = { type: PROG_TYPE.RAW_TRACEPOINT_WRITABLE }
const BUFFER = 'r6 = *(u64 *)(r1 + 0)\n'

/** What some tracepoints let programs write. */
const BUFFERS: readonly BoundCase[] = [
  { ...WRITABLE, name: 'a load from a buffer', asm: `${BUFFER}r7 = *(u32 *)(r6 + 4)${END}` },
  { ...WRITABLE, name: 'a store to a buffer', asm: `${BUFFER}*(u64 *)(r6 + 40) = 1${END}` },
  { ...WRITABLE, name: 'before a buffer', asm: `${BUFFER}r7 = *(u32 *)(r6 - 4)${END}` },
  { ...WRITABLE, name: 'a moved buffer', asm: `${BUFFER}r6 += 8\nr7 = *(u32 *)(r6 + 0)${END}` },
  {
    ...WRITABLE,
    name: 'somewhere in a buffer',
    asm: `r7 = *(u32 *)(r1 + 8)\n${BUFFER}r6 += r7\nr7 = *(u8 *)(r6 + 0)${END}`,
  },
  { ...WRITABLE, name: 'half of a buffer', asm: `r6 = *(u32 *)(r1 + 0)${END}` },
  {
    ...WRITABLE,
    name: 'a buffer on the stack',
    asm: `${BUFFER}*(u64 *)(r10 - 8) = r6\nr7 = *(u64 *)(r10 - 8)\nr7 = *(u8 *)(r7 + 0)${END}`,
  },
  { ...WRITABLE, name: 'a buffer for a helper', asm: `${BUFFER}r1 = r6\nr2 = 4\nr3 = 0\ncall 6${END}` },
]

const DISSECTOR = { type: PROG_TYPE.FLOW_DISSECTOR }
const KEYS = 'r6 = *(u64 *)(r1 + 144)\n'

/** What a flow dissector fills. */
const FLOW_KEYS: readonly BoundCase[] = [
  { ...DISSECTOR, name: 'a load from flow keys', asm: `${KEYS}r7 = *(u16 *)(r6 + 0)${END}` },
  { ...DISSECTOR, name: 'a store to flow keys', asm: `${KEYS}*(u32 *)(r6 + 52) = 1${END}` },
  { ...DISSECTOR, name: 'past flow keys', asm: `${KEYS}*(u32 *)(r6 + 56) = 1${END}` },
  { ...DISSECTOR, name: 'before flow keys', asm: `${KEYS}r7 = *(u8 *)(r6 - 1)${END}` },
  {
    ...DISSECTOR,
    name: 'moved flow keys',
    asm: `${KEYS}r6 += 8\nr7 = *(u16 *)(r6 + 0)\nr6 -= 8\nr7 = *(u16 *)(r6 + 0)${END}`,
  },
  { ...DISSECTOR, name: 'somewhere in flow keys', asm: `${KEYS}r7 = *(u16 *)(r6 + 0)\nr7 &= 1\nr6 += r7${END}` },
  {
    ...DISSECTOR,
    name: 'flow keys on the stack',
    asm: `${KEYS}*(u64 *)(r10 - 8) = r6\nr7 = *(u64 *)(r10 - 8)\nr7 = *(u8 *)(r7 + 0)${END}`,
  },
  {
    ...DISSECTOR,
    name: 'flow keys as a context',
    asm: `${KEYS}r1 = r6\nr2 = 0\nr3 = r10\nr3 += -8\nr4 = 8\ncall 26${END}`,
  },
]

function symbol(name: string, asm: string): BoundCase {
  return { name, asm: asm + END, type: PROG_TYPE.TRACEPOINT, calls: ['bpf_map_area_alloc'] }
}

/** Functions of the kernel, by their addresses: a kernel that lists no variables has nothing else to compare. */
const SYMBOLS: readonly BoundCase[] = [
  symbol('the address of a function', 'r1 = 9000 ll'),
  symbol('a load from a function', 'r1 = 9000 ll\nr2 = *(u8 *)(r1 + 0)'),
  symbol('a store to a function', 'r1 = 9000 ll\n*(u8 *)(r1 + 0) = 0'),
  symbol('a moved function', 'r1 = 9000 ll\nr1 += 8\nr2 = r1'),
  symbol('a function compared', 'r1 = 9000 ll\nif r1 == 0 goto out\nr2 = 1\nout:'),
  symbol("a function's address on the stack", 'r1 = 9000 ll\n*(u64 *)(r10 - 8) = r1\nr2 = *(u64 *)(r10 - 8)'),
  symbol('a function for a CPU', 'r1 = 9000 ll\nr2 = 0\ncall 153'),
]

const ADDRESS = 'r1 = hash ll\nr6 = *(u64 *)(r1 + 32)\nr6 = *(u64 *)(r6 + 32)\n'

function address(name: string, asm: string): BoundCase {
  return { name: `an address, ${name}`, asm: ADDRESS + asm + END }
}

/** Addresses that structures of the kernel hold: map->ops->map_alloc. */
const ADDRESSES: readonly BoundCase[] = [
  address('loaded', ''),
  address('read', 'r7 = *(u32 *)(r6 + 4)'),
  address('read far away', 'r7 = *(u64 *)(r6 + 30000)\nr7 = *(u8 *)(r6 - 30000)'),
  address('read with its sign', 'r7 = *(s8 *)(r6 + 4)'),
  address('written', '*(u32 *)(r6 + 4) = 1'),
  address('written from a register', 'r7 = 1\n*(u32 *)(r6 + 4) = r7'),
  address('changed atomically', 'r7 = 1\nlock *(u32 *)(r6 + 4) += r7'),
  address('moved', 'r6 += 8\nr7 = *(u32 *)(r6 + 0)'),
  address('moved by what is not known', 'r7 = *(u32 *)(r6 + 4)\nr6 += r7\nr7 = *(u32 *)(r6 + 0)'),
  address('moved back', 'r6 -= 8\nr7 = *(u32 *)(r6 + 0)'),
  address('added to a number', 'r7 = 8\nr7 += r6\nr7 = *(u32 *)(r7 + 0)'),
  address('taken from a number', 'r7 = 8\nr7 -= r6'),
  address('multiplied', 'r6 *= 8'),
  address('masked', 'r6 &= 7\nr7 = r6'),
  address('moved in half', 'w6 += 8'),
  address('compared with nothing', 'if r6 == 0 goto out\nr7 = *(u32 *)(r6 + 0)\nout:'),
  address('compared with something', 'if r6 != 0 goto out\nr7 = 1\nout:'),
  address('on the stack', '*(u64 *)(r10 - 8) = r6\nr7 = *(u64 *)(r10 - 8)\nr7 = *(u8 *)(r7 + 0)'),
  address('for a helper', 'r1 = r6\nr2 = 4\nr3 = 0\ncall 6'),
  address('as a key', 'r1 = hash ll\nr2 = r6\ncall 1'),
  address('as a number', 'r1 = r6\nr2 = 8\nr3 = 0\ncall 5'),
  { ...address('answered', ''), asm: `${ADDRESS}r0 = r6\nexit` },
]

export const KERNEL_MEMORY_CASES: readonly BoundCase[] = [
  ...ADDRESSES,
  ...SHARED,
  ...HANDED,
  ...MAPS,
  ...BUFFERS,
  ...FLOW_KEYS,
  ...SYMBOLS,
]
