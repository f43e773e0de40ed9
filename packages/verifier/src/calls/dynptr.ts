/**
 * Dynptrs handed to helpers: to be made, to be read or written through, to be given back. A dynptr lies on the stack, or is
 * one that a callback gets and that it can't change.
 *
 * @see process_dynptr_func in kernel/bpf/verifier.c (6.12)
 */
import { TYPE_FLAG } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import { clearDynptr, DYNPTR_BYTES, destroyDynptr, putDynptr } from '../memory/dynptr-slots.ts'
import { writeThrough } from '../memory/memory-access.ts'
import { pointedFrame } from '../memory/stack-bounds.ts'
import { slotIndex } from '../state/frame-state.ts'
import type { RegisterState } from '../state/register-state.ts'
import { CONST_PTR_TO_DYNPTR, PTR_TO_MAP_VALUE, PTR_TO_STACK, typeName } from '../state/register-type.ts'
import { type Dynptr, type DynptrKind, SLOT_BYTES } from '../state/stack-slot.ts'
import type { Verification } from '../verification.ts'
import type { CallNotes } from './call-notes.ts'
import { acquireReference } from './references.ts'

const CODE = 'VERIFIER_DYNPTR'

// biome-ignore format: table
const KINDS: readonly (readonly [flag: number, kind: DynptrKind])[] = [
  [TYPE_FLAG.DYNPTR_TYPE_LOCAL,   'local'],
  [TYPE_FLAG.DYNPTR_TYPE_RINGBUF, 'ringbuf'],
]

/** The kind that an argument asks for; undefined for any. */
function kindOf(flags: number): DynptrKind | undefined {
  return KINDS.find(([flag]) => (flags & flag) !== 0)?.[1]
}

/** Number of the slot at which a dynptr would begin; words of what is wrong where none can. */
function firstSlot({ scalar, offset }: RegisterState): number | string {
  if (!isConstantScalar(scalar)) return 'dynptr has to be at a constant offset'
  const at = offset + toSignedNumber(scalar.tnum.value)
  const isPlace = at % SLOT_BYTES === 0 && at <= -DYNPTR_BYTES
  return isPlace ? slotIndex(at) : `cannot pass in dynptr at an offset=${at}`
}

/** The dynptr that a stack pointer points to. What is wrong with its place goes to the log. */
function pointedDynptr(v: Verification, register: RegisterState): Dynptr | undefined {
  const first = firstSlot(register)
  if (typeof first === 'string') {
    v.log.print(`${first}\n`)
    return undefined
  }
  const { dynptr } = pointedFrame(v, register).slot(first)
  v.showSlot(first)
  return dynptr?.isFirst === true ? dynptr : undefined
}

function noteDynptrRead(v: Verification, register: RegisterState): void {
  const first = firstSlot(register)
  if (v.liveness === undefined || typeof first === 'string') return
  const frame = pointedFrame(v, register)
  for (const index of [first, first - 1]) v.liveness.readSlot(frame, index)
}

/** An argument of a dynptr; `flags` are the argument's. */
export function takeDynptr(v: Verification, number: number, flags: number, notes: CallNotes): void {
  const register = v.register(number)
  const isConstant = register.type === CONST_PTR_TO_DYNPTR
  if (!isConstant && register.type !== PTR_TO_STACK) {
    v.refuse(CODE, 'EINVAL', `arg#${number - 1} expected pointer to stack or const struct bpf_dynptr`)
  }
  const releases = (flags & TYPE_FLAG.OBJ_RELEASE) !== 0
  if (releases) checkOwned(v, number, isConstant)
  if ((flags & TYPE_FLAG.MEM_UNINIT) !== 0) {
    makeDynptr(v, number, kindOf(flags) as DynptrKind)
    return
  }
  if (isConstant && (flags & TYPE_FLAG.MEM_RDONLY) === 0) {
    v.refuse(CODE, 'EINVAL', 'cannot pass pointer to const bpf_dynptr, the helper mutates it')
  }
  const dynptr = isConstant ? constantDynptr(register) : pointedDynptr(v, register)
  if (dynptr === undefined) v.refuse(CODE, 'EINVAL', `Expected an initialized dynptr as arg #${number - 1}`)
  const wanted = kindOf(flags)
  if (wanted !== undefined && dynptr.kind !== wanted) {
    v.refuse(CODE, 'EINVAL', `Expected a dynptr of type ${wanted} as arg #${number - 1}`)
  }
  notes.dynptr = dynptr
  if (!isConstant) noteDynptrRead(v, register)
  if (!releases) return
  notes.releasedNumber = number
  notes.referenceId = dynptr.referenceId
}

/** Callbacks get dynptrs of memory that is nobody's to give back. */
function constantDynptr({ id }: RegisterState): Dynptr {
  return { kind: 'local', id, referenceId: 0, isFirst: true }
}

function checkOwned(v: Verification, number: number, isConstant: boolean): void {
  if (isConstant) v.refuse(CODE, 'EINVAL', 'cannot release unowned const bpf_dynptr')
  const owned = pointedDynptr(v, v.register(number))?.referenceId ?? 0
  if (owned === 0) v.refuse('VERIFIER_UNREFERENCED', 'EINVAL', `arg ${number} is an unacquired reference`)
}

/** @param original what it is a clone of */
export function makeDynptr(
  v: Verification,
  number: number,
  kind: DynptrKind,
  original?: Pick<Dynptr, 'referenceId'>,
): void {
  const register = v.register(number)
  const first = register.type === CONST_PTR_TO_DYNPTR ? '' : firstSlot(register)
  if (typeof first === 'string') {
    if (first !== '') v.log.print(`${first}\n`)
    v.refuse(CODE, 'EINVAL', 'Dynptr has to be an uninitialized dynptr')
  }
  for (let displacement = 0; displacement < DYNPTR_BYTES; displacement += SLOT_BYTES) {
    writeThrough(v, number, displacement, SLOT_BYTES)
  }
  const frame = pointedFrame(v, register)
  destroyDynptr(v, frame, first)
  destroyDynptr(v, frame, first - 1)
  const id = v.newId()
  const referenceId = original?.referenceId ?? (kind === 'ringbuf' ? acquireReference(v) : 0)
  putDynptr(v, frame, first, { kind, id, referenceId })
}

/** All dynptrs of the reference are gone. */
export function clearReleased(v: Verification, referenceId: number): void {
  for (const frame of v.state.frames) {
    frame.stack.forEach(({ dynptr }, index) => {
      if (dynptr?.isFirst === true && dynptr.referenceId === referenceId) clearDynptr(v, frame, index)
    })
  }
}

/** bpf_dynptr_from_mem looks at values of maps only. */
export function checkDynptrMemory(v: Verification): void {
  const { type } = v.register(1)
  if (type === PTR_TO_MAP_VALUE) return
  v.refuse(CODE, 'EACCES', `Unsupported reg type ${typeName(type)} for bpf_dynptr_from_mem data`)
}
