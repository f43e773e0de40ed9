import { BTF_KIND, type BtfArray, type BtfMember, type CoreRelocation } from '@bpfoundry/btf'
import { areFieldsCompatible } from './compatible-types.ts'
import { badRelocation, MAX_DEPTH, sizeOrThrow, type TypePair, type TypeSpace, takeStep } from './type-space.ts'

/** One named member, or one element of an array, on the way to a field. Anonymous structs have none. */
export interface FieldStep {
  /** The struct or union of the member; the type of the element. */
  readonly typeId: number
  /** Number of the member or element. */
  readonly index: number
  /** Absent for an element. */
  readonly member?: BtfMember
  /** The anonymous members that it lies in, outermost first, where those are known. */
  readonly through?: readonly FieldStep[]
}

/** The way to a field of a type: `s->a.b[3]`. */
export interface FieldPath {
  readonly space: TypeSpace
  readonly steps: readonly FieldStep[]
  /** From the start of the type. */
  readonly bitOffset: number
}

/** Steps of an access string. @see BPF_CORE_SPEC_MAX_LEN */
const MOST_STEPS = 64

/** `0:1:2` as numbers. @throws LoaderError LOADER_RELOCATION */
export function accessNumbers(access: string): number[] {
  if (!/^\d+(:\d+)*$/.test(access)) throw badRelocation('CO-RE relocation with an access that is none', access)
  const numbers = access.split(':').map(Number)
  if (numbers.length > MOST_STEPS) throw badRelocation('CO-RE relocation of a field too deep', access)
  return numbers
}

/**
 * The field that a relocation of the object names, in the object's own types.
 *
 * @throws LoaderError LOADER_RELOCATION for an access that leads nowhere
 */
export function localPath(space: TypeSpace, { typeId, access }: CoreRelocation): FieldPath {
  const [first = 0, ...rest] = accessNumbers(access)
  let id = space.resolve(typeId).id
  let bitOffset = first * sizeOrThrow(space, id) * 8
  const steps: FieldStep[] = [{ typeId: id, index: first }]
  for (const index of rest) {
    const type = space.resolve(id)
    if (type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION) {
      const member = type.members[index]
      if (member === undefined) throw badRelocation('CO-RE relocation of a member that there is not', access)
      bitOffset += member.bitOffset
      if (member.name !== '') steps.push({ typeId: type.id, index, member })
      id = member.typeId
    } else if (type.kind === BTF_KIND.ARRAY) {
      if (!hasElement(space, type, index, steps.at(-1))) {
        throw badRelocation('CO-RE relocation of an element that there is not', access)
      }
      id = space.resolve(type.elementTypeId).id
      steps.push({ typeId: id, index })
      bitOffset += index * sizeOrThrow(space, id) * 8
    } else {
      throw badRelocation('CO-RE relocation into a type that has no members', access)
    }
  }
  return { space, steps, bitOffset }
}

/** An array at the end of a struct without a length has any element. */
export function hasElement(space: TypeSpace, array: BtfArray, index: number, before: FieldStep | undefined): boolean {
  if (index < array.length) return true
  if (array.length > 0 || before?.member === undefined) return false
  const struct = space.type(before.typeId)
  return 'members' in struct && before.index === struct.members.length - 1
}

/** A member and what was passed on the way to it through anonymous structs. */
interface FoundMember {
  readonly step: FieldStep
  readonly bitOffset: number
}

/** The same field in a type of the kernel's; undefined where that has no such one, or one of another sort. */
export function matchingPath(local: FieldPath, pair: TypePair, rootTypeId: number): FieldPath | undefined {
  const { kernel: space } = pair
  let id = space.resolve(rootTypeId).id
  let bitOffset = 0
  const steps: FieldStep[] = []
  for (const [at, { member, index }] of local.steps.entries()) {
    if (member !== undefined) {
      const found = findMember(pair, id, member, 0)
      if (found === undefined) return undefined
      bitOffset += found.bitOffset
      steps.push(found.step)
      id = space.resolve((found.step.member as BtfMember).typeId).id
      continue
    }
    // The first step is into the type itself, as into an array of such.
    if (at > 0) {
      const array = space.resolve(id)
      if (array.kind !== BTF_KIND.ARRAY || !hasElement(space, array, index, steps.at(-1))) return undefined
      id = space.resolve(array.elementTypeId).id
    }
    steps.push({ typeId: id, index })
    bitOffset += index * sizeOrThrow(space, id) * 8
  }
  return { space, steps, bitOffset }
}

function findMember(pair: TypePair, typeId: number, wanted: BtfMember, depth: number): FoundMember | undefined {
  takeStep(pair)
  const type = pair.kernel.resolve(typeId)
  if ((type.kind !== BTF_KIND.STRUCT && type.kind !== BTF_KIND.UNION) || depth > MAX_DEPTH) return undefined
  for (const [index, member] of type.members.entries()) {
    if (member.name === '') {
      const inner = findMember(pair, member.typeId, wanted, depth + 1)
      if (inner === undefined) continue
      const through = [{ typeId: type.id, index, member }, ...(inner.step.through ?? [])]
      return { step: { ...inner.step, through }, bitOffset: member.bitOffset + inner.bitOffset }
    } else if (member.name === wanted.name) {
      if (!areFieldsCompatible(pair, wanted.typeId, member.typeId)) return undefined
      return { step: { typeId: type.id, index, member }, bitOffset: member.bitOffset }
    }
  }
  return undefined
}
