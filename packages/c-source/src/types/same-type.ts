import type { CType } from '../c-type.ts'
import { bare } from './type-queries.ts'

/** Compatible types (C11 6.2.7), qualifiers and typedef names aside, as __builtin_types_compatible_p compares them. */
export function sameType(first: CType, second: CType): boolean {
  const [a, b] = [bare(first), bare(second)]
  if (a === b) return true
  if (a.kind === 'integer' && b.kind === 'integer') return a.name === b.name
  if (a.kind === 'float' && b.kind === 'float') return a.name === b.name
  if (a.kind === 'void' && b.kind === 'void') return true
  if (a.kind === 'pointer' && b.kind === 'pointer') return sameType(a.target, b.target)
  if (a.kind === 'array' && b.kind === 'array') {
    const lengths = a.length === undefined || b.length === undefined || a.length === b.length
    return lengths && sameType(a.element, b.element)
  }
  if (a.kind !== 'function' || b.kind !== 'function') return false
  return (
    a.variadic === b.variadic &&
    a.parameters.length === b.parameters.length &&
    sameType(a.result, b.result) &&
    a.parameters.every(({ type }, index) => sameType(type, (b.parameters[index] as { type: CType }).type))
  )
}
