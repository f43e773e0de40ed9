import { Btf } from './btf.ts'
import { VOID } from './btf-decode.ts'
import { BtfStrings } from './btf-strings.ts'
import type { BtfEnumerator, BtfMember, BtfParameter, BtfType } from './btf-type.ts'

/** Without what the builder gives: ids and string offsets. */
type Described<T> = T extends unknown ? DescribeItems<Omit<T, 'id' | 'nameOffset'>> : never
type DescribeItems<T> = {
  readonly [K in keyof T]: T[K] extends readonly BtfMember[]
    ? readonly Omit<BtfMember, 'nameOffset'>[]
    : T[K] extends readonly BtfEnumerator[]
      ? readonly Omit<BtfEnumerator, 'nameOffset'>[]
      : T[K] extends readonly BtfParameter[]
        ? readonly Omit<BtfParameter, 'nameOffset'>[]
        : T[K]
}

/** A type as {@link BtfBuilder.add} takes it. */
export type BtfTypeDescription = Described<BtfType>

/** Makes type information piece by piece: ids in order, each string once. */
export class BtfBuilder {
  readonly #types: BtfType[] = [VOID]
  readonly #offsets = new Map<string, number>([['', 0]])
  readonly #parts: Uint8Array[] = [new Uint8Array(1)]
  #stringBytes = 1

  /** Id of the type that {@link add} adds next; for types that refer to later ones. */
  get nextId(): number {
    return this.#types.length
  }

  /** Adds a type, which may name types that are not there yet. Gives its id. */
  add(description: BtfTypeDescription): number {
    const id = this.#types.length
    const named = <T extends { readonly name: string }>(item: T): T & { nameOffset: number } => ({
      ...item,
      nameOffset: this.addString(item.name),
    })
    const type: Record<string, unknown> = { ...named(description as { name: string }), id }
    for (const list of ['members', 'values', 'parameters']) {
      const items = type[list]
      if (Array.isArray(items)) type[list] = items.map((item: { name: string }) => named(item))
    }
    this.#types.push(type as unknown as BtfType)
    return id
  }

  /** Adds a string that no type is named by. Gives its offset. */
  addString(text: string): number {
    const known = this.#offsets.get(text)
    if (known !== undefined) return known
    const bytes = new TextEncoder().encode(`${text}\0`)
    const offset = this.#stringBytes
    this.#offsets.set(text, offset)
    this.#parts.push(bytes)
    this.#stringBytes += bytes.length
    return offset
  }

  /** @throws {BtfError} BTF_STRING when there are over 16 MiB of strings */
  build(byteOrder: 'little' | 'big' = 'little'): Btf {
    const bytes = new Uint8Array(this.#stringBytes)
    let at = 0
    for (const part of this.#parts) {
      bytes.set(part, at)
      at += part.length
    }
    return new Btf(byteOrder, [...this.#types], new BtfStrings(bytes, 0))
  }
}
