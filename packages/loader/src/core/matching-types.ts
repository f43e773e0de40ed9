import { BTF_INT_ENCODING, BTF_KIND, type BtfComposite, type BtfType } from '@bpfoundry/btf'
import { isEnum, isSamePrototype } from './compatible-types.ts'
import { essentialName, MAX_DEPTH, type TypePair, takeStep } from './type-space.ts'

function haveSameName(a: { readonly name: string }, b: { readonly name: string }): boolean {
  return b.name === '' ? a.name === '' : essentialName(a.name) === essentialName(b.name)
}

/**
 * The kernel's type has all that the object's has, by names and kinds; stricter than being compatible.
 *
 * @see __bpf_core_types_match in tools/lib/bpf/relo_core.c
 */
export function doTypesMatch(
  pair: TypePair,
  localId: number,
  kernelId: number,
  behindPointer: boolean = false,
  depth: number = 0,
): boolean {
  takeStep(pair)
  const [a, b] = [pair.local.resolve(localId), pair.kernel.resolve(kernelId)]
  if (depth > MAX_DEPTH || !haveSameName(a, b)) return false
  const inner = (local: number, kernel: number, behind: boolean = behindPointer): boolean =>
    doTypesMatch(pair, local, kernel, behind, depth + 1)
  if (isEnum(a)) return isEnum(b) && doEnumsMatch(a, b)
  if (behindPointer && isAggregate(a)) return isSameAggregate(a, b)
  if (a.kind !== b.kind) return false
  if (a.kind === BTF_KIND.FWD && b.kind === BTF_KIND.FWD) return a.isUnion === b.isUnion
  if (a.kind === BTF_KIND.INT && b.kind === BTF_KIND.INT) {
    return a.sizeBytes === b.sizeBytes && ((a.encoding ^ b.encoding) & BTF_INT_ENCODING.SIGNED) === 0
  }
  if (a.kind === BTF_KIND.PTR && b.kind === BTF_KIND.PTR) return inner(a.typeId, b.typeId, true)
  if (a.kind === BTF_KIND.ARRAY && b.kind === BTF_KIND.ARRAY) {
    return a.length === b.length && inner(a.elementTypeId, b.elementTypeId)
  }
  if (a.kind === BTF_KIND.FUNC_PROTO && b.kind === BTF_KIND.FUNC_PROTO) return isSamePrototype(a, b, inner)
  if ('members' in a && 'members' in b) return doMembersMatch(a, b, inner)
  return a.kind === BTF_KIND.VOID
}

function isAggregate({ kind }: BtfType): boolean {
  return kind === BTF_KIND.STRUCT || kind === BTF_KIND.UNION || kind === BTF_KIND.FWD
}

/** Behind a pointer, a declaration is as good as the type. */
function isSameAggregate(a: BtfType, b: BtfType): boolean {
  const isUnion = (type: BtfType): boolean => (type.kind === BTF_KIND.FWD ? type.isUnion : type.kind === BTF_KIND.UNION)
  return isAggregate(b) && isUnion(a) === isUnion(b)
}

function doEnumsMatch(a: BtfType, b: BtfType): boolean {
  if (!('values' in a && 'values' in b) || a.sizeBytes !== b.sizeBytes) return false
  return a.values.every((value) => b.values.some((other) => haveSameName(value, other)))
}

function doMembersMatch(a: BtfComposite, b: BtfComposite, inner: (local: number, kernel: number) => boolean): boolean {
  if (a.members.length > b.members.length) return false
  return a.members.every((member) =>
    b.members.some((other) => haveSameName(member, other) && inner(member.typeId, other.typeId)),
  )
}
