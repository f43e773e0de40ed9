import { KIND_CODECS, TYPE_BYTES } from './btf-codec.ts'
import { type BtfLayout, readLayout } from './btf-header.ts'

/** Kinds fit 5 bits of a key. */
const KINDS = 32

/**
 * Ids of types by name and kind, without the types: what is asked of a kernel's own BTF, whose 150,000 types take seconds
 * to decode. Made when first asked for.
 */
export class BtfTypeIds {
  readonly #bytes: Uint8Array
  readonly #layout: BtfLayout
  #index: { readonly strings: string; readonly ids: ReadonlyMap<number, number> } | undefined

  /** @throws {BtfError} BTF_TRUNCATED, BTF_HEADER, BTF_SECTION_BOUNDS */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#layout = readLayout(bytes)
  }

  /** The first type of that name and {@link BTF_KIND}; undefined where there is none. */
  find(name: string, kind: number): number | undefined {
    this.#index ??= { strings: this.#strings(), ids: this.#ids() }
    const at = this.#index.strings.indexOf(`\0${name}\0`)
    return at < 0 ? undefined : this.#index.ids.get((at + 1) * KINDS + kind)
  }

  /** A character a byte: names of types are ASCII. */
  #strings(): string {
    const { stringsStart, stringsEnd } = this.#layout
    return new TextDecoder('latin1').decode(this.#bytes.subarray(stringsStart, stringsEnd))
  }

  /** By offset of the name and kind; of several types the first. Ends at a kind that is not known, or where data is cut. */
  #ids(): ReadonlyMap<number, number> {
    const { littleEndian, typesStart, typesEnd } = this.#layout
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    const ids = new Map<number, number>()
    for (let at = typesStart, id = 1; at + TYPE_BYTES <= typesEnd; id++) {
      const info = view.getUint32(at + 4, littleEndian)
      const kind = (info >>> 24) & (KINDS - 1)
      const codec = KIND_CODECS[kind]
      if (codec === undefined) break
      const key = view.getUint32(at, littleEndian) * KINDS + kind
      if (!ids.has(key)) ids.set(key, id)
      at += TYPE_BYTES + 4 * (codec.fixedWords + (info & 0xffff) * codec.itemWords)
    }
    return ids
  }
}
