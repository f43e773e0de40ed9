/**
 * The registers of a call of a kernel function, held against its prototype.
 *
 * @see check_kfunc_args in kernel/bpf/verifier.c
 */
import { BTF_KIND, type BtfParameter, type BtfType } from '@bpfoundry/btf'
import { contextNames } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { toUnsignedNumber } from '../domain/word64.ts'
import { markPrecise } from '../exploration/precision.ts'
import { type CallableFunction, hasTrait, isMarked } from '../kernel-types/kernel-function.ts'
import { type KernelTypes, kindText } from '../kernel-types/kernel-types.ts'
import type { OwnField } from '../kernel-types/own-types.ts'
import { isNumber } from '../kernel-types/scalar-struct.ts'
import { checkUnmodified } from '../memory/context-access.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import { isNull, type RegisterState } from '../state/register-state.ts'
import {
  baseType,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_VALUE,
  SCALAR,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import { mayHaveFixedOffset, mayHaveOffset } from './argument-types.ts'
import { constantString } from './constant-string.ts'
import { checkMemoryArgument } from './global-call.ts'
import { type IteratorPlace, isIteratorFunction, takeIterator } from './iterator-call.ts'
import { type HandedDynptr, makeKernelDynptr, makesKnownDynptr, takeKernelDynptr } from './kernel-dynptr.ts'
import { checkMemoryKind, memoryBytes, takeSizedMemory } from './kernel-memory-argument.ts'
import { checkOffset, checkStruct, checkStructKind, checkValid, HARMLESS, structOf } from './kernel-struct-argument.ts'
import { checkFieldMap, WORK_QUEUE } from './map-field-pointer.ts'
import { isGraphPart, takeGraphPart } from './own-graph.ts'
import { takeOwnObject, takesOwnObject } from './own-object.ts'
import { isWorkQueue, takeWorkQueue } from './work-queue.ts'

const CODE = 'VERIFIER_KERNEL_ARGUMENT'

/** What the arguments said that the result needs. */
export interface KernelCallNotes {
  /** Register whose reference the function takes back; 0 for none. */
  releasedNumber: number
  /** Reference that an argument belongs to. */
  referenceId: number
  /** The number that a parameter marked `__k` or `__szk` takes. */
  constant: number | undefined
  /** Bytes behind the pointer that comes back, where an argument says them. */
  resultBytes: number
  isResultReadOnly: boolean
  /** The object of the program's own that was handed over. */
  object: RegisterState | undefined
  /** The map that is handed over, or whose work queue is. */
  map: VerifierMap | undefined
  /** Function of the program that is handed over. */
  callback: number | undefined
  /** The list or tree that it goes into, or that one is taken from. */
  root: OwnField | undefined
  /** The dynptr that is looked through, or cloned. */
  dynptr: HandedDynptr
  /** The iterator that is asked. */
  iterator: IteratorPlace | undefined
}

/** One parameter and the register that it takes. */
export interface Argument {
  readonly fn: CallableFunction
  readonly index: number
  readonly number: number
  readonly parameter: BtfParameter
  readonly register: RegisterState
  /** Behind the pointer. */
  readonly target: BtfType
}

/** Gives the kernel's own structure of the context. */
export const CONTEXT_CAST = 'bpf_cast_to_kern_ctx'

const MAX_REGISTERS = 5

/** Checks all arguments. */
export function checkKernelArguments(v: Verification, fn: CallableFunction): KernelCallNotes {
  const notes = {
    releasedNumber: 0,
    referenceId: 0,
    constant: undefined,
    resultBytes: 0,
    isResultReadOnly: false,
    object: undefined,
    map: undefined,
    callback: undefined,
    root: undefined,
    dynptr: undefined,
    iterator: undefined,
  }
  const { parameters } = fn.prototype
  if (parameters.length > MAX_REGISTERS) {
    v.refuse(CODE, 'EINVAL', `Function ${fn.name} has ${parameters.length} > ${MAX_REGISTERS} args`)
  }
  for (let index = 0; index < parameters.length; ) index += checkArgument(v, fn, index, notes)
  if (hasTrait(fn, 'release') && notes.releasedNumber === 0) {
    v.refuse(CODE, 'EINVAL', `release kernel function ${fn.name} expects refcounted PTR_TO_BTF_ID`)
  }
  return notes
}

/** Marks of parameters that the verifier does not look at: of some it is the one who fills them in. */
const IGNORED = ['__ign', '__prog'] as const

/** Gives the number of parameters that were checked: two for memory with its size. */
function checkArgument(v: Verification, fn: CallableFunction, index: number, notes: KernelCallNotes): number {
  const { btf } = v.kernel as KernelTypes
  const parameter = fn.prototype.parameters[index] as BtfParameter
  if (IGNORED.some((mark) => isMarked(parameter, mark))) return 1
  const number = index + 1
  const register = v.register(number)
  v.facts.record(v.pc, number, register)
  const type = btf.resolve(parameter.typeId)
  if (isNumber(type)) {
    takeNumber(v, number, parameter, notes)
    return 1
  }
  if (type.kind !== BTF_KIND.PTR) v.refuse(CODE, 'EINVAL', `Unrecognized arg#${index} type ${kindText(type)}`)
  const target = btf.resolve(type.typeId)
  if (index === 0 && isIteratorFunction(fn)) {
    takeIteratorArgument(v, fn, number, target, notes)
    return 1
  }
  return checkPointer(v, { fn, index, number, parameter, register, target }, notes)
}

function takeIteratorArgument(
  v: Verification,
  fn: CallableFunction,
  number: number,
  target: BtfType,
  notes: KernelCallNotes,
): void {
  checkOffset(v, number, v.register(number), false)
  const place = takeIterator(v, fn, number, (v.kernel as KernelTypes).struct(target.id))
  notes.iterator = place
  notes.referenceId = place?.iterator.referenceId ?? 0
}

function takeNumber(v: Verification, number: number, { name }: BtfParameter, notes: KernelCallNotes): void {
  const { type, scalar } = v.register(number)
  if (type !== SCALAR) v.refuse(CODE, 'EINVAL', `R${number} is not a scalar`)
  const isSize = name === 'rdonly_buf_size' || name === 'rdwr_buf_size'
  if (name.endsWith('__k')) {
    if (!isConstantScalar(scalar)) v.refuse(CODE, 'EINVAL', `R${number} must be a known constant`)
    markPrecise(v, number)
    notes.constant = toUnsignedNumber(scalar.tnum.value)
  } else if (isSize) {
    if (!isConstantScalar(scalar)) v.refuse(CODE, 'EINVAL', `R${number} is not a const`)
    notes.isResultReadOnly = name === 'rdonly_buf_size'
    notes.resultBytes = toUnsignedNumber(scalar.tnum.value)
    if (notes.resultBytes > 0xffffffff) {
      v.refuse(CODE, 'EINVAL', `R${number} rdonly/rdwr_buf_size exceeds u32 max`)
    }
    markPrecise(v, number)
  }
}

/** Structures, and marks of names, that have rules of their own, which are not followed yet. */
// biome-ignore format: table
const SPECIAL_STRUCTS: ReadonlySet<string> = new Set([
  'bpf_dynptr', 'bpf_dynptr_kern', 'bpf_list_head', 'bpf_list_node', 'bpf_rb_root', 'bpf_rb_node', 'bpf_res_spin_lock',
])
const SPECIAL_MARKS = ['__irq_flag', '__uninit'] as const

function checkCovered({ fn, index, parameter, target }: Argument): void {
  const isSpecial =
    SPECIAL_STRUCTS.has(target.name) ||
    SPECIAL_MARKS.some((mark) => isMarked(parameter, mark)) ||
    target.name.startsWith('bpf_iter_')
  if (isSpecial) throw unsupported(`argument ${index + 1} of the kernel function ${fn.name} is`)
}

/** What is given back is valid, too. @see is_kfunc_trusted_args */
function needsTrusted(fn: CallableFunction): boolean {
  return hasTrait(fn, 'trusted_args') || hasTrait(fn, 'release')
}

function refuseNullable(v: Verification, { index, target }: Argument): never {
  const asMemory = `arg#${index} pointer type ${kindText(target)} ${target.name} must point to scalar, or struct with scalar`
  const isAsSuch = v.profile.wrongArgument === 'register'
  return v.refuse(CODE, 'EACCES', isAsSuch ? `Possibly NULL pointer passed to trusted arg${index}` : asMemory)
}

function checkPointer(v: Verification, argument: Argument, notes: KernelCallNotes): number {
  const { fn, number, parameter, register } = argument
  const needsValid = needsTrusted(fn) || hasTrait(fn, 'rcu')
  const isNullable = isMarked(parameter, '__nullable')
  if (needsValid && (isNull(register) || mayBeNull(register.type)) && !isNullable) {
    refuseNullable(v, argument)
  }
  noteReference(v, fn, number, register, notes)
  const isContext = isContextPointer(v, argument)
  if (!isContext && isNullable && isNull(register)) return 1
  if (!isContext && takesSpecial(v, argument, notes)) return 1
  if (!isContext) checkCoveredHere(v, argument)
  const struct = isContext ? undefined : structOf(v, register)
  if (struct !== undefined) checkStructKind(v, argument)
  else if (!isContext && argument.target.kind === BTF_KIND.FUNC_PROTO) return takeCallback(v, argument, notes)
  const sized = struct === undefined && !isContext && checkMemoryKind(v, argument)
  const isReleased = notes.releasedNumber === number
  if (v.profile.wrongArgument === 'type') checkOffset(v, number, register, isReleased)
  if (struct !== undefined && needsValid) checkValid(v, fn, number, register)
  checkOffset(v, number, register, isReleased)
  if (isContext) checkContext(v, argument)
  else if (struct !== undefined) checkStruct(v, argument, struct)
  else if (sized) takeSizedMemory(v, argument, notes)
  else checkMemoryArgument(v, number, memoryBytes(v, argument))
  return sized ? 2 : 1
}

/** Checks a parameter that has rules of its own; false where it has none. */
function takesSpecial(v: Verification, argument: Argument, notes: KernelCallNotes): boolean {
  const { fn, number, parameter, register, target } = argument
  if (target.name === 'bpf_dynptr' && (!isMarked(parameter, '__uninit') || makesKnownDynptr(fn))) {
    takeDynptrArgument(v, argument, notes)
  } else if (takesOwnObject(parameter)) {
    if (isMarked(parameter, '__alloc')) checkValid(v, fn, number, register)
    checkOffset(v, number, register, notes.releasedNumber === number)
    takeOwnObject(v, argument, notes)
  } else if (isMarked(parameter, '__iter') && !isIteratorFunction(fn)) {
    takeIteratorArgument(v, fn, number, target, notes)
  } else if (isGraphPart(fn, target)) {
    checkOffset(v, number, register, false)
    takeGraphPart(v, argument, notes)
  } else if (isWorkQueue(target)) {
    checkOffset(v, number, register, false)
    takeWorkQueue(v, argument, notes)
  } else if (isMarked(parameter, '__str')) {
    takeString(v, argument)
  } else if (isMarked(parameter, '__map')) {
    takeMap(v, argument, notes)
  } else {
    return false
  }
  return true
}

/** A function of the program. */
function takeCallback(v: Verification, { index, number, register }: Argument, notes: KernelCallNotes): number {
  checkOffset(v, number, register, false)
  if (register.type !== PTR_TO_FUNC) v.refuse(CODE, 'EINVAL', `arg${index} expected pointer to func`)
  notes.callback = register.subprogram
  return 1
}

function takeString(v: Verification, { index, number, register }: Argument): void {
  checkOffset(v, number, register, false)
  if (register.type !== PTR_TO_MAP_VALUE) v.refuse(CODE, 'EINVAL', `arg#${index} doesn't point to a const string`)
  constantString(v, number)
}

/** A map, whatever the parameter's own type: `void *p__map`. */
function takeMap(v: Verification, argument: Argument, notes: KernelCallNotes): void {
  const { fn, index, number, register } = argument
  const { type, map } = register
  if (map === undefined && baseType(type) !== PTR_TO_BTF_ID) {
    v.refuse(CODE, 'EINVAL', `pointer in R${number} isn't map pointer`)
  }
  if (notes.map !== undefined) checkFieldMap(v, WORK_QUEUE, notes.map, map)
  notes.map = map
  if (needsTrusted(fn)) checkValid(v, fn, number, register)
  checkOffset(v, number, register, false)
  const given = structOf(v, register)
  if (given === undefined) {
    const what = typeName(type)
    v.refuse(CODE, 'EINVAL', `arg#${index} is ${what} expected ${typeName(type & (0xff | HARMLESS))} or socket`)
  }
  const kernel = v.kernel as KernelTypes
  checkStruct(v, { ...argument, target: kernel.btf.type(kernel.named('bpf_map')?.id ?? 0) }, given)
}

function takeDynptrArgument(
  v: Verification,
  { fn, number, parameter, register }: Argument,
  notes: KernelCallNotes,
): void {
  if (!mayHaveOffset(register)) checkUnmodified(v, number, mayHaveFixedOffset(register))
  if (isMarked(parameter, '__uninit')) makeKernelDynptr(v, fn, number, notes.dynptr)
  else notes.dynptr = takeKernelDynptr(v, number)
}

function checkCoveredHere(v: Verification, argument: Argument): void {
  try {
    checkCovered(argument)
  } catch (error) {
    throw error instanceof Refusal ? v.noted(error) : error
  }
}

function noteReference(
  v: Verification,
  fn: CallableFunction,
  number: number,
  { referenceId }: RegisterState,
  notes: KernelCallNotes,
): void {
  if (referenceId === 0) return
  const releases = hasTrait(fn, 'release')
  if (releases && notes.referenceId !== 0) {
    const ids = `${referenceId} ${notes.referenceId}`
    v.refuse(CODE, 'EFAULT', `verifier internal error: more than one arg with ref_obj_id R${number} ${ids}`)
  }
  notes.referenceId = referenceId
  if (releases) notes.releasedNumber = number
}

/** A pointer to the structure that programs of this type know their context by. */
function isContextPointer(v: Verification, { fn, target }: Argument): boolean {
  if (fn.name === CONTEXT_CAST) return true
  const name = contextNames(v.program.type)?.program
  return target.kind === BTF_KIND.STRUCT && target.name !== '' && target.name === name
}

function checkContext(v: Verification, { index, register }: Argument): void {
  if (register.type === PTR_TO_CTX) return
  const found = v.profile.wrongArgument === 'register' ? typeName(register.type) : 'PTR'
  v.refuse(CODE, 'EINVAL', `arg#${index} expected pointer to ctx, but got ${found}`)
}
