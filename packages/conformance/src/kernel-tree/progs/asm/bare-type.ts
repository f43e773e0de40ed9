import type {
  CArray,
  CEnum,
  CFloat,
  CFunctionType,
  CInteger,
  CPointer,
  CRecord,
  CType,
  CVoid,
} from '@bpfoundry/c-source'

/** A type behind its typedefs and qualifiers. */
export type BareType = CVoid | CInteger | CFloat | CPointer | CArray | CRecord | CEnum | CFunctionType

export function bareType(type: CType): BareType {
  let bare = type
  while (bare.kind === 'typedef' || isQualifier(bare)) bare = bare.target
  return bare
}

/** Whether an object of the type can't be written: const itself, or an array of what is. */
export function isConst(type: CType): boolean {
  let each = type
  for (;;) {
    if (each.kind === 'const') return true
    if (each.kind === 'array') each = each.element
    else if (each.kind === 'typedef' || isQualifier(each)) each = each.target
    else return false
  }
}

const isQualifier = (type: CType): type is Extract<CType, { kind: 'const' | 'volatile' | 'restrict' }> =>
  type.kind === 'const' || type.kind === 'volatile' || type.kind === 'restrict'
