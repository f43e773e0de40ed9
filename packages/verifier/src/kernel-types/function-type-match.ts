/** Whether a function can take the place of another: the same arguments and result. @see btf_check_type_match in kernel/bpf/btf.c */
import { BTF_KIND, BTF_LINKAGE, type Btf, type BtfFunc, type BtfFuncProto, type BtfType } from '@bpfoundry/btf'
import { Refusal } from '../report/refusal.ts'
import type { VerifierProgram } from '../verifier-api.ts'
import { kindText } from './kernel-types.ts'

function refuse(message: string): never {
  throw new Refusal({ code: 'VERIFIER_ATTACH_TARGET', errno: 'EINVAL', message })
}

interface Side {
  readonly btf: Btf
  readonly fn: BtfFunc
  readonly prototype: BtfFuncProto
}

/** Refuses a program whose main function is of another type than `fn`, which its place is. */
export function checkSameType({ btf, functionInfo = [] }: VerifierProgram, otherBtf: Btf, fn: BtfFunc): void {
  const main = btf?.types[functionInfo[0]?.typeId ?? 0]
  if (btf === undefined || main?.kind !== BTF_KIND.FUNC) refuse('Program extension requires BTF')
  const [mine, other] = [sideOf(btf, main), sideOf(otherBtf, fn)]
  for (const { fn: one } of [mine, other]) {
    if (one.linkage !== BTF_LINKAGE.GLOBAL) refuse(`${one.name}() is not a global function`)
  }
  const [count, otherCount] = [mine.prototype.parameters.length, other.prototype.parameters.length]
  if (count !== otherCount) {
    refuse(`${main.name}() has ${count} args while ${fn.name}() has ${otherCount} args`)
  }
  checkResults(mine, other)
  for (let index = 0; index < count; index++) checkArguments(mine, other, index)
}

function sideOf(btf: Btf, fn: BtfFunc): Side {
  const prototype = btf.type(fn.typeId)
  if (prototype.kind !== BTF_KIND.FUNC_PROTO) refuse(`${fn.name}() has no prototype`)
  return { btf, fn, prototype }
}

/** The word of a type that holds its kind, and how many members it has. */
function isSameShape(one: BtfType, other: BtfType): boolean {
  return one.kind === other.kind && members(one) === members(other) && flag(one) === flag(other)
}

function members(type: BtfType): number {
  if ('members' in type) return type.members.length
  if ('values' in type) return type.values.length
  return 0
}

function flag(type: BtfType): boolean {
  return 'kindFlag' in type ? type.kindFlag : 'signed' in type ? type.signed : false
}

function checkResults(mine: Side, other: Side): void {
  const one = mine.btf.resolve(mine.prototype.returnTypeId)
  const two = other.btf.resolve(other.prototype.returnTypeId)
  if (isSameShape(one, two)) return
  const [given, wanted] = [`${kindText(one)} of ${mine.fn.name}()`, `${kindText(two)} of ${other.fn.name}()`]
  refuse(`Return type ${given} doesn't match type ${wanted}`)
}

const NUMBERS: ReadonlySet<number> = new Set([BTF_KIND.INT, BTF_KIND.ENUM, BTF_KIND.ENUM64])

function checkArguments(mine: Side, other: Side, index: number): void {
  const one = mine.btf.resolve(mine.prototype.parameters[index]?.typeId ?? 0)
  const two = other.btf.resolve(other.prototype.parameters[index]?.typeId ?? 0)
  const [name, otherName] = [`${mine.fn.name}()`, `${other.fn.name}()`]
  if (!isSameShape(one, two)) {
    refuse(`arg${index} in ${name} is ${kindText(one)} while ${otherName} has ${kindText(two)}`)
  }
  const [size, otherSize] = [sizeOf(one), sizeOf(two)]
  if (size !== otherSize) refuse(`arg${index} in ${name} has size ${size} while ${otherName} has ${otherSize}`)
  if (NUMBERS.has(one.kind)) return
  if (one.kind !== BTF_KIND.PTR || two.kind !== BTF_KIND.PTR) refuse(`arg${index} in ${name} has unrecognized type`)
  const [pointed, otherPointed] = [mine.btf.resolve(one.typeId), other.btf.resolve(two.typeId)]
  if (pointed.kind !== BTF_KIND.STRUCT) refuse(`arg${index} in ${name} is not a pointer to context`)
  if (otherPointed.kind !== BTF_KIND.STRUCT) refuse(`arg${index} in ${otherName} is not a pointer to context`)
  if (pointed.name === otherPointed.name) return
  const [left, right] = [`${mine.fn.name}(struct ${pointed.name} *)`, `${other.fn.name}(struct ${otherPointed.name} *)`]
  refuse(`arg${index} ${left} doesn't match ${right}`)
}

/** Of types that have one in their own record. */
function sizeOf(type: BtfType): number {
  return 'sizeBytes' in type ? type.sizeBytes : 0
}
