import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { VerifierCase } from '../support/case.ts'

/** A program that may be bound to something in the kernel. */
export interface BoundCase extends VerifierCase {
  /** `bpf_fentry_test1`, `file_open`, `sched_switch` */
  readonly attachTo?: string
}

const TRACING = PROG_TYPE.TRACING
const END = '\nr0 = 0\nexit'

function entry(name: string, attachTo: string, asm: string): BoundCase {
  return { name, attachTo, asm: asm + END, type: TRACING, attachType: ATTACH_TYPE.TRACE_FENTRY }
}

function exits(name: string, attachTo: string, asm: string): BoundCase {
  return { name, attachTo, asm, type: TRACING, attachType: ATTACH_TYPE.TRACE_FEXIT }
}

function tracepoint(name: string, attachTo: string, asm: string): BoundCase {
  return { name, attachTo, asm: asm + END, type: TRACING, attachType: ATTACH_TYPE.TRACE_RAW_TP }
}

function hook(name: string, attachTo: string, asm: string): BoundCase {
  return { name, attachTo, asm, type: PROG_TYPE.LSM, attachType: ATTACH_TYPE.LSM_MAC }
}

const ARGUMENTS: readonly BoundCase[] = [
  entry('a number', 'bpf_fentry_test1', 'r2 = *(u64 *)(r1 + 0)'),
  entry('half of a number', 'bpf_fentry_test1', 'r2 = *(u32 *)(r1 + 0)'),
  entry('no such argument', 'bpf_fentry_test1', 'r2 = *(u64 *)(r1 + 8)'),
  entry('the middle of an argument', 'bpf_fentry_test1', 'r2 = *(u32 *)(r1 + 4)'),
  entry('past all arguments', 'bpf_fentry_test1', 'r2 = *(u64 *)(r1 + 96)'),
  entry('a store to an argument', 'bpf_fentry_test1', '*(u64 *)(r1 + 0) = 0'),
  entry('a pointer to a structure', 'do_nanosleep', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r2 + 0)'),
  entry('half of a pointer', 'do_nanosleep', 'r2 = *(u32 *)(r1 + 0)'),
  exits('a result', 'bpf_fentry_test1', 'r0 = *(u64 *)(r1 + 8)\nr0 = 0\nexit'),
  exits('another result', 'bpf_fentry_test1', 'r0 = 1\nexit'),
  exits('past the result', 'bpf_fentry_test1', 'r0 = *(u64 *)(r1 + 16)\nr0 = 0\nexit'),
]

const TRACEPOINTS: readonly BoundCase[] = [
  tracepoint('a task', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\nr3 = *(u32 *)(r2 + 0)'),
  tracepoint('past a task', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\nr3 = *(u64 *)(r2 + 30000)'),
  tracepoint('a moved task', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\nr2 += 8\nr3 = *(u32 *)(r2 + 0)'),
  tracepoint('before a task', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\nr3 = *(u32 *)(r2 - 4)'),
  tracepoint('a store to a task', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\n*(u32 *)(r2 + 0) = 0'),
  tracepoint('a number', 'sched_switch', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u8 *)(r2 + 0)'),
  tracepoint('a spilled task', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\n*(u64 *)(r10 - 8) = r2\nr3 = *(u64 *)(r10 - 8)'),
]

function iterator(name: string, attachTo: string, asm: string): BoundCase {
  return { name, attachTo, asm: asm + END, type: TRACING, attachType: ATTACH_TYPE.TRACE_ITER }
}

const TASK = 'r2 = *(u64 *)(r1 + 8)\nif r2 == 0 goto out\n'
const OUT = '\nout:'

const ITERATORS: readonly BoundCase[] = [
  iterator('its meta data', 'task', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r2 + 0)'),
  iterator('a task that may be absent', 'task', 'r2 = *(u64 *)(r1 + 8)\nr3 = *(u32 *)(r2 + 0)'),
  iterator('a task that is there', 'task', `${TASK}r3 = *(u32 *)(r2 + 0)${OUT}`),
  iterator('a file of a task', 'task_file', `r2 = *(u64 *)(r1 + 24)\nif r2 == 0 goto out\nr3 = *(u32 *)(r2 + 0)${OUT}`),
  iterator('no third argument', 'task', 'r2 = *(u64 *)(r1 + 16)'),
  { ...iterator('a wrong answer', 'task', ''), asm: 'r0 = 2\nexit' },
]

const HOOKS: readonly BoundCase[] = [
  hook('an error', 'file_open', 'r0 = -1\nexit'),
  hook('no error', 'file_open', 'r0 = 1\nexit'),
  hook('a file', 'file_open', 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r2 + 0)\nr0 = 0\nexit'),
  hook('what others answered', 'file_open', 'r0 = *(u32 *)(r1 + 8)\nexit'),
  hook('a hook of booleans', 'inode_xattr_skipcap', 'r0 = 2\nexit'),
  hook('a disabled hook', 'getprocattr', 'r0 = 0\nexit'),
  hook('a hook without a result', 'file_free_security', 'exit'),
]

const NO_LICENCE: readonly BoundCase[] = [
  {
    ...tracepoint('a task without a licence', 'sched_switch', 'r2 = *(u64 *)(r1 + 8)\nr3 = *(u32 *)(r2 + 0)'),
    gpl: false,
  },
  { ...hook('a hook without a licence', 'file_open', 'r0 = 0\nexit'), gpl: false },
]

export const BOUND_CASES: readonly BoundCase[] = [...ARGUMENTS, ...TRACEPOINTS, ...ITERATORS, ...HOOKS, ...NO_LICENCE]
