/**
 * The callback of bpf_rbtree_add_impl, `less(struct bpf_rb_node *a, const struct bpf_rb_node *b)`: it runs under the tree's
 * lock, sees two objects of the tree, and changes neither tree nor lock.
 *
 * @see set_rbtree_add_callback_state in kernel/bpf/verifier.c
 */
import { BPF_PSEUDO_KFUNC_CALL } from '@bpfoundry/isa'
import type { CallableFunction } from '../kernel-types/kernel-function.ts'
import { Refusal } from '../report/refusal.ts'
import type { RegisterState } from '../state/register-state.ts'
import type { Subprogram, Verification } from '../verification.ts'
import { pushCallback } from './callbacks.ts'

/** Queues a round of the callback, which gets two of `object`. */
export function startTreeCallback(
  v: Verification,
  { id, name }: CallableFunction,
  callback: number,
  object: RegisterState,
): void {
  ;(v.subprograms[callback] as Subprogram).isCallback = true
  try {
    pushCallback(v, callback, (_, callee) => {
      callee.registers[1] = object
      callee.registers[2] = object
    })
  } catch (error) {
    if (error instanceof Refusal) v.log.print(`kfunc ${name}#${id} failed callback verification\n`)
    throw error
  }
}

/** Such a callback runs, or a function that it called. */
export function isInTreeCallback(v: Verification): boolean {
  return v.state.frames.some(
    ({ isCallback, callSite }) => isCallback && v.insns[callSite]?.src === BPF_PSEUDO_KFUNC_CALL,
  )
}
