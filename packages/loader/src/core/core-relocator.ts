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

/** What a relocation is by one of the kernel's types. */
interface Answer {
  readonly value: FieldValue
  readonly bitOffset: number
  /** Of a field: the way to it. */
  readonly path?: FieldPath
}

/** One of the kernel's types that the object's may stand for. */
interface Candidate extends Answer {
  readonly typeId: number
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

  /**
   * The type of the kernel that a relocation is made by, and for a field the way to it there; undefined where the kernel has none,
   * or none is needed.
   *
   * @throws LoaderError as {@link outcome}
   */
  target(relocation: CoreRelocation): Pick<Candidate, 'typeId' | 'path'> | undefined {
    const { kind } = relocation
    this.#pair.stepsLeft = MOST_STEPS
    if (kind === CORE_RELOCATION.TYPE_ID_LOCAL) return undefined
    if (FIELD_KINDS.has(kind)) return this.#findField(relocation, localPath(this.#local, relocation))
    return ENUM_KINDS.has(kind) ? this.#findEnumerator(relocation) : this.#findType(relocation)
  }

  #field(relocation: CoreRelocation): CoreOutcome {
    const { kind } = relocation
    const path = localPath(this.#local, relocation)
    const asks = kind === CORE_RELOCATION.FIELD_EXISTS
    const was = asks ? YES : fieldValue(kind, path)
    const found = this.#findField(relocation, path)
    if (asks) return { was, is: found === undefined ? NO : YES, forbidsAccess: false }
    return found === undefined
      ? { was, forbidsAccess: false }
      : { was, is: found.value, forbidsAccess: !mayResize(was, found.value) }
  }

  #findField(relocation: CoreRelocation, path: FieldPath): Candidate | undefined {
    const { kind } = relocation
    return this.#decide(relocation, (id) => {
      const there: FieldPath | undefined = matchingPath(path, this.#pair, id)
      if (there === undefined) return undefined
      const value = kind === CORE_RELOCATION.FIELD_EXISTS ? YES : fieldValue(kind, there)
      return { value, bitOffset: there.bitOffset, path: there }
    })
  }

  #type(relocation: CoreRelocation): CoreOutcome {
    const found = this.#findType(relocation)
    const was = typeValue(relocation.kind, this.#local, relocation.typeId)
    return { was, is: found?.value ?? NO, forbidsAccess: false }
  }

  #findType(relocation: CoreRelocation): Candidate | undefined {
    const { kind, typeId } = relocation
    const fits = kind === CORE_RELOCATION.TYPE_MATCHES ? doTypesMatch : areTypesCompatible
    return this.#decide(relocation, (id) =>
      fits(this.#pair, typeId, id) ? { value: typeValue(kind, this.#kernel, id), bitOffset: 0 } : undefined,
    )
  }

  #enumerator(relocation: CoreRelocation): CoreOutcome {
    const { kind } = relocation
    const found = this.#findEnumerator(relocation)
    const is = found?.value ?? (kind === CORE_RELOCATION.ENUMVAL_EXISTS ? NO : undefined)
    const was = enumeratorValue(kind, this.#wantedEnumerator(relocation))
    return { was, ...(is === undefined ? {} : { is }), forbidsAccess: false }
  }

  #wantedEnumerator({ typeId, access }: CoreRelocation): BtfEnumerator {
    const wanted = enumeratorsOf(this.#local.resolve(typeId))[accessNumbers(access)[0] as number]
    if (wanted === undefined) throw badRelocation('CO-RE relocation of an enumerator that there is not', access)
    return wanted
  }

  #findEnumerator(relocation: CoreRelocation): Candidate | undefined {
    const name = essentialName(this.#wantedEnumerator(relocation).name)
    return this.#decide(relocation, (id) => {
      const there = enumeratorsOf(this.#kernel.resolve(id)).find((one) => essentialName(one.name) === name)
      return there === undefined ? undefined : { value: enumeratorValue(relocation.kind, there), bitOffset: 0 }
    })
  }

  /** What all candidates agree on; undefined where there is none. */
  #decide(relocation: CoreRelocation, by: (id: number) => Answer | undefined): Candidate | undefined {
    let first: Candidate | undefined
    for (const id of this.#candidatesOf(relocation.typeId)) {
      const one = by(id)
      if (one === undefined) continue
      first ??= { ...one, typeId: id }
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

function enumeratorValue(kind: number, { value }: BtfEnumerator): FieldValue {
  return kind === CORE_RELOCATION.ENUMVAL_EXISTS ? YES : { value, isCertain: true }
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
