/**
 * Iterators: made on the stack, asked for elements, destroyed. A loop over one is not counted: each time one way to go on is
 * that there are no more elements, for ever; the other is another element, with what differs from round to round forgotten.
 *
 * @see process_iter_arg and process_iter_next_call in kernel/bpf/verifier.c
 */
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { previousRound, widen } from '../exploration/widening.ts'
import { type CallableFunction, hasTrait } from '../kernel-types/kernel-function.ts'
import type { KernelStruct, KernelTypes } from '../kernel-types/kernel-types.ts'
import { clearIterator, isFree, iteratorSlot, putIterator, wholeIterator } from '../memory/iterator-slots.ts'
import { writeThrough } from '../memory/memory-access.ts'
import { pointedFrame } from '../memory/stack-bounds.ts'
import { isReadSide } from '../program/read-side.ts'
import { isSleepable } from '../program/sleepable.ts'
import { type RegisterState, ZERO_SCALAR } from '../state/register-state.ts'
import { MAYBE_NULL, PTR_TO_STACK } from '../state/register-type.ts'
import { type Iterator, SLOT_BYTES } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import { acquireReference, releaseReference } from './references.ts'

const CODE = 'VERIFIER_ITERATOR'

/** An iterator that a call is handed. */
export interface IteratorPlace {
  readonly frameNumber: number
  readonly first: number
  readonly slots: number
  readonly iterator: Iterator
}

export function isIteratorFunction(fn: CallableFunction): boolean {
  return hasTrait(fn, 'iter_new') || hasTrait(fn, 'iter_next') || hasTrait(fn, 'iter_destroy')
}

/** Of the structures that are iterators. */
const PREFIX = 'bpf_iter_'

const CSS_TASK_NEW = 'bpf_iter_css_task_new'

/** The iterator takes a lock of the kernel: elsewhere a program might run while it is held. @see check_css_task_iter_allowlist */
function mayTakeTaskLock({ program }: Verification): boolean {
  const isIterator = program.type === PROG_TYPE.TRACING && program.expectedAttachType === ATTACH_TYPE.TRACE_ITER
  return program.type === PROG_TYPE.LSM || isIterator || isSleepable(program)
}

/** The first argument of an iterator's function, or one that is marked. Gives the iterator, but for a new one. */
export function takeIterator(
  v: Verification,
  fn: CallableFunction,
  number: number,
  struct: KernelStruct,
): IteratorPlace | undefined {
  const register = v.register(number)
  const argument = `arg #${number - 1}`
  if (fn.name === CSS_TASK_NEW && !mayTakeTaskLock(v)) {
    v.refuse(CODE, 'EINVAL', 'css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs')
  }
  if (register.type !== PTR_TO_STACK) {
    v.refuse(CODE, 'EINVAL', `arg#${number - 1} expected pointer to an iterator on stack`)
  }
  if (!struct.name.startsWith(PREFIX)) v.refuse(CODE, 'EINVAL', `expected valid iter pointer as ${argument}`)
  const slots = ((v.kernel as KernelTypes).btf.sizeOf(struct.id) ?? 0) / SLOT_BYTES
  const first = iteratorSlot(register, slots)
  if (typeof first === 'string') v.log.print(`${first}\n`)
  const name = struct.name.replace('bpf_', '')
  const frame = pointedFrame(v, register)
  if (hasTrait(fn, 'iter_new')) {
    if (typeof first === 'string' || !isFree(frame, first, slots)) {
      v.refuse(CODE, 'EINVAL', `expected uninitialized ${name} as ${argument}`)
    }
    makeIterator(v, fn, number, { first, slots, struct })
    return undefined
  }
  const iterator = typeof first === 'string' ? undefined : wholeIterator(frame, first, slots, struct)
  if (iterator?.protection === 'lost') {
    v.refuse(CODE, 'EPROTO', `expected an RCU CS when using ${fn.name}`)
  }
  if (iterator === undefined) v.refuse(CODE, 'EINVAL', `expected an initialized ${name} as ${argument}`)
  const place = { frameNumber: register.frameNumber, first: first as number, slots, iterator }
  for (let part = 0; part < slots; part++) v.liveness?.readSlot(frame, place.first - part)
  if (hasTrait(fn, 'iter_destroy')) {
    releaseReference(v, iterator.referenceId)
    clearIterator(v, frame, place.first, slots)
  }
  return place
}

interface NewPlace {
  readonly first: number
  readonly slots: number
  readonly struct: KernelStruct
}

function makeIterator(v: Verification, fn: CallableFunction, number: number, { first, slots, struct }: NewPlace): void {
  for (let part = 0; part < slots; part++) {
    const displacement = part * SLOT_BYTES
    writeThrough(v, number, displacement, SLOT_BYTES)
  }
  const isProtected = hasTrait(fn, 'rcu_protected')
  const protection = isProtected ? (isReadSide(v) ? 'rcu' : 'lost') : 'none'
  const frame = pointedFrame(v, v.register(number))
  putIterator(v, frame, first, slots, {
    struct,
    referenceId: acquireReference(v),
    isDrained: false,
    depth: 0,
    protection,
  })
}

/** Another element, on a path of its own; on this one there are no more. `v.pc` is the call, r0 the element or NULL. */
export function followIterator(v: Verification, place: IteratorPlace): void {
  const { frameNumber, first, slots, iterator } = place
  const element = v.register(0)
  if (!iterator.isDrained) {
    const { parent } = v.state
    const before = parent === undefined ? undefined : previousRound(v, parent.state, v.pc)
    const round = v.pushBranch(v.pc + 1)
    const frame = round.frames[frameNumber]
    if (frame !== undefined) putIterator(v, frame, first, slots, { ...iterator, depth: iterator.depth + 1 })
    if (before !== undefined) widen(before.state, round, v.lastId)
    round.frame.registers[0] = present(element)
  }
  const own = v.state.frames[frameNumber]
  if (own !== undefined) putIterator(v, own, first, slots, { ...iterator, isDrained: true })
  v.write(0, ZERO_SCALAR)
}

function present(element: RegisterState): RegisterState {
  return element.with({ type: element.type & ~MAYBE_NULL })
}
