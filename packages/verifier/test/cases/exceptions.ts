/** Programs that throw: without an exception callback, for that needs BTF of the program's own. */
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { BoundCase } from './bound-programs.ts'

const FUNCTIONS =
  'bpf_throw bpf_task_from_pid bpf_task_release bpf_rcu_read_lock bpf_rcu_read_unlock bpf_preempt_disable'
const END = '\nr0 = 0\nexit'
const THROW = 'r1 = 7\ncall 9000\n'

function row(name: string, asm: string, more: Partial<BoundCase> = {}): BoundCase {
  return { name: `throws: ${name}`, calls: FUNCTIONS.split(' '), asm: asm + END, type: PROG_TYPE.SCHED_CLS, ...more }
}

/** Programs that may answer 0 or 1 only. */
const BOOLEAN = { type: PROG_TYPE.CGROUP_SKB, attachType: ATTACH_TYPE.CGROUP_INET_INGRESS } as const
export const EXCEPTION_CASES: readonly BoundCase[] = [
  row('always', THROW),
  row('sometimes', `r6 = *(u32 *)(r1 + 0)\nif r6 == 0 goto out\n${THROW}out:`),
  row('nothing', 'call 9000'),
  row('a pointer', 'r1 = r10\ncall 9000'),
  row('what was never set', 'r1 = r0\ncall 9000'),
  row('in a function', `call f\nr0 = 0\nexit\nf: ${THROW}`),
  row('in a function of a function', `call f\nr0 = 0\nexit\nf: call g\nr0 = 0\nexit\ng: ${THROW}`),
  row('what may not be answered', THROW, BOOLEAN),
  row('what may be answered', 'r1 = 1\ncall 9000', BOOLEAN),
  row('what may not be answered, in a function', `call f\nr0 = 0\nexit\nf: ${THROW}`, BOOLEAN),
  row('with a reference', `r1 = 1\ncall 9001\nif r0 == 0 goto out\n${THROW}out:`),
  row(
    'with a reference of the caller',
    `r1 = 1\ncall 9001\nif r0 == 0 goto out\nr6 = r0\ncall f\nr1 = r6\ncall 9002\nout: r0 = 0\nexit\nf: ${THROW}`,
  ),
  row('with a reference given back', `r1 = 1\ncall 9001\nif r0 == 0 goto out\nr1 = r0\ncall 9002\n${THROW}out:`),
  row('in a section', `call 9003\n${THROW}call 9004`),
  row('after a section', `call 9003\ncall 9004\n${THROW}`),
  row('with preemption disabled', `call 9005\n${THROW}`),
  row('behind what is not reached', `r0 = 0\nif r0 == 0 goto out\n${THROW}out:`),
  row('and goes on', `${THROW}r0 = *(u64 *)(r9 + 0)`),
]
