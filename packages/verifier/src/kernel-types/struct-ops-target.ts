/**
 * The member of a structure of functions that a program of STRUCT_OPS stands in for.
 *
 * @see check_struct_ops_btf_id in kernel/bpf/verifier.c
 */
import { BTF_KIND, type BtfFuncProto, type BtfMember } from '@bpfoundry/btf'
import { type ErrnoName, type StructOps, structOps } from '@bpfoundry/kernel-abi'
import { isSleepable } from '../program/sleepable.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { KernelBtf, VerifierProgram } from '../verifier-api.ts'
import type { AttachTarget } from './attach-target.ts'
import { isComposite, typeAt } from './kernel-types.ts'

/** The kernel makes such a structure of each that it lets programs stand in for. */
const VALUE_PREFIX = 'bpf_struct_ops_'

function refuse(message: string, errno: ErrnoName = 'EINVAL'): never {
  throw new Refusal({ code: 'VERIFIER_ATTACH_TARGET', errno, message })
}

/** Name of the structure, and its member that the program's attach type counts; undefined where there is none. */
export function structOpsPlace(
  { attachBtfId = 0, expectedAttachType }: VerifierProgram,
  btf: KernelBtf,
): { readonly name: string; readonly member: string } | undefined {
  const type = typeAt(btf, attachBtfId)
  const member = type !== undefined && isComposite(type) ? type.members[expectedAttachType] : undefined
  return type === undefined || member === undefined ? undefined : { name: type.name, member: member.name }
}

/** @throws {Refusal} in the kernel's words */
export function structOpsTarget(program: VerifierProgram, btf: KernelBtf): AttachTarget {
  const { attachBtfId = 0, expectedAttachType: index, gplCompatible } = program
  if (!gplCompatible) refuse('struct ops programs must have a GPL compatible license')
  if (attachBtfId === 0) refuse('', 'ENOTSUPP')
  const type = typeAt(btf, attachBtfId)
  const name = type?.name ?? ''
  if (type === undefined || !isComposite(type) || btf.find(VALUE_PREFIX + name, BTF_KIND.STRUCT) === undefined) {
    refuse(`attach_btf_id ${attachBtfId} is not a supported struct`, 'ENOTSUPP')
  }
  const rules = structOps(name)
  if (rules === undefined) throw unsupported(`a program in the place of a function of struct ${name} is`)
  const member = type.members[index]
  if (member === undefined) refuse(`attach to invalid member idx ${index} of struct ${name}`)
  const prototype = prototypeOf(btf, member)
  if (prototype === undefined) refuse(`attach to invalid member ${member.name}(@idx ${index}) of struct ${name}`)
  checkMember(program, rules, member.name)
  return {
    name: member.name,
    prototype,
    hiddenParameters: 0,
    trustsArguments: true,
    tracepoint: undefined,
    iterator: undefined,
    structOps: { rules, member: member.name },
  }
}

function prototypeOf(btf: KernelBtf, { typeId }: BtfMember): BtfFuncProto | undefined {
  const pointer = btf.resolve(typeId)
  const pointed = pointer.kind === BTF_KIND.PTR ? btf.resolve(pointer.typeId) : undefined
  return pointed?.kind === BTF_KIND.FUNC_PROTO ? pointed : undefined
}

function checkMember(program: VerifierProgram, { name, members, sleepable }: StructOps, member: string): void {
  const words = `attach to unsupported member ${member} of struct ${name}`
  if (!members.has(member)) refuse(words, 'ENOTSUPP')
  if (isSleepable(program) && sleepable?.has(member) === false) refuse(words)
}
