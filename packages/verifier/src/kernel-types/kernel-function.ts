/** The functions of the kernel that a program's calls name. @see fetch_kfunc_meta in kernel/bpf/verifier.c */
import { BTF_KIND, BtfError, type BtfFuncProto, type BtfParameter, type BtfType } from '@bpfoundry/btf'
import type { Insn } from '@bpfoundry/isa'
import {
  isKernelFunctionKnown,
  type KernelFunction,
  type KernelFunctionTrait,
  kernelFunction,
  moduleFunction,
} from '@bpfoundry/kernel-abi'
import { CallKinds, isKernelCall } from '../program/call-kinds.ts'
import { TREE_ADD, WORK_SET_CALLBACK } from '../program/callback-helpers.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { KernelBtf, KernelModule, VerifierProgram } from '../verifier-api.ts'
import { checkPrototype } from './function-model.ts'
import { calledModule } from './kernel-module.ts'

/** One function, as programs of one type may call it. */
export interface CallableFunction {
  /** BTF id. */
  readonly id: number
  readonly name: string
  readonly prototype: BtfFuncProto
  /** Undefined where such programs may not call it. */
  readonly traits: KernelFunction['traits'] | undefined
  /** It is one of a later kernel than 6.12. */
  readonly isLater: boolean
}

export function hasTrait({ traits }: CallableFunction, trait: KernelFunctionTrait): boolean {
  return traits?.has(trait) ?? false
}

/** The parameter's name says so: `task__nullable`. */
export function isMarked({ name }: BtfParameter, mark: string): boolean {
  return name.endsWith(mark)
}

function refuse(message: string): never {
  throw new Refusal({ code: 'VERIFIER_KERNEL_FUNCTION', errno: 'EINVAL', message })
}

/** What a driver answers for the packet in hand: for programs that are bound to a device, which none is here. */
const OF_DEVICES: ReadonlySet<string> = new Set([
  'bpf_xdp_metadata_rx_timestamp',
  'bpf_xdp_metadata_rx_hash',
  'bpf_xdp_metadata_rx_vlan_tag',
])

/**
 * The function that a call names: before anything is explored, for it must exist. Undefined where the loader found none:
 * such a call must turn out never to be reached.
 *
 * @throws {Refusal} in the kernel's words
 * @see add_kfunc_call
 */
export function calledFunction(
  program: VerifierProgram,
  btf: KernelBtf | undefined,
  insn: Insn,
): CallableFunction | undefined {
  if (btf === undefined) throw unsupported("calling a kernel function (kfunc) without the kernel's types is")
  if (!program.gplCompatible) refuse('cannot call kernel function from non-GPL compatible program')
  if (insn.imm === 0 && insn.off === 0) return undefined
  const module = calledModule(program, insn)
  const fn = typeOf(btf, insn.imm, module)
  if (fn?.kind !== BTF_KIND.FUNC) refuse(`kernel btf_id ${insn.imm} is not a function`)
  const prototype = btf.type(fn.typeId)
  if (prototype.kind !== BTF_KIND.FUNC_PROTO) {
    refuse(`kernel function btf_id ${insn.imm} does not have a valid func_proto`)
  }
  checkPrototype(btf, prototype, fn.name)
  if (OF_DEVICES.has(fn.name)) refuse('metadata kfuncs require device-bound program')
  const known = callable(program, fn.name, module)
  return { id: insn.imm, name: fn.name, prototype, traits: known?.traits, isLater: known?.since !== undefined }
}

/** The type of the kernel itself, or of that module, with this id. */
function typeOf(btf: KernelBtf, id: number, module: KernelModule | undefined): BtfType | undefined {
  if (btf.moduleOf?.(id) !== module?.index) return undefined
  try {
    return btf.type(id)
  } catch (error) {
    if (error instanceof BtfError) return undefined
    throw error
  }
}

/** Undefined where programs of this type may not call it. */
function callable(
  { type, expectedAttachType }: VerifierProgram,
  name: string,
  module: KernelModule | undefined,
): KernelFunction | undefined {
  const isKnown = isKernelFunctionKnown(name)
  if (module !== undefined) {
    // Calls of some functions do more than their prototypes say, which is told by their names.
    if (isKnown) throw unsupported(`calling ${name} of the module ${module.name}, and not the kernel's, is`)
    return moduleFunction(module.functions, type, name)
  }
  const known = kernelFunction(type, name, expectedAttachType)
  if (known !== undefined || isKnown || !isMarkedAsCallable(name)) return known
  throw unsupported(`calling the kernel function ${name} is`)
}

/** The sorts of calls that the program makes. */
export function callKinds(program: VerifierProgram, btf: KernelBtf | undefined): CallKinds {
  const called = program.insns.filter(isKernelCall).map((insn) => calledFunction(program, btf, insn))
  const idsOf = (isOne: (fn: CallableFunction) => boolean): ReadonlySet<number> =>
    new Set(called.flatMap((fn) => (fn !== undefined && isOne(fn) ? [fn.id] : [])))
  return new CallKinds({
    iteratorNexts: idsOf((fn) => hasTrait(fn, 'iter_next')),
    callbackCalls: idsOf(({ name }) => name === TREE_ADD),
    asyncCallbackCalls: idsOf(({ name }) => name === WORK_SET_CALLBACK),
  })
}

/** Functions that programs may call are named so; what a newer kernel has of them is not known. */
function isMarkedAsCallable(name: string): boolean {
  return name.startsWith('bpf_') || name.startsWith('scx_bpf_')
}
