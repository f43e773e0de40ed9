/** The types of objects, numbered in the order in which they are loaded. */
export class BtfIds {
  readonly #ids = new Map<object, number>()

  of(btf: object): number {
    const id = this.#ids.get(btf) ?? this.#ids.size + 1
    this.#ids.set(btf, id)
    return id
  }
}
