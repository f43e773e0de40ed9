/**
 * A function of another program, already loaded, that a program is bound to: to take its place (EXT), or to see its
 * arguments and its result (fentry, fexit).
 *
 * @see bpf_check_attach_target in kernel/bpf/verifier.c
 */
import { BTF_KIND, BTF_LINKAGE, type Btf, type BtfFunc, type BtfFuncProto, type BtfType } from '@bpfoundry/btf'
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { isSleepable } from '../program/sleepable.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { KernelBtf, Verified, VerifierProgram } from '../verifier-api.ts'
import type { AttachTarget } from './attach-target.ts'
import { checkPrototype } from './function-model.ts'
import { checkSameType } from './function-type-match.ts'

function refuse(message: string): never {
  throw new Refusal({ code: 'VERIFIER_ATTACH_TARGET', errno: 'EINVAL', message })
}

/** Types whose programs themselves are bound to something: what their context is depends on it. */
const BOUND: ReadonlySet<number> = new Set([PROG_TYPE.TRACING, PROG_TYPE.LSM, PROG_TYPE.STRUCT_OPS])

/**
 * An extension is judged as a program of the type that it extends.
 *
 * @throws {Refusal} VERIFIER_UNSUPPORTED
 */
export function asExtended(program: VerifierProgram): VerifierProgram {
  const { type, attachProgram } = program
  if (type !== PROG_TYPE.EXT || attachProgram === undefined) return program
  const { type: extended, expectedAttachType } = attachProgram.program
  return BOUND.has(extended) || extended === PROG_TYPE.EXT
    ? program
    : { ...program, type: extended, expectedAttachType }
}

/** The program's types as the checks ask for them. */
export function typesOf(btf: Btf): KernelBtf {
  return {
    find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
    type: (id) => btf.type(id),
    resolve: (id) => btf.resolve(id),
    sizeOf: (id) => btf.sizeOf(id),
  }
}

interface Found {
  readonly btf: Btf
  readonly fn: BtfFunc
  readonly prototype: BtfFuncProto
}

/** @throws {Refusal} in the kernel's words */
function findFunction(program: VerifierProgram, target: Verified, isExtension: boolean): Found {
  const { attachBtfId = 0 } = program
  if (attachBtfId === 0) refuse('Tracing programs must provide btf_id')
  const { btf, functionInfo = [] } = target.program
  if (btf === undefined) {
    refuse('FENTRY/FEXIT program can only be attached to another program annotated with BTF')
  }
  const type = btf.types[attachBtfId]
  if (type === undefined) refuse(`attach_btf_id ${attachBtfId} is invalid`)
  const index = functionInfo.findIndex(({ typeId }) => typeId === attachBtfId)
  if (index < 0) refuse(`Subprog ${type.name} doesn't exist`)
  checkReplaceable(target, index, isExtension, type)
  const prototype = type.kind === BTF_KIND.FUNC ? btf.type(type.typeId) : undefined
  if (type.kind !== BTF_KIND.FUNC || prototype?.kind !== BTF_KIND.FUNC_PROTO) {
    refuse(`attach_btf_id ${attachBtfId} is not a function`)
  }
  return { btf, fn: type, prototype }
}

function checkReplaceable(target: Verified, index: number, isExtension: boolean, type: BtfType): void {
  const traits = target.notes.functions[index]
  if (traits?.isExceptionCallback === true) {
    refuse(`${isExtension ? 'Extension' : 'FENTRY/FEXIT'} programs cannot attach to exception callback`)
  }
  // Whether the calls of a static function are what its types say is not looked at here.
  const isStatic = type.kind === BTF_KIND.FUNC && type.linkage !== BTF_LINKAGE.GLOBAL
  if (isStatic) throw unsupported(`a program bound to ${type.name}, a static function, is`)
  if (isExtension && traits?.isReliable !== true) refuse('Cannot replace static functions')
  const traced = target.program.type === PROG_TYPE.TRACING ? target.program.attachProgram : undefined
  if (!isExtension && traced?.program.type === PROG_TYPE.TRACING) {
    refuse('Cannot nest tracing program attach more than once')
  }
}

/**
 * Refuses an extension that can't take the place of the function it names.
 *
 * @param changesPacketData of the extension
 * @throws {Refusal} in the kernel's words
 */
export function checkExtension(program: VerifierProgram, changesPacketData: boolean): void {
  const target = program.attachProgram
  if (target === undefined) {
    refuse(
      (program.attachBtfId ?? 0) === 0 ? 'Tracing programs must provide btf_id' : 'Cannot replace kernel functions',
    )
  }
  const { btf, fn } = findFunction(program, target, true)
  const index = target.program.functionInfo?.findIndex(({ typeId }) => typeId === fn.id) ?? -1
  if (changesPacketData && target.notes.functions[index]?.changesPacketData !== true) {
    refuse('Extension program changes packet data, while original does not')
  }
  const { type, expectedAttachType, attachProgram } = target.program
  if (type !== PROG_TYPE.TRACING && attachProgram !== undefined) refuse('Cannot recursively attach')
  const isTrace = expectedAttachType === ATTACH_TYPE.TRACE_FENTRY || expectedAttachType === ATTACH_TYPE.TRACE_FEXIT
  if (type === PROG_TYPE.TRACING && isTrace) refuse('Cannot extend fentry/fexit')
  if (BOUND.has(type)) throw unsupported('an extension of a program that is itself bound to something is')
  checkSameType(program, btf, fn)
}

/**
 * The function of another program whose arguments a program of fentry or fexit sees.
 *
 * @throws {Refusal} in the kernel's words
 */
export function programTarget(program: VerifierProgram, target: Verified): AttachTarget {
  const { btf, fn, prototype } = findFunction(program, target, false)
  const { expectedAttachType } = program
  if (expectedAttachType === ATTACH_TYPE.TRACE_RAW_TP) {
    refuse('Only FENTRY/FEXIT progs are attachable to another BPF prog')
  }
  if (expectedAttachType === ATTACH_TYPE.TRACE_ITER) refuse('the program is bound to no iterator')
  const isReliable = target.notes.functions.some(
    (traits, index) => traits.isReliable && target.program.functionInfo?.[index]?.typeId === fn.id,
  )
  if (!isReliable) throw unsupported(`a program bound to ${fn.name}, whose type is not what it is, is`)
  checkPrototype(typesOf(btf), prototype, fn.name)
  if (isSleepable(program)) refuse(`${fn.name} is not sleepable`)
  if (expectedAttachType === ATTACH_TYPE.MODIFY_RETURN) refuse("can't modify return codes of BPF programs")
  return {
    name: fn.name,
    prototype,
    hiddenParameters: 0,
    trustsArguments: false,
    tracepoint: undefined,
    iterator: undefined,
    ofProgram: { btf: typesOf(btf), program: target.program },
  }
}
