/**
 * Work queues in map values: a callback is set, and runs later where it may sleep.
 *
 * @see process_wq_func, check_kfunc_call in kernel/bpf/verifier.c
 */
import type { BtfType } from '@bpfoundry/btf'
import { PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import type { Subprogram, Verification } from '../verification.ts'
import { setElementCallback } from './async-callbacks.ts'
import type { Argument, KernelCallNotes } from './kernel-arguments.ts'
import { fieldMap, WORK_QUEUE } from './map-field-pointer.ts'

/** The parameter is a work queue. */
export function isWorkQueue({ name }: BtfType): boolean {
  return name === WORK_QUEUE.kind
}

export function takeWorkQueue(v: Verification, { index, number, register }: Argument, notes: KernelCallNotes): void {
  if (register.type !== PTR_TO_MAP_VALUE) {
    v.refuse(WORK_QUEUE.code, 'EINVAL', `arg#${index} doesn't point to a map value`)
  }
  notes.map = fieldMap(v, number, WORK_QUEUE)
}

/** Explores the callback by itself. */
export function startWork(v: Verification, { callback = 0, map }: KernelCallNotes): void {
  ;(v.subprograms[callback] as Subprogram).isCallback = true
  setElementCallback(v, callback, map, true)
}
