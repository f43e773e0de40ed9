import type { Verification } from '../verification.ts'
import { isSleepable } from './sleepable.ts'

/**
 * What RCU protects is valid here: in a section, under a lock, and in a program that does not sleep, which runs under RCU as
 * a whole.
 *
 * @see in_rcu_cs in kernel/bpf/verifier.c
 */
export function isReadSide({ program, state }: Verification): boolean {
  return state.sections.isReadSide || state.lock !== undefined || !isSleepable(program)
}
