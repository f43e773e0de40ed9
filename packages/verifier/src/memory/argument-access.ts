/**
 * The context of programs that are bound to a kernel function: its arguments, 8 bytes each, and behind them what it returns.
 *
 * @see btf_ctx_access in kernel/bpf/btf.c
 */
import { BTF_KIND, type BtfParameter, type BtfType } from '@bpfoundry/btf'
import {
  ATTACH_TYPE,
  contextNames,
  type IteratorArgument,
  iteratorArgument,
  PROG_TYPE,
  rawTracepointArgument,
} from '@bpfoundry/kernel-abi'
import { synchronise } from '../domain/bounds-deduction.ts'
import { narrowSigned, UNKNOWN } from '../domain/scalar.ts'
import { fromNumber } from '../domain/word64.ts'
import type { AttachTarget } from '../kernel-types/attach-target.ts'
import { MAX_FUNCTION_ARGUMENTS } from '../kernel-types/function-model.ts'
import {
  isComposite,
  isNumberType,
  type KernelStruct,
  type KernelTypes,
  kindText,
} from '../kernel-types/kernel-types.ts'
import { tagFlags } from '../kernel-types/struct-walk.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState, scalarRegister, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  MAYBE_NULL,
  MEM_PERCPU,
  MEM_RDONLY,
  MEM_USER,
  mayBeNull,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TRUSTED,
} from '../state/register-type.ts'
import { hookRange } from '../transfer/hook-range.ts'
import type { Verification } from '../verification.ts'
import type { KernelBtf, VerifierProgram } from '../verifier-api.ts'
import { type Access, loaded } from './access.ts'

/** What a bound program's context is made of. */
interface Bound {
  readonly target: AttachTarget
  readonly kernel: KernelTypes
  /** What the target's prototype is of. */
  readonly types: KernelBtf
  readonly attachType: number
}

/** A load at `offset` of the context; undefined where there is nothing to be loaded that way: the log says why. */
export function loadArgument(v: Verification, target: AttachTarget, access: Access): RegisterState | undefined {
  const { offset, sizeBytes, isWrite } = access
  if (isWrite) return refuseStore(v)
  if (BOUNDED.has(v.program.type) && !isInside(offset, sizeBytes)) return undefined
  if (offset % 8 !== 0) {
    v.log.print(`func '${target.name}' offset ${offset} is not multiple of 8\n`)
    return undefined
  }
  const kernel = v.kernel as KernelTypes
  const types = target.ofProgram?.btf ?? kernel.btf
  const bound = { target, kernel, types, attachType: v.program.expectedAttachType }
  const index = argumentIndex(bound, offset)
  const found = argumentAt(v, bound, index, sizeBytes)
  if (found === undefined) return undefined
  const value = mayBeNull(found.type) ? found.with({ id: v.newId() }) : found
  return loaded(value, sizeBytes, access.signExtends)
}

/** Types whose programs see no more than the arguments that a function may have. */
const BOUNDED: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.STRUCT_OPS])

/** An LSM program of 6.12 may store there; nobody needs it. */
function refuseStore(v: Verification): undefined {
  if (v.program.type === PROG_TYPE.LSM) throw v.noted(unsupported('a store to the arguments of a hook is'))
  return undefined
}

function isInside(offset: number, sizeBytes: number): boolean {
  return offset >= 0 && offset < 8 * MAX_FUNCTION_ARGUMENTS && offset % sizeBytes === 0
}

/** Structures that are passed by value take more than one place. @see get_ctx_arg_idx */
function argumentIndex({ target: { prototype }, types: btf }: Bound, offset: number): number {
  if (offset < 0) return Number.MAX_SAFE_INTEGER
  const { parameters, returnTypeId } = prototype
  let end = 0
  for (const [index, { typeId }] of parameters.entries()) {
    end += 8 * Math.ceil((btf.sizeOf(typeId) ?? 8) / 8)
    if (offset < end) return index
  }
  end += 8 * Math.ceil((btf.sizeOf(returnTypeId) ?? 0) / 8)
  return offset < end ? parameters.length : parameters.length + 1
}

function argumentAt(v: Verification, bound: Bound, index: number, sizeBytes: number): RegisterState | undefined {
  const { target, types } = bound
  const { parameters, returnTypeId } = target.prototype
  const visible = parameters.slice(target.hiddenParameters)
  if (index > visible.length) return missing(v, target, index)
  const parameter = visible[index]
  if (parameter === undefined) return returnValue(v, bound, index, sizeBytes, types.resolve(returnTypeId))
  return argumentValue(v, bound, index, sizeBytes, types.resolve(parameter.typeId), parameter)
}

function missing(v: Verification, { name }: AttachTarget, index: number): undefined {
  v.log.print(`func '${name}' doesn't have ${index + 1}-th argument\n`)
  return undefined
}

const SEES_RESULT: ReadonlySet<number> = new Set([ATTACH_TYPE.LSM_MAC, ATTACH_TYPE.LSM_CGROUP, ATTACH_TYPE.TRACE_FEXIT])

function returnValue(
  v: Verification,
  bound: Bound,
  index: number,
  sizeBytes: number,
  type: BtfType,
): RegisterState | undefined {
  const { attachType, target } = bound
  if (attachType === ATTACH_TYPE.MODIFY_RETURN) {
    if (isNumberType(type)) return UNKNOWN_SCALAR
    v.log.print(`ret type ${kindText(type)} not allowed for fmod_ret\n`)
    return undefined
  }
  if (!SEES_RESULT.has(attachType)) return missing(v, target, index)
  const value = argumentValue(v, bound, index, sizeBytes, type, undefined)
  return value === UNKNOWN_SCALAR && attachType === ATTACH_TYPE.LSM_MAC ? hookResult(target) : value
}

/** What the hook's other programs answered. */
function hookResult(target: AttachTarget): RegisterState {
  const range = hookRange(target)
  if (range === undefined) return UNKNOWN_SCALAR
  const scalar = UNKNOWN.clone()
  narrowSigned(scalar, fromNumber(range[0]), fromNumber(range[1]))
  synchronise(scalar)
  return scalarRegister(scalar)
}

/** Of an iterator: a key, a value. */
const BUFFERS: ReadonlyMap<IteratorArgument, RegisterState> = new Map([
  ['rdonly_buf_or_null', pointerTo(PTR_TO_BUF | MEM_RDONLY | MAYBE_NULL)],
  ['buf_or_null', pointerTo(PTR_TO_BUF | MAYBE_NULL)],
])

/** A number, or a pointer to a structure of the kernel. */
function argumentValue(
  v: Verification,
  { target, kernel, types: btf, attachType }: Bound,
  index: number,
  sizeBytes: number,
  type: BtfType,
  parameter: BtfParameter | undefined,
): RegisterState | undefined {
  const { name } = target
  if (isNumberType(type) || type.kind === BTF_KIND.STRUCT) return UNKNOWN_SCALAR
  if (type.kind !== BTF_KIND.PTR) {
    const what = `arg${index} '${type.name}' has type ${kindText(type)}`
    v.log.print(`func '${name}' ${what}. Only pointer access is allowed\n`)
    return undefined
  }
  if (sizeBytes !== 8 && v.profile.loadsPointersWhole) {
    v.log.print(`func '${name}' size ${sizeBytes} must be 8\n`)
    return undefined
  }
  const pointed = btf.resolve(type.typeId)
  const known = target.iterator === undefined ? 'plain' : iteratorArgument(target.iterator, index)
  const buffer = BUFFERS.get(known)
  if (buffer !== undefined) return buffer
  if (pointed.kind === BTF_KIND.VOID || pointed.kind === BTF_KIND.INT) return UNKNOWN_SCALAR
  if (target.ofProgram !== undefined) return contextOf(v, target.ofProgram.program, kernel, pointed, parameter)
  if (known !== 'plain') {
    const flags = known === 'trusted_or_null' ? PTR_TRUSTED | MAYBE_NULL : MAYBE_NULL
    return pointerTo(PTR_TO_BTF_ID | flags, { struct: kernel.struct(pointed.id) })
  }
  if (target.structOps !== undefined && target.structOps.rules.nullable.get(target.structOps.member) === index) {
    return pointerTo(PTR_TO_BTF_ID | PTR_TRUSTED | MAYBE_NULL, { struct: kernel.struct(pointed.id) })
  }
  if (!isComposite(pointed)) {
    v.log.print(`func '${name}' arg${index} type ${kindText(pointed)} is not a struct\n`)
    return undefined
  }
  const place = `func '${name}' arg${index} has btf_id ${pointed.id}`
  v.log.print(`${place} type ${kindText(pointed)} '${pointed.name}'\n`)
  const { mayBeNull: orNull, mayBeError } =
    attachType === ATTACH_TYPE.TRACE_RAW_TP
      ? rawTracepointArgument(target.tracepoint ?? '', index)
      : { mayBeNull: false, mayBeError: false }
  if (mayBeError) {
    v.log.print(`marking pointer arg${index} as scalar as it may encode error`)
    return UNKNOWN_SCALAR
  }
  const nullable = orNull || parameter?.name.endsWith('__nullable') === true ? MAYBE_NULL : 0
  const trusted = target.trustsArguments ? PTR_TRUSTED : 0
  const tags = tagFlags(btf, type.typeId) & (MEM_USER | MEM_PERCPU)
  const struct = tags === 0 && nullable === 0 ? promoted(target, kernel, pointed.id) : kernel.struct(pointed.id)
  return pointerTo(PTR_TO_BTF_ID | trusted | nullable | tags, { struct })
}

/** A socket of a congestion control is one of TCP. @see bpf_tcp_ca_is_valid_access */
function promoted({ structOps }: AttachTarget, kernel: KernelTypes, id: number): KernelStruct {
  const [from = '', to = ''] = structOps?.rules.promoted ?? []
  const struct = kernel.struct(id)
  return (struct === kernel.named(from) ? kernel.named(to) : undefined) ?? struct
}

/** Of another program's arguments, its context is one: to the kernel, the structure that it stands for. @see btf_translate_to_vmlinux */
function contextOf(
  v: Verification,
  { type }: VerifierProgram,
  kernel: KernelTypes,
  pointed: BtfType,
  parameter: BtfParameter | undefined,
): RegisterState | undefined {
  const names = contextNames(type)
  const isContext = pointed.kind === BTF_KIND.STRUCT && pointed.name !== '' && pointed.name === names?.program
  if (!isContext) return undefined
  const struct = kernel.named(names.kernel)
  if (struct === undefined) throw v.noted(unsupported(`the context of programs of type ${type} is`))
  const nullable = parameter?.name.endsWith('__nullable') === true ? MAYBE_NULL : 0
  return pointerTo(PTR_TO_BTF_ID | nullable, { struct })
}
