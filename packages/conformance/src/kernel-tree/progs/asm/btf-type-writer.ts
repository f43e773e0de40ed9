import { BTF_INT_ENCODING, BTF_KIND, type BtfBuilder, type BtfTypeDescription } from '@bpfoundry/btf'
import { bareType, type CEnum, type CFunctionType, type CPointer, type CRecord, type CType } from '@bpfoundry/c-source'
import { ConformanceError } from '../../../conformance-error.ts'

/**
 * Where a type is met, which decides how much of it is described. As in clang, a named struct that is only reached by a
 * pointer inside another is no more than declared: else a context would bring in half of the kernel.
 */
type Place =
  /** Of a function, a variable, an array's element: pointers are followed. */
  | 'top'
  /** Inside a struct: what is embedded is described, what is pointed to declared. */
  | 'member'
  /** Behind such a pointer. */
  | 'pointee'

/** Deepest nesting of types, those behind pointers with it. */
const MAX_DEPTH = 1000

/** Writes C types as BTF, each once. */
export class BtfTypeWriter {
  readonly #isOutside: (record: CRecord) => boolean
  readonly #types: BtfTypeDescription[] = []
  readonly #ids = new Map<string, number>()
  readonly #records = new Map<CRecord | CEnum, number>()
  readonly #described = new Set<CRecord>()
  #depth = 0

  /** @param isOutside what is described elsewhere: here it has its name and size alone */
  constructor(isOutside: (record: CRecord) => boolean = () => false) {
    this.#isOutside = isOutside
  }

  /** The id of a type with all that belongs to it; 0 for void. @throws {ConformanceError} CONFORMANCE_SOURCE */
  id(type: CType, place: Place = 'top'): number {
    if (this.#depth > MAX_DEPTH) throw tooDeep(type)
    this.#depth++
    const id = this.#visit(type, place)
    this.#depth--
    return id
  }

  /** The id of a map's declaring struct. The kernel wants what its value points to (`__kptr`) described, too. */
  mapId(type: CType): number {
    for (const member of membersOf(type)) {
      const target = pointeeOf(member.type)
      if (target === undefined) continue
      this.id(target)
      for (const { type: inner } of membersOf(target)) this.id(inner)
    }
    return this.id(type)
  }

  /** Adds a type of its own: a function, a variable, a section, a tag. */
  add(description: BtfTypeDescription): number {
    return this.#types.push(description)
  }

  /**
   * A FUNC_PROTO; every function has one of its own. clang knows parameters by name only where it compiles a body: not
   * in naked functions, not in those that are declared.
   */
  prototype({ parameters, result, variadic }: CFunctionType, isNamed: boolean = false): number {
    const returnTypeId = this.id(result)
    const described = parameters.map(({ name, type }) => ({ name: isNamed ? name : '', typeId: this.id(type) }))
    if (variadic) described.push({ name: '', typeId: 0 })
    return this.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId, parameters: described })
  }

  /** Hands everything to a builder that is empty: ids stay. */
  writeTo(builder: BtfBuilder): void {
    for (const type of this.#types) builder.add(type)
  }

  #once(key: string, description: BtfTypeDescription): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.add(description)
    this.#ids.set(key, id)
    return id
  }

  #visit(type: CType, place: Place): number {
    switch (type.kind) {
      case 'void':
        return 0
      case 'integer':
        return this.#integer(type.name, type.sizeBytes, type.signed)
      case 'float':
        return this.#once(`float ${type.name}`, { kind: BTF_KIND.FLOAT, name: type.name, sizeBytes: type.sizeBytes })
      case 'pointer':
        return this.#pointer(type, place)
      case 'array':
        return this.#array(this.id(type.element), type.length ?? 0)
      case 'struct':
      case 'union':
        return this.#record(type, place)
      case 'enum':
        return this.#enum(type)
      case 'function':
        return this.prototype(type)
      case 'typedef':
        return this.#reference(BTF_KIND.TYPEDEF, type.name, this.id(type.target, place))
      default:
        return this.#reference(QUALIFIERS[type.kind], '', this.id(type.target, place))
    }
  }

  #integer(name: string, sizeBytes: number, signed: boolean): number {
    const encoding = name === '_Bool' ? BTF_INT_ENCODING.BOOL : signed ? BTF_INT_ENCODING.SIGNED : 0
    return this.#once(`int ${name}`, {
      kind: BTF_KIND.INT,
      name,
      sizeBytes,
      encoding,
      bitOffset: 0,
      bits: sizeBytes * 8,
    })
  }

  /** Tags stand between the pointer and its target. */
  #pointer({ target, typeTags }: CPointer, place: Place): number {
    let typeId = this.id(target, place === 'top' ? 'top' : 'pointee')
    for (const name of typeTags.toReversed()) {
      typeId = this.#once(`tag ${name} ${typeId}`, { kind: BTF_KIND.TYPE_TAG, name, typeId, attribute: false })
    }
    return this.#once(`pointer ${typeId}`, { kind: BTF_KIND.PTR, name: '', typeId })
  }

  #array(elementTypeId: number, length: number): number {
    // The name that clang gives to what arrays are indexed by.
    const indexTypeId = this.#integer('__ARRAY_SIZE_TYPE__', 4, false)
    const description = { kind: BTF_KIND.ARRAY, name: '', elementTypeId, indexTypeId, length }
    return this.#once(`array ${elementTypeId} ${length}`, description)
  }

  #reference(
    kind: typeof BTF_KIND.TYPEDEF | typeof BTF_KIND.CONST | typeof BTF_KIND.VOLATILE | typeof BTF_KIND.RESTRICT,
    name: string,
    typeId: number,
  ): number {
    return this.#once(`${kind} ${name} ${typeId}`, { kind, name, typeId })
  }

  /** First a declaration; what it is made of takes its place when that is needed. */
  #record(record: CRecord, place: Place): number {
    const known = this.#records.get(record)
    const id = known ?? this.add({ kind: BTF_KIND.FWD, name: record.tag, isUnion: record.kind === 'union' })
    this.#records.set(record, id)
    const isDeclared = record.members === undefined || (place === 'pointee' && record.tag !== '')
    if (!isDeclared && !this.#described.has(record)) {
      this.#described.add(record)
      this.#types[id - 1] = this.#description(record)
    }
    return id
  }

  #description(record: CRecord): BtfTypeDescription {
    const { kind, tag, sizeBytes } = record
    const members = this.#isOutside(record) ? [] : (record.members ?? [])
    return {
      kind: kind === 'struct' ? BTF_KIND.STRUCT : BTF_KIND.UNION,
      name: tag,
      sizeBytes,
      kindFlag: members.some(({ widthBits }) => widthBits !== undefined),
      members: members.map(({ name, type, offsetBits, widthBits = 0 }) => ({
        name,
        typeId: this.id(type, 'member'),
        bitOffset: offsetBits,
        bitfieldBits: widthBits,
      })),
    }
  }

  #enum(type: CEnum): number {
    const known = this.#records.get(type)
    if (known !== undefined) return known
    const { tag: name, sizeBytes, signed, enumerators } = type
    const kind = sizeBytes > 4 ? BTF_KIND.ENUM64 : BTF_KIND.ENUM
    const id = this.add({ kind, name, sizeBytes, signed, values: enumerators })
    this.#records.set(type, id)
    return id
  }
}

const QUALIFIERS = { const: BTF_KIND.CONST, volatile: BTF_KIND.VOLATILE, restrict: BTF_KIND.RESTRICT } as const

/** What a pointer, or an array of pointers, points to. */
function pointeeOf(type: CType): CType | undefined {
  const bare = bareType(type)
  if (bare.kind === 'array') return pointeeOf(bare.element)
  return bare.kind === 'pointer' ? bare.target : undefined
}

function membersOf(type: CType): NonNullable<CRecord['members']> {
  const bare = bareType(type)
  return bare.kind === 'struct' || bare.kind === 'union' ? (bare.members ?? []) : []
}

function tooDeep(type: CType): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_SOURCE',
    message: 'types are nested too deeply',
    got: 'tag' in type ? type.tag : type.kind,
    expected: `${MAX_DEPTH} levels at most`,
  })
}
