/** What the fix-ups need to know of calls of kernel functions. */
import { toSignedNumber } from '../domain/word64.ts'
import type { CallableFunction } from '../kernel-types/kernel-function.ts'
import type { Verification } from '../verification.ts'
import type { KernelCallNote } from '../verifier-api.ts'
import type { KernelCallNotes } from './kernel-arguments.ts'

/** Functions whose constant names the structure of a new object. */
const MAKES: ReadonlySet<string> = new Set(['bpf_obj_new_impl', 'bpf_percpu_obj_new_impl'])

function noteOf({ name }: CallableFunction, { callback, constant, object }: KernelCallNotes): KernelCallNote {
  const structTypeId = object?.struct?.own?.type.id ?? (MAKES.has(name) ? constant : undefined)
  return {
    name,
    ...(structTypeId === undefined ? {} : { structTypeId }),
    ...(object === undefined ? {} : { nodeOffsetBytes: toSignedNumber(object.scalar.tnum.value) + object.offset }),
    ...(callback === undefined ? {} : { callback }),
    isAmbiguous: false,
  }
}

/** What one call can't have several of. */
const COMPARED = ['structTypeId', 'nodeOffsetBytes', 'callback'] as const

/** Notes what is called, and on which structure; where paths differ in that, that they do. */
export function noteKernelCall(v: Verification, fn: CallableFunction, notes: KernelCallNotes): void {
  const { kernelCalls } = v.notes
  const note = noteOf(fn, notes)
  const known = kernelCalls[v.pc]
  const isSame = COMPARED.every((field) => known?.[field] === note[field])
  kernelCalls[v.pc] = known === undefined ? note : { ...known, isAmbiguous: known.isAmbiguous || !isSame }
}
