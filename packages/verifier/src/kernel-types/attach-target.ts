/**
 * The kernel function, or tracepoint, that a program of TRACING, LSM or STRUCT_OPS is bound to.
 *
 * @see bpf_check_attach_target and check_attach_btf_id in kernel/bpf/verifier.c
 */
import { BTF_KIND, type BtfFuncProto, type BtfType } from '@bpfoundry/btf'
import {
  ATTACH_TYPE,
  type ErrnoName,
  isKnownIterator,
  isModifiable,
  lsmHook,
  maySleepIn,
  PROG_TYPE,
  type StructOps,
} from '@bpfoundry/kernel-abi'
import { isSleepable } from '../program/sleepable.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { KernelBtf, KernelModule, VerifierProgram } from '../verifier-api.ts'
import { checkPrototype } from './function-model.ts'
import { moduleWith } from './kernel-module.ts'
import { typeAt } from './kernel-types.ts'
import { programTarget } from './program-target.ts'
import { structOpsTarget } from './struct-ops-target.ts'

/** What a program is bound to. */
export interface AttachTarget {
  readonly name: string
  readonly prototype: BtfFuncProto
  /** Parameters that the program doesn't see: a tracepoint's first. */
  readonly hiddenParameters: number
  /** Pointers that it is handed are valid as long as it runs. */
  readonly trustsArguments: boolean
  /** Name of the tracepoint or of the iterator; undefined for functions. */
  readonly tracepoint: string | undefined
  readonly iterator: string | undefined
  /** Of STRUCT_OPS: what programs in the place of this function may do. */
  readonly structOps?: { readonly rules: StructOps; readonly member: string }
  /** Of a function of another program: that program, and its types, which the prototype is of. */
  readonly ofProgram?: { readonly program: VerifierProgram; readonly btf: KernelBtf }
}

const TRACEPOINT_PREFIX = 'btf_trace_'
const TEMPLATE_PREFIX = '__bpf_trace_'
const ITERATOR_PREFIX = 'bpf_iter_'

/** Name of the iterator that a program is bound to; undefined for other programs. */
export function iteratorOf(
  { type, expectedAttachType, attachBtfId = 0 }: VerifierProgram,
  btf: KernelBtf,
): string | undefined {
  if (type !== PROG_TYPE.TRACING || expectedAttachType !== ATTACH_TYPE.TRACE_ITER) return undefined
  const name = typeAt(btf, attachBtfId)?.name ?? ''
  return name.startsWith(ITERATOR_PREFIX) ? name.slice(ITERATOR_PREFIX.length) : undefined
}

/** What must not be traced, for tracing itself runs it. @see btf_id_deny */
// biome-ignore format: table
const NEVER_TRACED: ReadonlySet<string> = new Set([
  'migrate_disable', 'migrate_enable', 'rcu_read_unlock_strict', 'preempt_count_add', 'preempt_count_sub',
  '__rcu_read_lock', '__rcu_read_unlock',
])

/** They don't come back. @see noreturn_deny */
// biome-ignore format: table
const NEVER_RETURN: ReadonlySet<string> = new Set([
  '__ia32_sys_exit', '__ia32_sys_exit_group', '__kunit_abort', 'kunit_try_catch_throw', '__module_put_and_kthread_exit',
  '__x64_sys_exit', '__x64_sys_exit_group', 'do_exit', 'do_group_exit', 'kthread_complete_and_exit', 'kthread_exit',
  'make_task_dead',
])

function refuse(message: string, errno: ErrnoName = 'EINVAL'): never {
  throw new Refusal({ code: 'VERIFIER_ATTACH_TARGET', errno, message })
}

/**
 * The target of a program; undefined for types that have none.
 *
 * @throws {Refusal} in the kernel's words
 */
export function attachTarget(program: VerifierProgram, btf: KernelBtf): AttachTarget {
  const { attachBtfId = 0, expectedAttachType } = program
  if (program.type === PROG_TYPE.STRUCT_OPS) return structOpsTarget(program, btf)
  if (program.attachProgram !== undefined) return programTarget(program, program.attachProgram)
  if (attachBtfId === 0) refuse('Tracing programs must provide btf_id')
  const type = typeAt(btf, attachBtfId)
  if (type === undefined) refuse(`attach_btf_id ${attachBtfId} is invalid`)
  const find = FINDERS.get(expectedAttachType)
  if (find === undefined) refuse('the program has no attach type that can be bound to a kernel function')
  return find(program, btf, type)
}

type Finder = (program: VerifierProgram, btf: KernelBtf, type: BtfType) => AttachTarget

const FINDERS: ReadonlyMap<number, Finder> = new Map<number, Finder>([
  [ATTACH_TYPE.TRACE_RAW_TP, tracepoint],
  [ATTACH_TYPE.TRACE_ITER, iterator],
  [ATTACH_TYPE.TRACE_FENTRY, traced],
  [ATTACH_TYPE.TRACE_FEXIT, traced],
  [ATTACH_TYPE.MODIFY_RETURN, traced],
  [ATTACH_TYPE.LSM_MAC, hook],
  [ATTACH_TYPE.LSM_CGROUP, hook],
])

function prototypeOf(btf: KernelBtf, typeId: number): BtfFuncProto {
  const prototype = btf.type(typeId)
  return prototype.kind === BTF_KIND.FUNC_PROTO ? prototype : refuse('the target has no prototype')
}

/**
 * The names of a tracepoint's arguments, which may say that they can be NULL, are those of its class's function. A class of
 * several tracepoints is not found by their names; what of their arguments may be NULL stands in a table of its own.
 */
function tracepoint(_program: VerifierProgram, btf: KernelBtf, type: BtfType): AttachTarget {
  if (type.kind !== BTF_KIND.TYPEDEF) refuse(`attach_btf_id ${type.id} is not a typedef`)
  if (!type.name.startsWith(TRACEPOINT_PREFIX)) {
    refuse(`attach_btf_id ${type.id} points to wrong type name ${type.name}`)
  }
  const name = type.name.slice(TRACEPOINT_PREFIX.length)
  const template = btf.find(`${TEMPLATE_PREFIX}${name}`, BTF_KIND.FUNC)
  const fn = btf.type(template ?? type.typeId)
  if (fn.kind !== BTF_KIND.FUNC && fn.kind !== BTF_KIND.PTR) refuse('the tracepoint has no function')
  const prototype = prototypeOf(btf, fn.typeId)
  return { name, prototype, hiddenParameters: 1, trustsArguments: true, tracepoint: name, iterator: undefined }
}

function functionTarget(btf: KernelBtf, type: BtfType, trustsArguments: boolean): AttachTarget {
  if (type.kind !== BTF_KIND.FUNC) refuse(`attach_btf_id ${type.id} is not a function`)
  const prototype = prototypeOf(btf, type.typeId)
  const { name } = type
  checkPrototype(btf, prototype, name)
  return { name, prototype, hiddenParameters: 0, trustsArguments, tracepoint: undefined, iterator: undefined }
}

function iterator(_program: VerifierProgram, btf: KernelBtf, type: BtfType): AttachTarget {
  const target = functionTarget(btf, type, true)
  if (!target.name.startsWith(ITERATOR_PREFIX)) refuse('the program is bound to no iterator')
  const name = target.name.slice(ITERATOR_PREFIX.length)
  if (!isKnownIterator(name)) throw unsupported(`the iterator ${name} is`)
  return { ...target, iterator: name }
}

function traced(program: VerifierProgram, btf: KernelBtf, type: BtfType): AttachTarget {
  const target = functionTarget(btf, type, false)
  const { name } = target
  const attachType = program.expectedAttachType
  const module = moduleWith(program, btf, type.id)
  if (module !== undefined) checkModuleFunction(program, name, module)
  else checkKernelFunction(program, name)
  if (program.type === PROG_TYPE.TRACING && NEVER_TRACED.has(name)) refuse(`${name} can't be traced`)
  const needsReturn = attachType === ATTACH_TYPE.TRACE_FEXIT || attachType === ATTACH_TYPE.MODIFY_RETURN
  if (needsReturn && NEVER_RETURN.has(name)) {
    refuse('Attaching fexit/fmod_ret to __noreturn functions is rejected.')
  }
  return target
}

function checkKernelFunction(program: VerifierProgram, name: string): void {
  if (isSleepable(program)) {
    if (!maySleepIn(name)) refuse(`${name} is not sleepable`)
    return
  }
  const modifies = program.expectedAttachType === ATTACH_TYPE.MODIFY_RETURN
  if (modifies && !isModifiable(name)) refuse(`${name}() is not modifiable`)
}

/** A module tells of its functions which may be made to fail; where programs may sleep, and change what is returned. */
function checkModuleFunction(program: VerifierProgram, name: string, { mayFail }: KernelModule): void {
  if (mayFail?.has(name) === true) return
  if (isSleepable(program)) refuse(`${name} is not sleepable`)
  const modifies = program.expectedAttachType === ATTACH_TYPE.MODIFY_RETURN
  if (modifies && !name.startsWith('security_')) refuse(`${name}() is not modifiable`)
}

function hook(program: VerifierProgram, btf: KernelBtf, type: BtfType): AttachTarget {
  const { name } = type
  const target = functionTarget(btf, type, lsmHook(name)?.isTrusted === true)
  if (isSleepable(program) && lsmHook(name)?.isSleepable !== true) refuse(`${name} is not sleepable`)
  if (!program.gplCompatible) refuse('LSM programs must have a GPL compatible license')
  const found = lsmHook(name)
  if (found === undefined) refuse(`attach_btf_id ${type.id} points to wrong type name ${name}`)
  if (found.isDisabled) refuse(`attach_btf_id ${type.id} points to disabled hook ${name}`)
  return target
}
