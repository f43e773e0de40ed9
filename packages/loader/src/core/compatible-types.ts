import { BTF_KIND, type BtfFuncProto, type BtfType } from '@bpfoundry/btf'
import { essentialName, MAX_DEPTH, type TypePair, takeStep } from './type-space.ts'

export function isEnum({ kind }: BtfType): boolean {
  return kind === BTF_KIND.ENUM || kind === BTF_KIND.ENUM64
}

/** Of one kind; enums of 32 and 64 bits are. */
export function isSameKind(a: BtfType, b: BtfType): boolean {
  return a.kind === b.kind || (isEnum(a) && isEnum(b))
}

function isComposite({ kind }: BtfType): boolean {
  return kind === BTF_KIND.STRUCT || kind === BTF_KIND.UNION
}

function isPlainInt(type: BtfType): boolean {
  return type.kind === BTF_KIND.INT && type.bitOffset === 0
}

/**
 * A field of the one type can be read as one of the other: sizes, signs, lengths and what is pointed to don't count.
 *
 * @see bpf_core_fields_are_compat in tools/lib/bpf/relo_core.c
 */
export function areFieldsCompatible(pair: TypePair, localId: number, kernelId: number): boolean {
  let [a, b] = [pair.local.resolve(localId), pair.kernel.resolve(kernelId)]
  for (let depth = 0; a.kind === BTF_KIND.ARRAY && b.kind === BTF_KIND.ARRAY && depth < MAX_DEPTH; depth++) {
    a = pair.local.resolve(a.elementTypeId)
    b = pair.kernel.resolve(b.elementTypeId)
  }
  if (isComposite(a) && isComposite(b)) return true
  if (!isSameKind(a, b)) return false
  if (a.kind === BTF_KIND.PTR || a.kind === BTF_KIND.FLOAT) return true
  if (a.kind === BTF_KIND.FWD || isEnum(a)) return areNamesAlike(a, b)
  return isPlainInt(a) && isPlainInt(b)
}

/** One has no name, or they differ in no more than the flavour. */
function areNamesAlike(a: BtfType, b: BtfType): boolean {
  return a.name === '' || b.name === '' || essentialName(a.name) === essentialName(b.name)
}

/**
 * The types stand for the same as far as their kinds tell; names are not looked at.
 *
 * @see bpf_core_types_are_compat in tools/lib/bpf/relo_core.c
 */
export function areTypesCompatible(pair: TypePair, localId: number, kernelId: number, depth: number = 0): boolean {
  takeStep(pair)
  if (depth > MAX_DEPTH) return false
  if (!isSameKind(pair.local.type(localId), pair.kernel.type(kernelId)) && depth === 0) return false
  const [a, b] = [pair.local.resolve(localId), pair.kernel.resolve(kernelId)]
  if (!isSameKind(a, b)) return false
  const inner = (localTypeId: number, kernelTypeId: number): boolean =>
    areTypesCompatible(pair, localTypeId, kernelTypeId, depth + 1)
  if (a.kind === BTF_KIND.INT) return isPlainInt(a) && isPlainInt(b)
  if (a.kind === BTF_KIND.PTR && b.kind === BTF_KIND.PTR) return inner(a.typeId, b.typeId)
  if (a.kind === BTF_KIND.ARRAY && b.kind === BTF_KIND.ARRAY) return inner(a.elementTypeId, b.elementTypeId)
  if (a.kind === BTF_KIND.FUNC_PROTO && b.kind === BTF_KIND.FUNC_PROTO) return isSamePrototype(a, b, inner)
  return a.kind === BTF_KIND.VOID || a.kind === BTF_KIND.FWD || isComposite(a) || isEnum(a)
}

/** As many parameters; each of them, and what comes back, is `same` as the other one's: type ids of the object, of the kernel. */
export function isSamePrototype(
  { parameters, returnTypeId }: BtfFuncProto,
  other: BtfFuncProto,
  same: (localId: number, kernelId: number) => boolean,
): boolean {
  return (
    parameters.length === other.parameters.length &&
    parameters.every(({ typeId }, at) => same(typeId, other.parameters[at]?.typeId ?? 0)) &&
    same(returnTypeId, other.returnTypeId)
  )
}
