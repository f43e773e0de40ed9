import { disassembleKernel } from '@bpfoundry/isa'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { verify } from '../src/index.ts'
import { FRAME_DYNPTR_CASES } from './cases/dynptrs.ts'
import { FIELD_CASES, LOCK_CASES, TIMER_CASES } from './cases/special-fields.ts'
import { programOf, type VerifierCase } from './support/case.ts'
import { askKernel, openCaseKernel } from './support/kernel.ts'
import { CASE_KERNEL_BTF } from './support/kernel-types.ts'
import { mutated, type Roll } from './support/mutation.ts'
import { repetitions } from './support/repetitions.ts'

/** Programs of each sort of loader. */
/** As many outside CI: of some rows three in a hundred are accepted. */
const PROGRAMS = repetitions('VERIFIER_MUTATED_PROGRAMS', 500, 500)

const FIELDS = {
  cases: [...LOCK_CASES, ...TIMER_CASES, ...FIELD_CASES],
  /** map_lookup_elem, get_prandom_u32, spin_lock, spin_unlock, timer_init, _start, _cancel, kptr_xchg */
  calls: [1, 7, 93, 94, 169, 171, 172, 194],
}
const DYNPTRS = {
  cases: FRAME_DYNPTR_CASES,
  /** map_lookup_elem, ringbuf_submit, dynptr_from_mem, ringbuf_reserve_dynptr and its two ends, dynptr_read, _write, _data */
  calls: [1, 132, 197, 198, 199, 200, 201, 202, 203],
}

const kernel = openCaseKernel()
afterAll(() => {
  if (!('unavailable' in kernel)) kernel.oracle.close()
})

/** Numbers of a linear congruential generator. */
function dice(seed: number): Roll {
  let state = seed | 0
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % sides
  }
}

/** Of a thousand, at least so many are accepted: half of what 1,200 programs gave, or a fifth where they are few. */
it.for([
  ['locks, timers and kernel pointers', 'a privileged user', FIELDS, false, 50],
  ['locks, timers and kernel pointers', 'a user without CAP_PERFMON', FIELDS, true, 6],
  ['dynptrs', 'a privileged user', DYNPTRS, false, 50],
  ['dynptrs', 'a user without CAP_PERFMON', DYNPTRS, true, 50],
] as const)('%s, changed a little, by %s: as the running kernel', ([, , { cases, calls }, untrusted, least], ctx) => {
  if ('unavailable' in kernel) return ctx.skip(kernel.unavailable)
  const { oracle, fdOf } = kernel
  const counts = { accepted: 0, unsupported: 0 }
  const property = fc.property(fc.integer(), (seed) => {
    const roll = dice(seed)
    const row = cases[roll(cases.length)] as VerifierCase
    const original = programOf(row, fdOf)
    const program = { ...original, insns: mutated(original.insns, roll, calls) }
    const capabilities = untrusted ? { capabilities: ['CAP_BPF'] as const } : {}
    const ours = verify(program, { profile: '6.18', kernelBtf: CASE_KERNEL_BTF, ...capabilities })
    const theirs = askKernel(oracle, program, 1, untrusted)
    if (ours.ok) counts.accepted++
    const listing = `${row.name}\n${disassembleKernel(program.insns)}\n${theirs.log}`
    if (ours.ok && !theirs.ok) throw new Error(`accepted by us only: ${listing}`)
    if (ours.ok) return
    if (ours.rejection.code === 'VERIFIER_UNSUPPORTED') counts.unsupported++
    // A kernel that refuses the program's type to its loader has no log.
    else if (theirs.ok || (theirs.log !== '' && !theirs.log.includes(ours.rejection.message))) {
      throw new Error(`refused here as ${ours.rejection.message}: ${listing}`)
    }
  })
  fc.assert(property, { numRuns: PROGRAMS })
  expect(counts.accepted).toBeGreaterThanOrEqual((PROGRAMS * least) / 1000)
  expect(counts.unsupported).toBeLessThan(PROGRAMS / 50)
})
