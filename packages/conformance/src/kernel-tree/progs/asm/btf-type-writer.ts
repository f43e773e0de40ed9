import type { CEnum, CFunctionType, CPointer, CRecord, CType } from '@bpfoundry/c-source'
import { BTF_INT_ENCODING, BTF_KIND, type BtfBuilder, type BtfTypeDescription } from '@bpfoundry/btf'

/** How far a pointer is followed. */
type Follow =
  /** What it points to is described in full. */
  | 'pointers'
  /** A named struct or union behind it stays a declaration, unless something else needs it in full. */
  | 'no-pointers'

/** A type that is written down, its references perhaps still open. */
type Draft = { -readonly [K in keyof BtfTypeDescription]: BtfTypeDescription[K] } & { typeId?: number }

/** Deepest nesting of types that is described; what is inside is `void`. */
const MAX_DEPTH = 200

/**
 * Writes C types as BTF, each once, and as clang does: a struct that is only reached by a pointer inside another struct
 * is declared (FWD) and not described, so that a context does not bring in half of the kernel.
 */
export class BtfTypeWriter {
  readonly #drafts: Draft[] = []
  readonly #ids = new Map<string | CType, number>()
  /** Pointers whose struct is described only if something else needs it. */
  readonly #open: { readonly draft: Draft; readonly record: CRecord }[] = []
  #depth = 0

  /** The id of a type, 0 for void. */
  id(type: CType): number {
    return this.#visit(type, 'pointers')
  }

  /** The id of a type that a map is declared by: what its members point to is described, keys and values with it. */
  mapId(type: CType): number {
    const record = withoutNames(type)
    if (record.kind !== 'struct') return this.id(type)
    for (const member of record.members ?? []) this.#visitPointee(member.type)
    return this.id(type)
  }

  /** Adds a type of its own: a function, a variable, a section, a tag. */
  add(description: BtfTypeDescription): number {
    this.#drafts.push({ ...description })
    return this.#drafts.length
  }

  /** The FUNC_PROTO of a function; clang describes one for every function. */
  prototype(type: CFunctionType): number {
    const parameters = type.parameters.map(({ name, type: each }) => ({ name, typeId: this.id(each) }))
    if (type.variadic) parameters.push({ name: '', typeId: 0 })
    return this.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: this.id(type.result), parameters })
  }

  /** Hands everything to a builder that is empty: ids stay. */
  writeTo(builder: BtfBuilder): void {
    for (const { draft, record } of this.#open) draft.typeId = this.#ids.get(record) ?? this.#declaration(record)
    for (const draft of this.#drafts) builder.add(draft)
  }

  /** Members of a map's struct: what they point to, and what the structs among that point to (kernel pointers). */
  #visitPointee(type: CType): void {
    const plain = withoutNames(type)
    if (plain.kind === 'array') return this.#visitPointee(plain.element)
    if (plain.kind !== 'pointer') return
    const target = withoutNames(plain.target)
    if (target.kind === 'struct') {
      for (const member of target.members ?? []) {
        const inner = withoutNames(member.type)
        if (inner.kind === 'pointer') this.id(inner)
      }
    }
    this.id(plain.target)
  }

  #visit(type: CType, follow: Follow): number {
    if (this.#depth > MAX_DEPTH) return 0
    this.#depth++
    try {
      return VISITORS[type.kind](this.#visitor, type as never, follow)
    } finally {
      this.#depth--
    }
  }

  readonly #visitor: Visitor = {
    visit: (type, follow) => this.#visit(type, follow),
    once: (key, make) => this.#once(key, make),
    reserve: (key, draft) => this.#reserve(key, draft),
    postpone: (draft, record) => this.#open.push({ draft, record }),
    declaration: (record) => this.#declaration(record),
    prototype: (type) => this.prototype(type),
  }

  #once(key: string | CType, make: () => BtfTypeDescription): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.add(make())
    this.#ids.set(key, id)
    return id
  }

  /** Gives an id to a type that refers to itself, before it is complete. Undefined where it has one already. */
  #reserve(key: string | CType, description: BtfTypeDescription): { id: number; draft: Draft; isNew: boolean } {
    const known = this.#ids.get(key)
    if (known !== undefined) return { id: known, draft: this.#drafts[known - 1] as Draft, isNew: false }
    const id = this.add(description)
    this.#ids.set(key, id)
    return { id, draft: this.#drafts[id - 1] as Draft, isNew: true }
  }

  #declaration({ kind, tag }: CRecord): number {
    return this.#once(`fwd ${kind} ${tag}`, () => ({ kind: BTF_KIND.FWD, name: tag, isUnion: kind === 'union' }))
  }
}

/** What the visitors may do with the writer. */
interface Visitor {
  visit(type: CType, follow: Follow): number
  once(key: string | CType, make: () => BtfTypeDescription): number
  reserve(key: string | CType, description: BtfTypeDescription): { id: number; draft: Draft; isNew: boolean }
  postpone(draft: Draft, record: CRecord): void
  declaration(record: CRecord): number
  prototype(type: CFunctionType): number
}

type Visitors = {
  readonly [K in CType['kind']]: (writer: Visitor, type: Extract<CType, { readonly kind: K }>, follow: Follow) => number
}

const VISITORS: Visitors = {
  void: () => 0,
  integer: (writer, { name, sizeBytes, signed }) => {
    const encoding = name === '_Bool' ? BTF_INT_ENCODING.BOOL : signed ? BTF_INT_ENCODING.SIGNED : 0
    const bits = sizeBytes * 8
    return writer.once(`int ${name}`, () => ({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits }))
  },
  float: (writer, { name, sizeBytes }) =>
    writer.once(`float ${name}`, () => ({ kind: BTF_KIND.FLOAT, name, sizeBytes })),
  pointer: visitPointer,
  array: (writer, { element, length }) => {
    const elementTypeId = writer.visit(element, 'pointers')
    const indexTypeId = writer.once('index', () => ARRAY_INDEX)
    const key = `array ${elementTypeId} ${length ?? 0}`
    return writer.once(key, () => ({
      kind: BTF_KIND.ARRAY,
      name: '',
      elementTypeId,
      indexTypeId,
      length: length ?? 0,
    }))
  },
  struct: visitRecord,
  union: visitRecord,
  enum: visitEnum,
  function: (writer, type) => writer.prototype(type),
  typedef: (writer, type, follow) => {
    const { id, draft, isNew } = writer.reserve(type.name, { kind: BTF_KIND.TYPEDEF, name: type.name, typeId: 0 })
    if (isNew || follow === 'pointers') draft.typeId = writer.visit(type.target, follow)
    return id
  },
  const: (writer, { target }, follow) => modifier(writer, BTF_KIND.CONST, target, follow),
  volatile: (writer, { target }, follow) => modifier(writer, BTF_KIND.VOLATILE, target, follow),
  restrict: (writer, { target }, follow) => modifier(writer, BTF_KIND.RESTRICT, target, follow),
}

const ARRAY_INDEX: BtfTypeDescription = {
  kind: BTF_KIND.INT,
  name: '__ARRAY_SIZE_TYPE__',
  sizeBytes: 4,
  encoding: 0,
  bitOffset: 0,
  bits: 32,
}

type ModifierKind = typeof BTF_KIND.CONST | typeof BTF_KIND.VOLATILE | typeof BTF_KIND.RESTRICT

function modifier(writer: Visitor, kind: ModifierKind, target: CType, follow: Follow): number {
  const typeId = writer.visit(target, follow)
  return writer.once(`${kind} ${typeId}`, () => ({ kind, name: '', typeId }))
}
