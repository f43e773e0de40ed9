import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { VerifierCase } from '../support/case.ts'
import { EXCEPTION_CASES } from './exceptions.ts'
import { ITERATOR_CASES } from './iterators.ts'
import { KERNEL_DYNPTR_CASES } from './kernel-dynptrs.ts'
import { KERNEL_MEMORY_CASES } from './kernel-memory.ts'
import { SECTION_CASES } from './sections.ts'
import { STRUCT_OPS_CASES } from './struct-ops.ts'

/** A program that may be bound to something in the kernel. */
export interface BoundCase extends VerifierCase {
  /** `bpf_fentry_test1`, `file_open`, `sched_switch` */
  readonly attachTo?: string
  /** Or the structure of functions that it stands in for one of, which its attach type counts. */
  readonly structOps?: string
  /** Functions of the kernel; `call 9000` is of the first, `9000 ll` its address. */
  readonly calls?: readonly string[]
}

/** Number of the helper call that stands for the first of `calls`. */
export const FIRST_CALL = 9000

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

const TC = PROG_TYPE.SCHED_CLS

function calls(name: string, functions: string, asm: string, type: number = TC): BoundCase {
  return { name, calls: functions.split(' '), asm: asm + END, type }
}

const TASKS = 'bpf_task_from_pid bpf_task_release bpf_task_acquire'

const REFERENCES: readonly BoundCase[] = [
  calls('a task got and given back', TASKS, 'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr1 = r0\ncall 9001\nout:'),
  calls('a task that is kept', TASKS, 'r1 = 1\ncall 9000'),
  calls('a task that may be absent', TASKS, 'r1 = 1\ncall 9000\nr1 = r0\ncall 9001'),
  calls(
    'a task given back twice',
    TASKS,
    'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr6 = r0\nr1 = r0\ncall 9001\nr1 = r6\ncall 9001\nout:',
  ),
  calls(
    'a task asked twice whether it is there',
    TASKS,
    'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr6 = r0\nif r6 == 0 goto out\nr1 = r6\ncall 9001\nout:',
  ),
  calls(
    'a moved task asked whether it is there',
    TASKS,
    'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr6 = r0\nr7 = r0\nr6 += 8\nif r6 == 0 goto out\nr1 = r7\ncall 9001\nout:',
  ),
  calls('a moved task', TASKS, 'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr0 += 8\nr1 = r0\ncall 9001\nout:'),
  calls('a number for a task', TASKS, 'r1 = 5\ncall 9001'),
  calls('memory for a task', TASKS, '*(u64 *)(r10 - 8) = 0\nr1 = r10\nr1 += -8\ncall 9002'),
  calls('a pointer for a number', TASKS, 'r1 = r10\ncall 9000'),
  calls(
    'the fields of a task',
    TASKS,
    'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr6 = r0\nr7 = *(u32 *)(r0 + 0)\nr1 = r0\ncall 9001\nr7 = *(u32 *)(r6 + 0)\nout:',
  ),
  calls('a task where none may be got', TASKS, 'r1 = 1\ncall 9000', PROG_TYPE.SOCKET_FILTER),
  calls(
    'a task for a cgroup',
    'bpf_task_from_pid bpf_cgroup_release',
    'r1 = 1\ncall 9000\nif r0 == 0 goto out\nr1 = r0\ncall 9001\nout:',
  ),
  { ...calls('a task without a licence', TASKS, 'r1 = 1\ncall 9000'), gpl: false },
]

const CAST = 'bpf_cast_to_kern_ctx bpf_rdonly_cast'

const CASTS: readonly BoundCase[] = [
  calls("the kernel's own context", CAST, 'call 9000\nr6 = *(u32 *)(r0 + 0)'),
  calls("the kernel's own context of a device", CAST, 'call 9000', PROG_TYPE.XDP),
  calls('a number for a context', CAST, 'r1 = 5\ncall 9000'),
  calls('a cast to what is not known', CAST, 'r2 = *(u32 *)(r1 + 0)\ncall 9001'),
  calls('a cast to nothing', CAST, 'r2 = 0\ncall 9001\nr6 = *(u64 *)(r0 + 64)'),
  calls('a cast of a number to nothing', CAST, 'r1 = 4096\nr2 = 0\ncall 9001\nr6 = *(u8 *)(r0 - 1)'),
  calls('a cast to a number', CAST, 'r2 = 1\ncall 9001'),
  calls('a cast to no type', CAST, 'r2 = 100000000\ncall 9001'),
]

const TRUSTED_TASKS = 'bpf_task_acquire bpf_task_release'
const CURRENT = 'call 158\nr6 = r0\nr1 = r0\n'
const TASK_CASES: readonly BoundCase[] = [
  {
    ...tracepoint(
      'the running task, got',
      'sched_switch',
      `${CURRENT}call 9000\nif r0 == 0 goto out\nr1 = r0\ncall 9001\nout:`,
    ),
    calls: TRUSTED_TASKS.split(' '),
  },
  {
    ...tracepoint('its parent, got', 'sched_switch', `${CURRENT}r1 = *(u64 *)(r6 + 0)\ncall 9000`),
    calls: TRUSTED_TASKS.split(' '),
  },
  {
    ...tracepoint('the running task, given back', 'sched_switch', `${CURRENT}call 9001`),
    calls: TRUSTED_TASKS.split(' '),
  },
  { ...tracepoint('the running task, sent', 'sched_switch', `${CURRENT}r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall 141`) },
]

const NUMBERS = 'bpf_iter_num_new bpf_iter_num_next bpf_iter_num_destroy'
const AT = 'r1 = r10\nr1 += -8\n'
const NEW = `${AT}r2 = 0\nr3 = 10\ncall 9000\n`
const NEXT = `${AT}call 9001\n`
const DESTROY = `${AT}call 9002`

const LOOPS: readonly BoundCase[] = [
  calls('an iterator made and destroyed', NUMBERS, `${NEW}${DESTROY}`),
  calls('an iterator that is kept', NUMBERS, NEW),
  calls('an element that may be absent', NUMBERS, `${NEW}${NEXT}r0 = *(u32 *)(r0 + 0)\n${DESTROY}`),
  calls('an element', NUMBERS, `${NEW}${NEXT}if r0 == 0 goto out\nr6 = *(u32 *)(r0 + 0)\nout:${DESTROY}`),
  calls('a store to an element', NUMBERS, `${NEW}${NEXT}if r0 == 0 goto out\n*(u32 *)(r0 + 0) = 1\nout:${DESTROY}`),
  calls('past an element', NUMBERS, `${NEW}${NEXT}if r0 == 0 goto out\nr6 = *(u64 *)(r0 + 0)\nout:${DESTROY}`),
  calls('an iterator made twice', NUMBERS, `${NEW}${NEW}${DESTROY}`),
  calls('an iterator that was never made', NUMBERS, `*(u64 *)(r10 - 8) = 0\n${NEXT}`),
  calls('an iterator destroyed twice', NUMBERS, `${NEW}${DESTROY}\n${DESTROY}`),
  calls('an iterator overwritten', NUMBERS, `${NEW}*(u64 *)(r10 - 8) = 0\n${DESTROY}`),
  calls('an iterator overwritten in part', NUMBERS, `${NEW}*(u8 *)(r10 - 4) = 0\n${DESTROY}`),
  calls('an iterator read', NUMBERS, `${NEW}r6 = *(u64 *)(r10 - 8)\n${DESTROY}`),
  calls('an iterator off its place', NUMBERS, `r1 = r10\nr1 += -9\nr2 = 0\nr3 = 10\ncall 9000`),
  calls('an iterator not on the stack', NUMBERS, `r1 = 0\nr2 = 0\nr3 = 10\ncall 9000`),
]

const SESSION = 'bpf_session_cookie bpf_session_is_return'

function session(name: string, asm: string, attachType: number = ATTACH_TYPE.TRACE_KPROBE_SESSION): BoundCase {
  return { name: `session: ${name}`, asm: asm + END, calls: SESSION.split(' '), type: PROG_TYPE.KPROBE, attachType }
}

const SESSIONS: readonly BoundCase[] = [
  session('its word, read and written', 'call 9000\n*(u64 *)(r0 + 0) = 1\nr6 = *(u64 *)(r0 + 0)'),
  session('past its word', 'call 9000\nr6 = *(u64 *)(r0 + 1)'),
  session('at a return', 'call 9001\nif r0 == 0 goto out\ncall 9000\nr6 = *(u32 *)(r0 + 4)\nout:'),
  session('no session', 'call 9000', 0),
  { ...session('an answer that is none', ''), asm: 'r0 = 2\nexit' },
]

export const BOUND_CASES: readonly BoundCase[] = [
  ...ARGUMENTS,
  ...TRACEPOINTS,
  ...ITERATORS,
  ...HOOKS,
  ...NO_LICENCE,
  ...REFERENCES,
  ...CASTS,
  ...TASK_CASES,
  ...LOOPS,
  ...KERNEL_DYNPTR_CASES,
  ...SECTION_CASES,
  ...EXCEPTION_CASES,
  ...KERNEL_MEMORY_CASES,
  ...STRUCT_OPS_CASES,
  ...ITERATOR_CASES,
  ...SESSIONS,
]
