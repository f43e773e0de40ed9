import { BTF_KIND } from './btf-kind.ts'
import { visitReferences, withReferences } from './btf-references.ts'
import type { BtfType } from './btf-type.ts'

/** Types without repetitions. */
export interface UniqueTypes {
  /** By id; index 0 is `void`. */
  readonly types: readonly BtfType[]
  /** New id by old id. */
  readonly ids: readonly number[]
}

/**
 * Leaves one of each set of equal types, the first. Two types are equal when they say the same and refer to equal types, however
 * deep, in circles too: sets of types that look alike are split until the members of each refer to the same sets. A declaration of
 * a struct is the struct, where there is one of its name only. Variables and sections are never equal.
 *
 * @param types by id, consistent; index 0 is `void`
 */
export function uniqueTypes(types: readonly BtfType[]): UniqueTypes {
  let stand: readonly number[] = types.map((_, id) => id)
  for (;;) {
    const sets = refine(types, stand)
    const next = definitions(types, sets, stand)
    if (next === undefined) return firstOfEach(types, sets, stand)
    stand = next
  }
}

/**
 * The set of each type, by number.
 *
 * @param stand what stands for a type where others refer to it
 */
function refine(types: readonly BtfType[], stand: readonly number[]): readonly number[] {
  let sets = numbered(types.map(described))
  for (let count = 0; ; ) {
    const found = new Set(sets).size
    if (found === count) return sets
    count = found
    const before = sets
    sets = numbered(
      types.map((type, id) => {
        let text = `${before[id]}`
        visitReferences(type, (to) => {
          text += ` ${before[stand[to] ?? 0]}`
        })
        return text
      }),
    )
  }
}

function numbered(texts: readonly string[]): readonly number[] {
  const numbers = new Map<string, number>()
  return texts.map((text) => {
    const known = numbers.get(text) ?? numbers.size
    numbers.set(text, known)
    return known
  })
}

/** All that a type says but which types it refers to. */
function described(type: BtfType): string {
  if (type.kind === BTF_KIND.VAR || type.kind === BTF_KIND.DATASEC) return `${type.id}`
  const { id: _id, nameOffset: _offset, ...said } = withReferences(type, () => 0)
  return JSON.stringify(said, (key, value: unknown) => {
    if (key === 'nameOffset') return undefined
    return typeof value === 'bigint' ? `${value}` : value
  })
}

/** Declarations whose struct is known now, or undefined where there are no more. */
function definitions(
  types: readonly BtfType[],
  sets: readonly number[],
  stand: readonly number[],
): readonly number[] | undefined {
  const structs = new Map<string, number[]>()
  for (const { id, kind, name } of types) {
    if ((kind !== BTF_KIND.STRUCT && kind !== BTF_KIND.UNION) || name === '') continue
    const known = structs.get(`${kind} ${name}`) ?? []
    if (!known.some((other) => sets[other] === sets[id])) known.push(id)
    structs.set(`${kind} ${name}`, known)
  }
  let isChanged = false
  const next = types.map((type, id) => {
    if (type.kind !== BTF_KIND.FWD || stand[id] !== id) return stand[id] as number
    const found = structs.get(`${type.isUnion ? BTF_KIND.UNION : BTF_KIND.STRUCT} ${type.name}`) ?? []
    if (found.length !== 1) return id
    isChanged = true
    return found[0] as number
  })
  return isChanged ? next : undefined
}

function firstOfEach(types: readonly BtfType[], sets: readonly number[], stand: readonly number[]): UniqueTypes {
  const kept: BtfType[] = []
  const places = new Map<number, number>()
  for (const [id, type] of types.entries()) {
    const set = sets[id] as number
    if (stand[id] !== id || places.has(set)) continue
    places.set(set, kept.length)
    kept.push(type)
  }
  const ids = types.map((_, id) => places.get(sets[stand[id] as number] as number) as number)
  return { ids, types: kept.map((type, id) => ({ ...withReferences(type, (to) => ids[to] as number), id })) }
}
