/** Sections under RCU and with preemption disabled, entered and left by functions of the kernel. */
import { PROG_FLAG, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { BoundCase } from './bound-programs.ts'

const { SCHED_CLS, SYSCALL } = PROG_TYPE
const END = '\nr0 = 0\nexit'

const LOCK = 'call 9000\n'
const UNLOCK = 'call 9001\n'
const FUNCTIONS = 'bpf_rcu_read_lock bpf_rcu_read_unlock'

function rcu(name: string, asm: string): BoundCase {
  return { name: `RCU: ${name}`, calls: FUNCTIONS.split(' '), asm: asm + END, type: SCHED_CLS }
}

/** A program that may sleep. */
function sleeper(name: string, asm: string, functions: string = FUNCTIONS): BoundCase {
  const calls = functions.split(' ')
  return { name: `asleep: ${name}`, calls, asm: asm + END, type: SYSCALL, flags: PROG_FLAG.SLEEPABLE }
}

const READ_SIDE: readonly BoundCase[] = [
  rcu('a section', LOCK + UNLOCK),
  rcu('two sections', LOCK + UNLOCK + LOCK + UNLOCK),
  rcu('a section that is not left', LOCK),
  rcu('a section left that was not entered', UNLOCK),
  rcu('a section left twice', LOCK + UNLOCK + UNLOCK),
  rcu('a section in a section', LOCK + LOCK + UNLOCK + UNLOCK),
  rcu('a section left on one path', `r6 = *(u32 *)(r1 + 0)\n${LOCK}if r6 == 0 goto out\n${UNLOCK}out:`),
  rcu('a section entered on one path', `r6 = *(u32 *)(r1 + 0)\nif r6 == 0 goto out\n${LOCK}out:${UNLOCK}`),
  rcu('a section across a function', `${LOCK}call f\n${UNLOCK}r0 = 0\nexit\nf:`),
  rcu('a section left in a function', `${LOCK}call f\nr0 = 0\nexit\nf: ${UNLOCK}`),
  rcu('a section entered in a function', `call f\n${UNLOCK}r0 = 0\nexit\nf: ${LOCK}`),
  rcu('a section not left in a function', `call f\nr0 = 0\nexit\nf: ${LOCK}`),
  rcu('a tail call in a section', `r6 = r1\n${LOCK}r1 = r6\nr2 = progs ll\nr3 = 0\ncall 12\n${UNLOCK}`),
  rcu('a packet load in a section', `r6 = r1\n${LOCK}r0 = *(u8 *)skb[0]\n${UNLOCK}`),
  sleeper('a section', LOCK + UNLOCK),
  sleeper('a helper that sleeps', 'r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall 148'),
  sleeper('a helper that sleeps in a section', `${LOCK}r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall 148\n${UNLOCK}`),
  sleeper('a helper that sleeps after a section', `${LOCK}${UNLOCK}r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall 148`),
]

/** All tasks, gone through by what lies at fp-24. */
const TASKS = `${FUNCTIONS} bpf_iter_task_new bpf_iter_task_next bpf_iter_task_destroy bpf_task_acquire bpf_task_release`
const AT = 'r1 = r10\nr1 += -24\n'
const NEW = `${AT}r2 = 0\nr3 = 0\ncall 9002\n`
const NEXT = `${AT}call 9003\nif r0 == 0 goto out\n`
const DESTROY = `\n${AT}call 9004\n`
const HOLD = '\nif r0 == 0 goto out\nr1 = r0\ncall 9006\n'

const PROTECTED: readonly BoundCase[] = [
  sleeper('tasks in a section', `${LOCK}${NEW}${NEXT}r6 = *(u32 *)(r0 + 0)\nout:${DESTROY}${UNLOCK}`, TASKS),
  sleeper('tasks without a section', `${NEW}${NEXT}out:${DESTROY}`, TASKS),
  sleeper('tasks after the section', `${LOCK}${NEW}${UNLOCK}${NEXT}out:${DESTROY}`, TASKS),
  sleeper('tasks in the next section', `${LOCK}${NEW}${UNLOCK}${LOCK}${NEXT}out:${DESTROY}${UNLOCK}`, TASKS),
  sleeper('a task held in a section', `${LOCK}${NEW}${NEXT}r1 = r0\ncall 9005${HOLD}out:${DESTROY}${UNLOCK}`, TASKS),
  sleeper(
    'a task read after the section',
    `${LOCK}${NEW}${NEXT}r6 = r0${DESTROY}${UNLOCK}r7 = *(u32 *)(r6 + 0)\ngoto end\nout:${DESTROY}${UNLOCK}end:`,
    TASKS,
  ),
  sleeper(
    'a task held after the section',
    `${LOCK}${NEW}${NEXT}r6 = r0${DESTROY}${UNLOCK}r1 = r6\ncall 9005${HOLD}goto end\nout:${DESTROY}${UNLOCK}end:`,
    TASKS,
  ),
  sleeper(
    'a task put on the stack, held after the section',
    `${LOCK}${NEW}${NEXT}*(u64 *)(r10 - 32) = r0${DESTROY}${UNLOCK}r1 = *(u64 *)(r10 - 32)\ncall 9005${HOLD}goto end\nout:${DESTROY}${UNLOCK}end:`,
    TASKS,
  ),
]

const COUNTED = 'bpf_preempt_disable bpf_preempt_enable'

function preempt(name: string, asm: string): BoundCase {
  return { name: `preemption: ${name}`, calls: COUNTED.split(' '), asm: asm + END, type: SCHED_CLS }
}

const PREEMPTION: readonly BoundCase[] = [
  preempt('disabled and enabled', LOCK + UNLOCK),
  preempt('disabled and enabled twice', LOCK + LOCK + UNLOCK + UNLOCK),
  preempt('left disabled', LOCK),
  preempt('left disabled once of two times', LOCK + LOCK + UNLOCK),
  preempt('enabled only', UNLOCK),
  preempt('enabled once too often', LOCK + UNLOCK + UNLOCK),
  preempt('enabled on one path', `r6 = *(u32 *)(r1 + 0)\n${LOCK}if r6 == 0 goto out\n${UNLOCK}out:`),
  preempt('disabled across a function', `${LOCK}call f\n${UNLOCK}r0 = 0\nexit\nf:`),
  preempt('left disabled by a function', `call f\nr0 = 0\nexit\nf: ${LOCK}`),
  preempt('disabled at a tail call', `r6 = r1\n${LOCK}r1 = r6\nr2 = progs ll\nr3 = 0\ncall 12\n${UNLOCK}`),
  preempt('disabled at a packet load', `r6 = r1\n${LOCK}r0 = *(u8 *)skb[0]\n${UNLOCK}`),
  sleeper('preemption disabled', LOCK + UNLOCK, COUNTED),
  sleeper('a helper that sleeps, preemption disabled', `${LOCK}r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall 148`, COUNTED),
]

export const SECTION_CASES: readonly BoundCase[] = [...READ_SIDE, ...PROTECTED, ...PREEMPTION]
