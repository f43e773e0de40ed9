/**
 * Sections that a program enters and leaves: under RCU (bpf_rcu_read_lock), with preemption disabled
 * (bpf_preempt_disable). Nothing that may sleep is called in one, and none is open when the program ends.
 *
 * @see check_kfunc_call, check_helper_call in kernel/bpf/verifier.c
 */
import type { HelperPrototype } from '@bpfoundry/kernel-abi'
import { type CallableFunction, hasTrait } from '../kernel-types/kernel-function.ts'
import { isReadSide, maySleep } from '../program/read-side.ts'
import type { RegisterState } from '../state/register-state.ts'
import { MAYBE_NULL, MEM_RCU, PTR_UNTRUSTED } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import { StackSlot } from '../state/stack-slot.ts'
import type { Subprogram, Verification } from '../verification.ts'

const CODE = 'VERIFIER_SECTION'

type Change = (v: Verification, name: string) => void

// biome-ignore format: table
const CHANGES: ReadonlyMap<string, Change> = new Map([
  ['bpf_rcu_read_lock',   enterReadSide],
  ['bpf_rcu_read_unlock', leaveReadSide],
  ['bpf_preempt_disable', disablePreemption],
  ['bpf_preempt_enable',  enablePreemption],
])

/** The call of a kernel function where it begins or ends a section; refuses one that sleeps in a section. */
export function transferSection(v: Verification, fn: CallableFunction): void {
  const change = CHANGES.get(fn.name)
  if (change !== undefined) {
    change(v, fn.name)
    return
  }
  if (hasTrait(fn, 'sleepable')) checkSleepingCall(v, fn)
  if (v.profile.needsReadSide && hasTrait(fn, 'rcu_protected') && !isReadSide(v)) {
    v.refuse(CODE, 'EACCES', `kernel func ${fn.name} requires RCU critical section protection`)
  }
}

function checkSleepingCall(v: Verification, fn: CallableFunction): void {
  const { isReadSide: reads, preemptDepth } = v.state.sections
  if (reads) v.refuse(CODE, 'EACCES', `kernel func ${fn.name} is sleepable within rcu_read_lock region`)
  if (preemptDepth > 0) v.refuse(CODE, 'EACCES', `kernel func ${fn.name} is sleepable within non-preemptible region`)
}

function enterReadSide(v: Verification, name: string): void {
  const { sections } = v.state
  if (sections.isReadSide) v.refuse(CODE, 'EINVAL', `nested rcu read lock (kernel function ${name})`)
  v.state.sections = { ...sections, isReadSide: true }
}

/** What was protected may go away now: it is good for reading only, and reads may fail. */
function leaveReadSide(v: Verification, name: string): void {
  const { sections } = v.state
  if (!sections.isReadSide) v.refuse(CODE, 'EINVAL', `unmatched rcu read unlock (kernel function ${name})`)
  mapRegisters(v.state, withoutProtection)
  loseIterators(v)
  v.state.sections = { ...sections, isReadSide: false }
}

function withoutProtection(register: RegisterState): RegisterState {
  const { type } = register
  return (type & MEM_RCU) === 0 ? register : register.with({ type: (type & ~(MEM_RCU | MAYBE_NULL)) | PTR_UNTRUSTED })
}

/** Iterators over what was protected give nothing any more. */
function loseIterators(v: Verification): void {
  for (const { stack } of v.state.frames) {
    stack.forEach(({ bytes, iterator }, index) => {
      if (iterator?.protection !== 'rcu') return
      stack[index] = new StackSlot(bytes, undefined, undefined, { ...iterator, protection: 'lost' })
    })
  }
}

function disablePreemption(v: Verification): void {
  const { sections } = v.state
  v.state.sections = { ...sections, preemptDepth: sections.preemptDepth + 1 }
}

function enablePreemption(v: Verification, name: string): void {
  const { sections } = v.state
  if (sections.preemptDepth === 0) {
    v.refuse(CODE, 'EINVAL', `unmatched attempt to enable preemption (kernel function ${name})`)
  }
  v.state.sections = { ...sections, preemptDepth: sections.preemptDepth - 1 }
}

/** Refuses a helper that may sleep in a section. */
export function checkHelperInSection(v: Verification, { mightSleep, name, id }: HelperPrototype): void {
  if (!mightSleep) return
  const { isReadSide: reads, preemptDepth } = v.state.sections
  const label = `${name}#${id}`
  if (reads) v.refuse(CODE, 'EINVAL', `sleepable helper ${label} in rcu_read_lock region`)
  if (preemptDepth > 0) v.refuse(CODE, 'EINVAL', `sleepable helper ${label} in non-preemptible region`)
}

const NO_SLEEPER = [
  'global functions that may sleep are not allowed in non-sleepable context,',
  'i.e., in a RCU/IRQ/preempt-disabled section, or in',
  'a non-sleepable BPF program context',
].join('\n')

/** Refuses a call of a global function, which is judged by itself and may sleep, with preemption disabled. */
export function checkGlobalCallInSection(v: Verification, { mightSleep }: Subprogram): void {
  const { isReadSide: reads, preemptDepth } = v.state.sections
  if (v.profile.knowsSleepingFunctions) {
    if (mightSleep && (reads || preemptDepth > 0 || !maySleep(v))) v.refuse(CODE, 'EINVAL', NO_SLEEPER)
    return
  }
  if (preemptDepth === 0) return
  const message = 'global function calls are not allowed with preemption disabled,\nuse static function instead'
  v.refuse(CODE, 'EINVAL', message)
}

/** Refuses what leaves the program, or may, in a section. */
export function checkNoSection(v: Verification, what: string): void {
  const { isReadSide: reads, preemptDepth } = v.state.sections
  if (reads) v.refuse(CODE, 'EINVAL', `${what} cannot be used inside bpf_rcu_read_lock-ed region`)
  if (preemptDepth > 0) v.refuse(CODE, 'EINVAL', `${what} cannot be used inside bpf_preempt_disable-ed region`)
}

/** Refuses the end of the program in a section. */
export function checkSectionsLeft(v: Verification): void {
  const { exitSectionWords } = v.profile
  if (exitSectionWords !== undefined) checkNoSection(v, exitSectionWords)
  const { isReadSide: reads, preemptDepth } = v.state.sections
  const hint = 'leave the section on every path'
  if (reads) v.refuse(CODE, 'EINVAL', 'bpf_rcu_read_unlock is missing', hint)
  if (preemptDepth === 0) return
  const missing = preemptDepth === 1 ? ' is' : '(s) are'
  v.refuse(CODE, 'EINVAL', `${preemptDepth} bpf_preempt_enable${missing} missing`, hint)
}
