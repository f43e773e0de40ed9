import { describe, expect, it } from 'vitest'
import { type ModuleFunctionSet, moduleFunction, PROG_TYPE } from '../src/index.ts'

const SETS: readonly ModuleFunctionSet[] = [
  {
    programTypes: [PROG_TYPE.TRACING, PROG_TYPE.SCHED_CLS],
    functions: new Map([['read_it', new Set(['rcu'] as const)]]),
  },
  { programTypes: [PROG_TYPE.UNSPEC], functions: new Map([['make_it', new Set(['acquire', 'ret_null'] as const)]]) },
]

describe('functions of a module', () => {
  // bpf_prog_type_to_kfunc_hook in kernel/bpf/btf.c: tracepoints and LSM hooks share the sets of tracing programs.
  it.each([
    ['TRACING', true],
    ['TRACEPOINT', true],
    ['LSM', true],
    ['SCHED_CLS', true],
    ['SCHED_ACT', false],
    ['XDP', false],
    ['KPROBE', false],
    ['FLOW_DISSECTOR', false],
  ] as const)('may be called by programs of the kinds that a set is registered for: %s', (type, isCallable) => {
    expect(moduleFunction(SETS, PROG_TYPE[type], 'read_it') !== undefined).toBe(isCallable)
  })

  it('may be called by all where the set is registered for no type', () => {
    expect([...(moduleFunction(SETS, PROG_TYPE.FLOW_DISSECTOR, 'make_it')?.traits ?? [])]).toEqual([
      'acquire',
      'ret_null',
    ])
  })

  it('are not called by other names', () => {
    expect(moduleFunction(SETS, PROG_TYPE.TRACING, 'drop_it')).toBeUndefined()
  })
})
