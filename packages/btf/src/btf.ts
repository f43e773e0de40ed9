import { checkCycles } from './btf-cycles.ts'
import { decodeTypes, VOID } from './btf-decode.ts'
import { encodeBtf } from './btf-encode.ts'
import { BtfError } from './btf-error.ts'
import { BTF_HEADER_BYTES, readLayout } from './btf-header.ts'
import { BTF_KIND, btfKindName } from './btf-kind.ts'
import { resolveType, sizeOfType } from './btf-resolve.ts'
import { BtfStrings } from './btf-strings.ts'
import type { BtfComposite, BtfMember, BtfType, BtfTypeOf } from './btf-type.ts'

/** Anonymous structs within each other that a search for a member goes through; bounds its recursion, too. */
const MAX_ANONYMOUS = 1000

/** A member with the way to it through anonymous structs and unions added up. */
export interface FoundMember {
  readonly member: BtfMember
  /** From the start of the struct that was searched. */
  readonly bitOffset: number
}

/** Type information: types by id, their names, and what follows from them. Immutable. */
export class Btf {
  readonly byteOrder: 'little' | 'big'
  /** By id; index 0 is `void`. */
  readonly types: readonly BtfType[]
  readonly strings: BtfStrings
  readonly #headerBytes: number
  #byName: Map<string, BtfType[]> | undefined

  /** For {@link decodeBtf} and the builder; the types are consistent with each other and with the strings. */
  constructor(
    byteOrder: 'little' | 'big',
    types: readonly BtfType[],
    strings: BtfStrings,
    headerBytes: number = BTF_HEADER_BYTES,
  ) {
    this.byteOrder = byteOrder
    this.types = types
    this.strings = strings
    this.#headerBytes = headerBytes
  }

  /** @throws {BtfError} BTF_TYPE_ID */
  type(id: number): BtfType {
    const type = this.types[id]
    if (type !== undefined) return type
    const expected = `below ${this.types.length}`
    throw new BtfError({ code: 'BTF_TYPE_ID', message: 'no such type', got: `type ${id}`, expected })
  }

  /** The first type of that name and, where given, kind. */
  find<K extends BtfType['kind'] = BtfType['kind']>(name: string, kind?: K): BtfTypeOf<K> | undefined {
    const found = this.#named(name).find((type) => kind === undefined || type.kind === kind)
    return found as BtfTypeOf<K> | undefined
  }

  /**
   * The type behind typedefs, const, volatile, restrict and type tags.
   *
   * @throws {BtfError} BTF_TYPE_ID, BTF_CYCLE after 32 steps
   */
  resolve(id: number): BtfType {
    return resolveType(this, id)
  }

  /**
   * Bytes that a value of the type takes; undefined for what has no size: void, functions, forward declarations,
   * sections and tags. Flexible arrays have size 0. At most 2^53.
   *
   * @throws {BtfError} BTF_TYPE_ID, BTF_CYCLE after 32 steps
   */
  sizeOf(id: number): number | undefined {
    return sizeOfType(this, id)
  }

  /** The member of that name, also inside anonymous structs and unions. Bounded by the number of members passed. */
  member(composite: BtfComposite, name: string): FoundMember | undefined {
    return this.#member(composite, name, 0, new Set())
  }

  /** The same types with some replaced, by id. Names must be of this string section: nameOffset counts. */
  withTypes(replacements: ReadonlyMap<number, BtfType>): Btf {
    const types = this.types.map((type) => replacements.get(type.id) ?? type)
    return new Btf(this.byteOrder, types, this.strings, this.#headerBytes)
  }

  /** The bytes of a .BTF section; those it was decoded from, when the byte order is the same. */
  encode(byteOrder: 'little' | 'big' = this.byteOrder): Uint8Array {
    return encodeBtf(this.types, this.strings.bytes, byteOrder, this.#headerBytes)
  }

  #named(name: string): readonly BtfType[] {
    if (this.#byName === undefined) {
      this.#byName = new Map()
      for (const type of this.types) {
        if (type.name === '') continue
        const known = this.#byName.get(type.name)
        if (known === undefined) this.#byName.set(type.name, [type])
        else known.push(type)
      }
    }
    return this.#byName.get(name) ?? []
  }

  /** `seen` keeps a diamond of anonymous structs from being walked once for every path through it. */
  #member(composite: BtfComposite, name: string, base: number, seen: Set<number>): FoundMember | undefined {
    seen.add(composite.id)
    for (const member of composite.members) {
      const bitOffset = base + member.bitOffset
      if (member.name === name) return { member, bitOffset }
      if (member.name !== '' || seen.size > MAX_ANONYMOUS) continue
      const inner = this.resolve(member.typeId)
      if (inner.kind !== BTF_KIND.STRUCT && inner.kind !== BTF_KIND.UNION) continue
      const found = seen.has(inner.id) ? undefined : this.#member(inner, name, bitOffset, seen)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/**
 * Reads a .BTF section of either byte order. Afterwards every id and string offset is in range and no type contains
 * itself. What clang leaves for the loader to complete (sizes and offsets of data sections) is let through: whether the
 * kernel would take the types as they are, {@link checkBtf} tells.
 *
 * @throws {BtfError} BTF_TRUNCATED, BTF_HEADER, BTF_SECTION_BOUNDS, BTF_STRING, BTF_KIND, BTF_INFO, BTF_TYPE_ID,
 *   BTF_TOO_MANY_TYPES, BTF_CYCLE
 * @see Documentation/bpf/btf.rst of Linux 6.12, section 2
 */
export function decodeBtf(bytes: Uint8Array): Btf {
  const layout = readLayout(bytes)
  const strings = new BtfStrings(bytes.subarray(layout.stringsStart, layout.stringsEnd), layout.stringsStart)
  const { types, places } = decodeTypes(bytes, layout, strings)
  checkCycles(types, (id) => places[id] as number)
  return new Btf(layout.littleEndian ? 'little' : 'big', types, strings, layout.headerBytes)
}

/** `STRUCT 'xdp_md' [12]`, for messages. */
export function describeType(type: BtfType): string {
  if (type === VOID || type.kind === BTF_KIND.VOID) return 'void'
  const name = type.name === '' ? '(anon)' : `'${type.name}'`
  return `${btfKindName(type.kind)} ${name} [${type.id}]`
}
