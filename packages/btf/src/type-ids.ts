import { KIND_CODECS, TYPE_BYTES } from './btf-codec.ts'
import { type BtfLayout, readLayout } from './btf-header.ts'

/** Kinds fit 5 bits of a key. */
const KINDS = 32

interface Index {
  readonly strings: string
  /** The first of each name and kind. */
  readonly ids: ReadonlyMap<number, number>
  /** By id: the next of its name and kind. */
  readonly next: ReadonlyMap<number, number>
}

/**
 * Ids of types by name and kind, without the types: what is asked of a kernel's own BTF, whose 150,000 types take seconds
 * to decode. Made when first asked for.
 */
export class BtfTypeIds {
  readonly #bytes: Uint8Array
  readonly #layout: BtfLayout
  #index: Index | undefined
  /** Where names begin among the strings that were searched for: a verifier asks for the same ones at every load. */
  readonly #offsets = new Map<string, number | undefined>()

  /** @throws {BtfError} BTF_TRUNCATED, BTF_HEADER, BTF_SECTION_BOUNDS */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#layout = readLayout(bytes)
  }

  /** The first type of that name and {@link BTF_KIND}; undefined where there is none. */
  find(name: string, kind: number): number | undefined {
    const offset = this.#offsetOf(name)
    return offset === undefined ? undefined : this.#indexed().ids.get(offset * KINDS + kind)
  }

  /** Every type of that name and {@link BTF_KIND}: of some structs a kernel has several, of different files. */
  findAll(name: string, kind: number): readonly number[] {
    const { next } = this.#indexed()
    const found: number[] = []
    for (let id = this.find(name, kind); id !== undefined; id = next.get(id)) found.push(id)
    return found
  }

  #offsetOf(name: string): number | undefined {
    if (this.#offsets.has(name)) return this.#offsets.get(name)
    const at = this.#indexed().strings.indexOf(`\0${name}\0`)
    const offset = at < 0 ? undefined : at + 1
    this.#offsets.set(name, offset)
    return offset
  }

  #indexed(): Index {
    this.#index ??= { strings: this.#strings(), ...this.#ids() }
    return this.#index
  }

  /** A character a byte: names of types are ASCII. */
  #strings(): string {
    const { stringsStart, stringsEnd } = this.#layout
    return new TextDecoder('latin1').decode(this.#bytes.subarray(stringsStart, stringsEnd))
  }

  /** By offset of the name and kind. Ends at a kind that is not known, or where data is cut. */
  #ids(): Omit<Index, 'strings'> {
    const { littleEndian, typesStart, typesEnd } = this.#layout
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    const ids = new Map<number, number>()
    const next = new Map<number, number>()
    const last = new Map<number, number>()
    for (let at = typesStart, id = 1; at + TYPE_BYTES <= typesEnd; id++) {
      const info = view.getUint32(at + 4, littleEndian)
      const kind = (info >>> 24) & (KINDS - 1)
      const codec = KIND_CODECS[kind]
      if (codec === undefined) break
      const key = view.getUint32(at, littleEndian) * KINDS + kind
      const first = ids.get(key)
      if (first === undefined) ids.set(key, id)
      else {
        next.set(last.get(key) ?? first, id)
        last.set(key, id)
      }
      at += TYPE_BYTES + 4 * (codec.fixedWords + (info & 0xffff) * codec.itemWords)
    }
    return { ids, next }
  }
}
