import { KIND_CODECS, TYPE_BYTES } from './btf-codec.ts'
import { readRaw, VOID } from './btf-decode.ts'
import { BtfError } from './btf-error.ts'
import { type BtfLayout, readLayout } from './btf-header.ts'
import { resolveType, sizeOfType } from './btf-resolve.ts'
import { BtfStrings } from './btf-strings.ts'
import type { BtfType } from './btf-type.ts'
import { BtfTypeIds } from './type-ids.ts'

/**
 * Type information of which only what is asked for is decoded: a kernel's own, whose 150,000 types take seconds to decode
 * and of which a program uses some dozens. Nothing is checked but the types that are read.
 */
export class LazyBtf {
  readonly #view: DataView
  readonly #layout: BtfLayout
  readonly #strings: BtfStrings
  readonly #ids: BtfTypeIds
  readonly #known = new Map<number, BtfType>()
  #index: TypeIndex | undefined

  /** @throws {BtfError} BTF_TRUNCATED, BTF_HEADER, BTF_SECTION_BOUNDS, BTF_STRING */
  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#layout = readLayout(bytes)
    const { stringsStart, stringsEnd } = this.#layout
    this.#strings = new BtfStrings(bytes.subarray(stringsStart, stringsEnd), stringsStart)
    this.#ids = new BtfTypeIds(bytes)
  }

  get byteOrder(): 'little' | 'big' {
    return this.#layout.littleEndian ? 'little' : 'big'
  }

  /**
   * Makes sure that there are as many types as the header says, all of kinds that are known.
   *
   * @throws {BtfError} BTF_TRUNCATED
   */
  expectWhole(): void {
    const { typesStart, typesEnd } = this.#layout
    const { end } = this.#indexed()
    if (end === typesEnd) return
    throw new BtfError({
      code: 'BTF_TRUNCATED',
      message: 'types are cut, or of a kind that is not known',
      where: { offsetBytes: end },
      got: `${end - typesStart} bytes of types that can be read`,
      expected: `${typesEnd - typesStart} bytes`,
    })
  }

  /** The first type of that name and {@link BTF_KIND}; undefined where there is none. */
  find(name: string, kind: number): number | undefined {
    return this.#ids.find(name, kind)
  }

  /** Every type of that name and {@link BTF_KIND}. */
  findAll(name: string, kind: number): readonly number[] {
    return this.#ids.findAll(name, kind)
  }

  /** @throws {BtfError} BTF_TYPE_ID, BTF_TRUNCATED, BTF_KIND, BTF_INFO, BTF_STRING */
  type(id: number): BtfType {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const type = id === 0 ? VOID : this.#decode(id)
    this.#known.set(id, type)
    return type
  }

  /** The type behind modifiers. @throws {BtfError} as `type`, and BTF_CYCLE after 32 steps */
  resolve(id: number): BtfType {
    return resolveType(this, id)
  }

  /** Bytes that a value of the type takes; undefined for what has no size. @throws {BtfError} as `resolve` */
  sizeOf(id: number): number | undefined {
    return sizeOfType(this, id)
  }

  #indexed(): TypeIndex {
    this.#index ??= typeIndex(this.#view, this.#layout)
    return this.#index
  }

  #decode(id: number): BtfType {
    const { places } = this.#indexed()
    const at = places[id]
    if (at === undefined) {
      const expected = `below ${places.length}`
      throw new BtfError({ code: 'BTF_TYPE_ID', message: 'no such type', got: `type ${id}`, expected })
    }
    const { raw, codec } = readRaw(this.#view, this.#layout, this.#strings, at, id)
    return codec.decode(raw)
  }
}

/** Where each type begins, by id, and where the last one ends: at a kind that is not known, or where data is cut. */
export interface TypeIndex {
  readonly places: readonly number[]
  readonly end: number
}

/** Finds where types begin; stops at one of a kind that is not known. */
export function typeIndex(view: DataView, { littleEndian, typesStart, typesEnd }: BtfLayout): TypeIndex {
  const places = [typesStart]
  let at = typesStart
  while (at + TYPE_BYTES <= typesEnd) {
    const info = view.getUint32(at + 4, littleEndian)
    const codec = KIND_CODECS[(info >>> 24) & 0x1f]
    if (codec === undefined) break
    places.push(at)
    at += TYPE_BYTES + 4 * (codec.fixedWords + (info & 0xffff) * codec.itemWords)
  }
  return { places, end: at }
}
