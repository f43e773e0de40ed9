import { BTF_KIND, BTF_LINKAGE, type Btf, type BtfMapDefinition, type BtfType, btfMapDefinition } from '@bpfoundry/btf'

/** Comparisons of types that one symbol may take. */
const MOST_STEPS = 100_000

interface Sides {
  readonly a: Btf
  readonly b: Btf
  /** Pairs that were compared, or are being compared: in a circle they are equal as far as they get. */
  readonly seen: Set<string>
}

/** Kinds whose name counts. */
const NAMED: ReadonlySet<number> = new Set<number>([
  BTF_KIND.STRUCT,
  BTF_KIND.UNION,
  BTF_KIND.ENUM,
  BTF_KIND.ENUM64,
  BTF_KIND.FWD,
  BTF_KIND.FUNC,
  BTF_KIND.VAR,
])

/**
 * Whether two objects mean the same by a symbol, by its VAR or FUNC in each.
 *
 * @returns why not; undefined when they do
 * @see glob_sym_btf_matches in tools/lib/bpf/linker.c, whose rules these are
 */
export function globalMismatch(a: Btf, aId: number, b: Btf, bId: number): string | undefined {
  return typeMismatch({ a, b, seen: new Set() }, aId, bId, true)
}

/** The same of maps, which must be declared alike to the last number. @throws {BtfError} BTF_MAP_DEFINITION */
export function mapMismatch(a: Btf, aId: number, b: Btf, bId: number): string | undefined {
  return definitionMismatch({ a, b, seen: new Set() }, btfMapDefinition(a, aId), btfMapDefinition(b, bId))
}

const NUMBERS: readonly (readonly [keyof BtfMapDefinition, string])[] = [
  ['type', 'type'],
  ['keySizeBytes', 'key_size'],
  ['valueSizeBytes', 'value_size'],
  ['maxEntries', 'max_entries'],
  ['flags', 'map_flags'],
  ['numaNode', 'numa_node'],
  ['pinning', 'pinning'],
]

function definitionMismatch(sides: Sides, one: BtfMapDefinition, other: BtfMapDefinition): string | undefined {
  for (const [field, name] of NUMBERS) if (one[field] !== other[field]) return `map ${name} differs`
  for (const field of ['keyTypeId', 'valueTypeId'] as const) {
    const [id, otherId] = [one[field], other[field]]
    const name = field === 'keyTypeId' ? 'key' : 'value'
    if ((id === 0) !== (otherId === 0)) return `map ${name} type differs`
    const reason = id === 0 ? undefined : typeMismatch(sides, id, otherId, true)
    if (reason !== undefined) return `map ${name} type: ${reason}`
  }
  const [inner, otherInner] = [one.values?.inner, other.values?.inner]
  if ((inner === undefined) !== (otherInner === undefined)) return 'inner map differs'
  return inner === undefined || otherInner === undefined ? undefined : definitionMismatch(sides, inner, otherInner)
}

/** @param exact whether members of structs count; behind a pointer they don't */
function typeMismatch(sides: Sides, aId: number, bId: number, exact: boolean): string | undefined {
  const [a, b] = [sides.a.resolve(aId), sides.b.resolve(bId)]
  const pair = `${a.id} ${b.id} ${exact}`
  if (sides.seen.has(pair)) return undefined
  if (sides.seen.size >= MOST_STEPS) return 'types refer to each other in too many ways'
  sides.seen.add(pair)
  const isForward = (a.kind === BTF_KIND.FWD) !== (b.kind === BTF_KIND.FWD)
  if (!exact && isForward) return forwardMismatch(a, b)
  if (a.kind !== b.kind) return `kinds ${a.kind} and ${b.kind}`
  if (NAMED.has(a.kind) && a.name !== b.name) return `'${a.name}' and '${b.name}'`
  return sameKindMismatch(sides, a, b, exact)
}

function forwardMismatch(a: BtfType, b: BtfType): string | undefined {
  const isUnion = (type: BtfType): boolean => (type.kind === BTF_KIND.FWD ? type.isUnion : type.kind === BTF_KIND.UNION)
  const isComposite = (type: BtfType): boolean => type.kind === BTF_KIND.FWD || 'members' in type
  if (a.name === b.name && isComposite(a) && isComposite(b) && isUnion(a) === isUnion(b)) return undefined
  return `declaration of '${a.kind === BTF_KIND.FWD ? a.name : b.name}' and another type`
}

function sameKindMismatch(sides: Sides, a: BtfType, b: BtfType, exact: boolean): string | undefined {
  if ('members' in a && 'members' in b) return exact ? memberMismatch(sides, a, b) : undefined
  if ('sizeBytes' in a && 'sizeBytes' in b) return a.sizeBytes === b.sizeBytes ? undefined : `sizes of '${a.name}'`
  if (a.kind === BTF_KIND.ARRAY && b.kind === BTF_KIND.ARRAY) {
    return typeMismatch(sides, a.elementTypeId, b.elementTypeId, exact)
  }
  if ('parameters' in a && 'parameters' in b) {
    if (a.parameters.length !== b.parameters.length) return 'numbers of parameters'
    for (const [index, { typeId }] of a.parameters.entries()) {
      const reason = typeMismatch(sides, typeId, b.parameters[index]?.typeId ?? 0, exact)
      if (reason !== undefined) return reason
    }
    return typeMismatch(sides, a.returnTypeId, b.returnTypeId, exact)
  }
  if ('linkage' in a && 'linkage' in b && isStatic(a) !== isStatic(b)) return `linkage of '${a.name}'`
  if ('typeId' in a && 'typeId' in b) return typeMismatch(sides, a.typeId, b.typeId, exact && a.kind !== BTF_KIND.PTR)
  return undefined
}

function isStatic({ linkage }: { readonly linkage: number }): boolean {
  return linkage === BTF_LINKAGE.STATIC
}

function memberMismatch(
  sides: Sides,
  a: Extract<BtfType, { readonly members: unknown }>,
  b: Extract<BtfType, { readonly members: unknown }>,
): string | undefined {
  if (a.members.length !== b.members.length) return `numbers of members of '${a.name}'`
  for (const [index, one] of a.members.entries()) {
    const other = b.members[index] as typeof one
    const isAlike =
      one.name === other.name && one.bitOffset === other.bitOffset && one.bitfieldBits === other.bitfieldBits
    if (!isAlike) return `member '${one.name}' of '${a.name}'`
    const reason = typeMismatch(sides, one.typeId, other.typeId, true)
    if (reason !== undefined) return reason
  }
  return undefined
}
