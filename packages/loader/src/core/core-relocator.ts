import {
  BTF_KIND,
  type Btf,
  type BtfEnumerator,
  type BtfType,
  CORE_RELOCATION,
  type CoreRelocation,
} from '@bpfoundry/btf'
import { areTypesCompatible, isSameKind } from './compatible-types.ts'
import { accessNumbers, type FieldPath, localPath, matchingPath } from './field-path.ts'
import { doTypesMatch } from './matching-types.ts'
import { type FieldValue, fieldValue, mayResize, typeValue } from './relocated-value.ts'
import { badRelocation, essentialName, type KernelTypes, type TypePair } from './type-space.ts'

/** What becomes of an instruction: `was` stands in it, `is` comes there. Without `is` it must never run. */
export interface CoreOutcome {
  readonly was: FieldValue
  readonly is?: FieldValue
  /** A load or store that takes another number of bytes there would be wrong. */
  readonly forbidsAccess: boolean
}

/** Comparisons of types that one relocation may take: the kernel's largest structs take some thousands. */
const MOST_STEPS = 100_000

const FIELD_KINDS: ReadonlySet<number> = new Set([
  ...[CORE_RELOCATION.FIELD_BYTE_OFFSET, CORE_RELOCATION.FIELD_BYTE_SIZE, CORE_RELOCATION.FIELD_EXISTS],
  ...[CORE_RELOCATION.FIELD_SIGNED, CORE_RELOCATION.FIELD_LSHIFT_U64, CORE_RELOCATION.FIELD_RSHIFT_U64],
])
const ENUM_KINDS: ReadonlySet<number> = new Set([CORE_RELOCATION.ENUMVAL_EXISTS, CORE_RELOCATION.ENUMVAL_VALUE])

const [NO, YES]: readonly [FieldValue, FieldValue] = [
  { value: 0n, isCertain: true },
  { value: 1n, isCertain: true },
]

/** One of the kernel's types that the object's may stand for, and what the relocation is by it. */
interface Candidate {
  readonly value: FieldValue
  readonly bitOffset: number
}

/**
 * Finds in a kernel what an object was compiled to expect of it ("compile once, run everywhere").
 *
 * @see tools/lib/bpf/relo_core.c, whose rules these are
 */
export class CoreRelocator {
  readonly #local: Btf
  readonly #kernel: KernelTypes
  readonly #pair: TypePair
  /** Ids of the kernel's types by id of the object's. */
  readonly #candidates = new Map<number, readonly number[]>()

  constructor(local: Btf, kernel: KernelTypes) {
    this.#local = local
    this.#kernel = kernel
    this.#pair = { local, kernel, stepsLeft: 0 }
  }

  /** @throws LoaderError LOADER_RELOCATION for a relocation that is none, or that the kernel's types leave open */
  outcome(relocation: CoreRelocation): CoreOutcome {
    const { kind } = relocation
    this.#pair.stepsLeft = MOST_STEPS
    if (FIELD_KINDS.has(kind)) return this.#field(relocation)
    if (ENUM_KINDS.has(kind)) return this.#enumerator(relocation)
    return this.#type(relocation)
  }

  /** Whether a function or variable of the kernel is of the type that the object declares it with. */
  isOfType(localId: number, kernelId: number): boolean {
    this.#pair.stepsLeft = MOST_STEPS
    return areTypesCompatible(this.#pair, localId, kernelId)
  }

  #field(relocation: CoreRelocation): CoreOutcome {
    const { kind } = relocation
    const path = localPath(this.#local, relocation)
    const asks = kind === CORE_RELOCATION.FIELD_EXISTS
    const was = asks ? YES : fieldValue(kind, path)
    const found = this.#decide(relocation, (id) => {
      const there: FieldPath | undefined = matchingPath(path, this.#pair, id)
      if (there === undefined) return undefined
      return { value: asks ? YES : fieldValue(kind, there), bitOffset: there.bitOffset }
    })
    if (asks) return { was, is: found === undefined ? NO : YES, forbidsAccess: false }
    return found === undefined
      ? { was, forbidsAccess: false }
      : { was, is: found.value, forbidsAccess: !mayResize(was, found.value) }
  }

  #type(relocation: CoreRelocation): CoreOutcome {
    const { kind, typeId } = relocation
    const fits = kind === CORE_RELOCATION.TYPE_MATCHES ? doTypesMatch : areTypesCompatible
    const found = this.#decide(relocation, (id) =>
      fits(this.#pair, typeId, id) ? { value: typeValue(kind, this.#kernel, id), bitOffset: 0 } : undefined,
    )
    return { was: typeValue(kind, this.#local, typeId), is: found?.value ?? NO, forbidsAccess: false }
  }

  #enumerator(relocation: CoreRelocation): CoreOutcome {
    const { kind, typeId, access } = relocation
    const wanted = enumeratorsOf(this.#local.resolve(typeId))[accessNumbers(access)[0] as number]
    if (wanted === undefined) throw badRelocation('CO-RE relocation of an enumerator that there is not', access)
    const told = (one: BtfEnumerator): FieldValue =>
      kind === CORE_RELOCATION.ENUMVAL_EXISTS ? YES : { value: one.value, isCertain: true }
    const found = this.#decide(relocation, (id) => {
      const there = enumeratorsOf(this.#kernel.resolve(id)).find(
        ({ name }) => essentialName(name) === essentialName(wanted.name),
      )
      return there === undefined ? undefined : { value: told(there), bitOffset: 0 }
    })
    const is = found?.value ?? (kind === CORE_RELOCATION.ENUMVAL_EXISTS ? NO : undefined)
    return { was: told(wanted), ...(is === undefined ? {} : { is }), forbidsAccess: false }
  }

  /** What all candidates agree on; undefined where there is none. */
  #decide(relocation: CoreRelocation, by: (id: number) => Candidate | undefined): Candidate | undefined {
    let first: Candidate | undefined
    for (const id of this.#candidatesOf(relocation.typeId)) {
      const one = by(id)
      if (one === undefined) continue
      first ??= one
      if (one.bitOffset === first.bitOffset && one.value.value === first.value.value) continue
      const name = this.#nameOf(relocation.typeId)
      throw badRelocation(
        `the kernel has types named ${name} that differ in what the program asks for`,
        relocation.access,
      )
    }
    return first
  }

  /** Types of the kernel of the same name and kind. */
  #candidatesOf(typeId: number): readonly number[] {
    const known = this.#candidates.get(typeId)
    if (known !== undefined) return known
    const type = this.#local.type(typeId)
    const name = essentialName(this.#nameOf(typeId))
    const found = kindsLike(type.kind)
      .flatMap((kind) => this.#kernel.findAll(name, kind))
      .filter((id) => isSameKind(this.#kernel.type(id), type))
    this.#candidates.set(typeId, found)
    return found
  }

  #nameOf(typeId: number): string {
    const { name } = this.#local.type(typeId)
    if (name === '') throw badRelocation('CO-RE relocation of a type without a name')
    return name
  }
}

/** Those of 32 bits are signed, whatever the type says, as in the program's memory of them. */
function enumeratorsOf(type: BtfType): readonly BtfEnumerator[] {
  if (type.kind !== BTF_KIND.ENUM) return type.kind === BTF_KIND.ENUM64 ? type.values : []
  return type.values.map((one) => ({ ...one, value: BigInt.asIntN(32, one.value) }))
}

const ENUMS: readonly number[] = [BTF_KIND.ENUM, BTF_KIND.ENUM64]

function kindsLike(kind: number): readonly number[] {
  return ENUMS.includes(kind) ? ENUMS : [kind]
}
