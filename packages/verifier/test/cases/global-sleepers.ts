/** Calls of global functions in sections: `part` is one, `nap` is a call that may sleep. */
import { BTF_LINKAGE } from '@bpfoundry/btf'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const functions = [types.fn('main'), types.fn('part', [], BTF_LINKAGE.GLOBAL), types.fn('rest', [], BTF_LINKAGE.GLOBAL)]

export const SLEEPER_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: {},
  calls: [
    'bpf_rcu_read_lock',
    'bpf_rcu_read_unlock',
    'bpf_preempt_disable',
    'bpf_preempt_enable',
    'bpf_copy_from_user_str',
  ],
  words: [
    [/^read side$/gm, 'call 9000'],
    [/^read side ends$/gm, 'call 9001'],
    [/^no preemption$/gm, 'call 9002'],
    [/^preemption$/gm, 'call 9003'],
    [/^nap$/gm, 'r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\nr4 = 0\ncall 9004'],
  ],
}

const END = '\nr0 = 0\nexit'
const part = (asm = ''): string => `${END}\npart:\n${asm}${END}`
const READ = 'read side\ncall part\nread side ends'
const STEADY = 'no preemption\ncall part\npreemption'

// biome-ignore format: table
export const SLEEPER_CASES: readonly SettingCase[] = [
  ['a function that does not sleep, on the read side', READ + part()],
  ['a function that does not sleep, without preemption', STEADY + part()],
  ['a function that sleeps',                  `call part${part('nap')}`],
  ['asleep: a function that sleeps',          `call part${part('nap')}`, 'sleeps'],
  ['asleep: a function that does not sleep, on the read side', READ + part(), 'sleeps'],
  ['asleep: a function that sleeps, on the read side', READ + part('nap'), 'sleeps'],
  ['asleep: a function that sleeps, without preemption', STEADY + part('nap'), 'sleeps'],
  ['asleep: a function that sleeps in a helper, on the read side', READ + part('r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall 148'), 'sleeps'],
  ['asleep: a function that calls one that sleeps, on the read side', `${READ}${part('call rest')}\nrest:\nnap${END}`, 'sleeps'],
  ['asleep: a function that naps where it never gets, on the read side', READ + part('r6 = 0\nif r6 == 0 goto end\nnap\nend:'), 'sleeps'],
  ['asleep: a function that sleeps, after the read side', `read side\nread side ends\ncall part${part('nap')}`, 'sleeps'],
]
