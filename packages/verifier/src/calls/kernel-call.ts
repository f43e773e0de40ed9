/** Calls of kernel functions (kfuncs). @see check_kfunc_call in kernel/bpf/verifier.c */
import { BTF_KIND, type BtfType } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import { contextNames } from '@bpfoundry/kernel-abi'
import { type CallableFunction, calledFunction, hasTrait } from '../kernel-types/kernel-function.ts'
import { isComposite, type KernelTypes, kindText, typeAt } from '../kernel-types/kernel-types.ts'
import { isNumber } from '../kernel-types/scalar-struct.ts'
import { addressFound } from '../memory/untrusted-memory.ts'
import { WORK_SET_CALLBACK } from '../program/callback-helpers.ts'
import { THROW } from '../program/exceptions.ts'
import { maySleep } from '../program/read-side.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState, UNINITIALISED, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  MAYBE_NULL,
  MEM_RCU,
  MEM_RDONLY,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { clearCallerSaved } from './helper-call.ts'
import { followIterator } from './iterator-call.ts'
import { CONTEXT_CAST, checkKernelArguments, type KernelCallNotes } from './kernel-arguments.ts'
import { noteKernelCall } from './kernel-call-notes.ts'
import { isSlice, sliceResult } from './kernel-dynptr.ts'
import { givesGraphObject, giveToGraph, graphObject, isGraphFunction, seenObject } from './own-graph.ts'
import { makesOwnObject, ownObject, REFCOUNT_ACQUIRE } from './own-object.ts'
import { acquireReference, releaseReference } from './references.ts'
import { transferSection } from './sections.ts'
import { transferThrow } from './throw.ts'
import { startTreeCallback } from './tree-callback.ts'
import { startWork } from './work-queue.ts'

const CODE = 'VERIFIER_KERNEL_FUNCTION'

/** A word that is kept between a function's entry and its return. */
const SESSION_COOKIE = 'bpf_session_cookie'
const COOKIE_BYTES = 8

/** `call kfunc`. Leaves `v.pc` at the next slot; false where the path ends with the call. */
export function transferKernelCall(v: Verification, insn: Insn): boolean {
  const fn = calledFunction(v.program, v.options.kernelBtf, insn)
  if (fn === undefined) {
    v.refuse(CODE, 'EINVAL', 'invalid kernel function call not eliminated in verifier pass')
  }
  checkCallable(v, fn)
  const notes = checkKernelArguments(v, fn)
  noteKernelCall(v, fn, notes)
  const { callback, root } = notes
  if (callback !== undefined && root !== undefined) startTreeCallback(v, fn, callback, seenObject(v, root))
  transferSection(v, fn)
  if (fn.name === THROW) {
    transferThrow(v)
    return false
  }
  if (fn.name === WORK_SET_CALLBACK) startWork(v, notes)
  if (fn.name === SESSION_COOKIE) notes.resultBytes = COOKIE_BYTES
  release(v, fn, notes)
  giveToGraph(v, fn, notes)
  noteArgumentsRead(v, fn)
  clearCallerSaved(v)
  v.write(0, resultOf(v, fn, notes))
  v.showRegister(0)
  if (hasTrait(fn, 'iter_next') && notes.iterator !== undefined) followIterator(v, notes.iterator)
  v.pc += 1
  return true
}

/** The log's marks of reads. @see mark_btf_func_reg_size in kernel/bpf/verifier.c of 6.12 */
function noteArgumentsRead(v: Verification, { prototype }: CallableFunction): void {
  if (v.liveness === undefined) return
  const { btf } = v.kernel as KernelTypes
  for (const [index, { typeId }] of prototype.parameters.entries()) {
    const isWhole = btf.resolve(typeId).kind === BTF_KIND.PTR || btf.sizeOf(typeId) === 8
    v.liveness.readRegister(v.frame, index + 1, isWhole ? 64 : 32)
  }
}

function checkCallable(v: Verification, fn: CallableFunction): void {
  if (v.state.lock !== undefined && fn.name !== REFCOUNT_ACQUIRE && !isGraphFunction(fn)) {
    v.refuse('VERIFIER_SPIN_LOCK', 'EINVAL', 'function calls are not allowed while holding a lock')
  }
  if (fn.traits === undefined) {
    v.refuse(CODE, 'EACCES', `calling kernel function ${fn.name} is not allowed`)
  }
  if (hasTrait(fn, 'destructive')) throw v.noted(unsupported(`calling ${fn.name}, which is destructive, is`))
  if (hasTrait(fn, 'sleepable') && !maySleep(v)) {
    v.refuse(CODE, 'EACCES', `program must be sleepable to call sleepable kfunc ${fn.name}`)
  }
  if (fn.isLater && !v.profile.callsLaterFunctions) {
    throw v.noted(unsupported(`calling the kernel function ${fn.name} is`))
  }
}

function release(v: Verification, fn: CallableFunction, { releasedNumber, referenceId }: KernelCallNotes): void {
  if (releasedNumber === 0 || releaseReference(v, referenceId)) return
  v.refuse(CODE, 'EINVAL', `kfunc ${fn.name}#${fn.id} reference has not been acquired before`)
}

function resultOf(v: Verification, fn: CallableFunction, notes: KernelCallNotes): RegisterState {
  if (makesOwnObject(fn)) return ownObject(v, fn, notes)
  if (givesGraphObject(fn)) return graphObject(v, fn, notes)
  const { btf } = v.kernel as KernelTypes
  const type = btf.resolve(fn.prototype.returnTypeId)
  if (hasTrait(fn, 'acquire') && !isStructPointer(v, type)) {
    v.refuse(CODE, 'EINVAL', 'acquire kernel function does not return PTR_TO_BTF_ID')
  }
  if (type.kind === BTF_KIND.VOID) return UNINITIALISED
  if (type.kind !== BTF_KIND.PTR) return isNumber(type) ? UNKNOWN_SCALAR : UNINITIALISED
  const target = btf.resolve(type.typeId)
  if (fn.name === 'bpf_rdonly_cast') return castResult(v, notes)
  if (fn.name === CONTEXT_CAST) return contextResult(v)
  if (target.kind === BTF_KIND.VOID && !isSlice(fn)) return UNKNOWN_SCALAR
  const mayBeAbsent = hasTrait(fn, 'ret_null')
  const id = mayBeAbsent ? v.newId() : 0
  const found =
    notes.dynptr !== undefined && isSlice(fn)
      ? sliceResult(v, fn, notes.dynptr, notes.constant ?? 0)
      : isComposite(target)
        ? pointerTo(PTR_TO_BTF_ID | elementFlags(fn, notes), { struct: (v.kernel as KernelTypes).struct(target.id) })
        : memoryResult(v, fn, target, notes)
  const pointer = mayBeAbsent ? found.with({ type: found.type | MAYBE_NULL, id }) : found
  if (!hasTrait(fn, 'acquire')) return pointer
  const referenceId = acquireReference(v)
  return pointer.with({ referenceId, ...(mayBeAbsent ? { id: referenceId } : {}) })
}

/** An element of an iterator is valid as long as the iterator is. */
function elementFlags(fn: CallableFunction, { iterator }: KernelCallNotes): number {
  if (iterator === undefined || !hasTrait(fn, 'iter_next')) return 0
  return iterator.iterator.protection === 'rcu' ? MEM_RCU : PTR_TRUSTED
}

/** The structure of the kernel that the context stands for. */
function contextResult(v: Verification): RegisterState {
  const struct = v.kernel?.named(contextNames(v.program.type)?.kernel ?? '')
  if (struct === undefined) throw v.noted(unsupported(`${CONTEXT_CAST} in programs of this type is`))
  return pointerTo(PTR_TO_BTF_ID | PTR_TRUSTED, { struct })
}

function isStructPointer(v: Verification, type: BtfType): boolean {
  return type.kind === BTF_KIND.PTR && isComposite((v.kernel as KernelTypes).btf.resolve(type.typeId))
}

function memoryResult(
  v: Verification,
  { name }: CallableFunction,
  target: BtfType,
  { resultBytes, isResultReadOnly, referenceId }: KernelCallNotes,
): RegisterState {
  const memoryBytes = resultBytes || (v.kernel as KernelTypes).btf.sizeOf(target.id) || 0
  if (memoryBytes === 0) {
    const what = `${kindText(target)} ${target.name}`
    v.refuse(CODE, 'EINVAL', `kernel function ${name} returns pointer type ${what} is not supported`)
  }
  const isReadOnly = resultBytes === 0 || isResultReadOnly
  return pointerTo(PTR_TO_MEM | (isReadOnly ? MEM_RDONLY : 0), { memoryBytes, referenceId })
}

/** Any address read as a structure: what it finds can't be relied on. */
function castResult(v: Verification, { constant = 0 }: KernelCallNotes): RegisterState {
  const kernel = v.kernel as KernelTypes
  const type = typeAt(kernel.btf, constant)
  const { readsAnyAddress } = v.profile
  if (type?.kind === BTF_KIND.VOID && readsAnyAddress) return addressFound(v, 0)
  if (type === undefined && readsAnyAddress) {
    v.refuse(CODE, 'EINVAL', `Unknown type ID ${constant} passed to kfunc bpf_rdonly_cast`)
  }
  if (type === undefined || !isComposite(type)) {
    const wanted = readsAnyAddress ? 'a struct or void' : 'a struct'
    v.refuse(CODE, 'EINVAL', `kfunc bpf_rdonly_cast type ID argument must be of ${wanted}`)
  }
  return pointerTo(PTR_TO_BTF_ID | PTR_UNTRUSTED, { struct: kernel.struct(type.id) })
}
