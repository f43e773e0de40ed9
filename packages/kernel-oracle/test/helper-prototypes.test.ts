import * as isa from '@bpfoundry/isa'
import { BPF_EMIT_CALL, BPF_EXIT_INSN, BPF_MOV64_IMM, BPF_MOV64_REG } from '@bpfoundry/isa'
import { ERRNO, HELPERS, type HelperPrototype, helperPrototype, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import type { KernelOracle, LoadAnswer } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

const NO_NUMBER = 0x1234
const NUMBERS: ReadonlySet<string> = new Set(['ARG_ANYTHING', 'ARG_SCALAR'])
const SIZES: ReadonlySet<string> = new Set(['ARG_CONST_SIZE', 'ARG_CONST_SIZE_OR_ZERO', 'ARG_CONST_ALLOC_SIZE_OR_ZERO'])

/** A kernel's configuration or lockdown may withhold them. */
const WITHHELD: ReadonlySet<string> = new Set(['bpf_override_return', 'bpf_probe_write_user'])

const TYPES: readonly (readonly [string, number])[] = [
  ['xdp', PROG_TYPE.XDP],
  ['sched_cls', PROG_TYPE.SCHED_CLS],
  ['socket_filter', PROG_TYPE.SOCKET_FILTER],
  ['cgroup_skb', PROG_TYPE.CGROUP_SKB],
  ['lwt_xmit', PROG_TYPE.LWT_XMIT],
  ['sk_skb', PROG_TYPE.SK_SKB],
  ['tracepoint', PROG_TYPE.TRACEPOINT],
  ['kprobe', PROG_TYPE.KPROBE],
  ['perf_event', PROG_TYPE.PERF_EVENT],
]

/** Calls the helper with the context where one is wanted and numbers everywhere else. */
function call(oracle: KernelOracle, type: number, prototype: HelperPrototype, license: string): LoadAnswer {
  const registers = [1, 2, 3, 4, 5]
  const insns = [
    BPF_MOV64_REG(isa.BPF_REG_6, isa.BPF_REG_1),
    ...registers.map((register) =>
      prototype.args[register - 1]?.type === 'ARG_PTR_TO_CTX'
        ? BPF_MOV64_REG(register, isa.BPF_REG_6)
        : BPF_MOV64_IMM(register, NO_NUMBER),
    ),
    BPF_EMIT_CALL(prototype.id),
    BPF_MOV64_IMM(isa.BPF_REG_0, 0),
    BPF_EXIT_INSN(),
  ]
  const answer = oracle.loadProgram({ type, insns, license })
  oracle.close(answer.fd)
  return answer
}

/** Where the table says that a number will not do: the first register that wants a pointer. */
function firstPointer(prototype: HelperPrototype): number | undefined {
  const index = prototype.args.findIndex(
    ({ type }) => type !== 'ARG_PTR_TO_CTX' && !NUMBERS.has(type) && !SIZES.has(type),
  )
  return index < 0 ? undefined : index + 1
}

describe('helper prototypes against the kernel', () => {
  for (const [name, type] of TYPES) {
    it(`${name}: refuses a number where the table wants a pointer, and nothing before it`, (ctx) => {
      const oracle = oracleOrSkip(ctx)
      let asked = 0
      for (const helper of HELPERS) {
        const prototype = helper && helperPrototype(type, helper.id)
        if (prototype === undefined || WITHHELD.has(prototype.name)) continue
        const register = firstPointer(prototype)
        const { log, ok } = call(oracle, type, prototype, 'GPL')
        const found = /^R(\d) (?:type=|is not a|.*doesn't have constant offset|must have zero offset)/m.exec(log)?.[1]
        if (prototype.mightSleep) expect(log).toContain('might sleep in a non-sleepable prog')
        else if (register === undefined) expect(found, `${prototype.name}: ${log}`).toBeUndefined()
        else expect([ok, Number(found)], `${prototype.name}: ${log}`).toEqual([false, register])
        asked++
      }
      expect(asked).toBeGreaterThan(60)
    })

    it(`${name}: withholds from other licences what the table says`, (ctx) => {
      const oracle = oracleOrSkip(ctx)
      for (const helper of HELPERS) {
        const prototype = helper && helperPrototype(type, helper.id)
        if (prototype === undefined || WITHHELD.has(prototype.name)) continue
        const { log, errno } = call(oracle, type, prototype, 'Proprietary')
        const refused = errno === ERRNO.EINVAL && log.includes('cannot call GPL-restricted function')
        expect(refused, prototype.name).toBe(prototype.gplOnly)
      }
    })
  }
})
