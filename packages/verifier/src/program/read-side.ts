import type { Verification } from '../verification.ts'
import { isSleepable } from './sleepable.ts'

/**
 * What RCU protects is valid here: in a section, under a lock, and in a program that does not sleep, which runs under RCU as
 * a whole.
 *
 * @see in_rcu_cs in kernel/bpf/verifier.c
 */
export function isReadSide(v: Verification): boolean {
  return v.state.sections.isReadSide || v.state.lock !== undefined || !maySleep(v)
}

/**
 * The path is one of a program that may sleep, or of a callback that may: that of a timer never does, whose program it is.
 *
 * @see in_sleepable in kernel/bpf/verifier.c
 */
export function maySleep({ program, state }: Verification): boolean {
  const isAsync = (state.frames[0]?.asyncEntry ?? 0) > 0
  return isAsync ? state.sections.maySleep : isSleepable(program)
}
