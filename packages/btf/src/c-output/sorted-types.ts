import type { Btf } from '../btf.ts'
import { BTF_KIND } from '../btf-kind.ts'
import { isModifier } from '../btf-references.ts'
import type { BtfType } from '../btf-type.ts'
import { type COutputLimit, noText } from './c-output-limit.ts'
import { TypeHashes } from './type-hashes.ts'

/** Constants first, then by kind: enums, numbers, structs, functions; what has no name anywhere last. */
const RANK = { constants: 0, enums: 1, numbers: 2, composites: 3, functions: 4, rest: 10 } as const

/** Longest chain of types without a name; the kernel follows 32. */
const MAX_CHAIN = 1000

/** A number for the order of names: at most as many as there are types and enumerators. */
const NAME_NUMBERS = 2 ** 21

/** The order that a header stays the same in when its types get other numbers: by kind and name, bpftool's of 2024. */
export function sortedTypes(btf: Btf, limit: COutputLimit): Uint32Array {
  const names = btf.types.map((type) => sortName(btf, type))
  const number = numbered([...names, ...btf.types.map(({ name }) => name)])
  const keys = Float64Array.from(btf.types, (type, index) => {
    const byName = number.get(names[index] as string) as number
    return (rank(btf, type) * NAME_NUMBERS + byName) * NAME_NUMBERS + (number.get(type.name) as number)
  })
  const hashes = new TypeHashes(btf, limit)
  const compare = (a: number, b: number): number =>
    (keys[a] as number) - (keys[b] as number) || hashes.compare(a, b) || a - b
  return Uint32Array.from(btf.types.keys()).sort(compare)
}

/** Each name by its place among them all. */
function numbered(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...new Set(names)].sort().map((name, index) => [name, index]))
}

/** What a type refers to: a pointer, modifier, array or tag. */
function target(type: BtfType): number | undefined {
  if (type.kind === BTF_KIND.ARRAY) return type.elementTypeId
  return isModifier(type) || type.kind === BTF_KIND.PTR || type.kind === BTF_KIND.DECL_TAG ? type.typeId : undefined
}

/** The type that a chain of pointers, modifiers, arrays and tags ends at; `wanted` may end it before. */
function follow(btf: Btf, from: BtfType, wanted: (type: BtfType) => boolean): BtfType {
  let type = from
  for (let length = 0; !wanted(type); length++) {
    const next = target(type)
    if (next === undefined) break
    if (length === MAX_CHAIN) throw noText(from.id, `types within types: over ${MAX_CHAIN} of them`)
    type = btf.type(next)
  }
  return type
}

function rank(btf: Btf, type: BtfType): number {
  let hasName = false
  const end = follow(btf, type, (at) => {
    hasName ||= at.nameOffset !== 0
    return !hasName
  })
  switch (end.kind) {
    case BTF_KIND.ENUM:
    case BTF_KIND.ENUM64:
      return hasName ? RANK.enums : RANK.constants
    case BTF_KIND.INT:
    case BTF_KIND.FLOAT:
      return RANK.numbers
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION:
      return hasName ? RANK.composites : RANK.rest
    case BTF_KIND.FUNC_PROTO:
      return hasName ? RANK.functions : RANK.rest
    default:
      return RANK.rest
  }
}

/** The name of what a type refers to in the end; of constants, the first one's. */
function sortName(btf: Btf, type: BtfType): string {
  const isEnum = type.kind === BTF_KIND.ENUM || type.kind === BTF_KIND.ENUM64
  if (isEnum && type.nameOffset === 0) return type.values[0]?.name ?? ''
  return follow(btf, type, () => false).name
}
