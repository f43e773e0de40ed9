/** Types of the programs of cases: structures laid out as a compiler lays them out. */
import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '@bpfoundry/btf'

interface Shape {
  readonly bytes: number
  readonly align: number
}

const POINTER: Shape = { bytes: 8, align: 8 }

export class TypeSketch {
  readonly #builder = new BtfBuilder()
  readonly #shapes = new Map<number, Shape>()
  readonly int: number = this.#number('int', 4, BTF_INT_ENCODING.SIGNED)
  readonly char: number = this.#number('char', 1, BTF_INT_ENCODING.SIGNED)
  readonly u64: number = this.#number('u64', 8, 0)

  #number(name: string, sizeBytes: number, encoding: number): number {
    const bits = 8 * sizeBytes
    const id = this.#builder.add({ kind: BTF_KIND.INT, name, sizeBytes, encoding, bitOffset: 0, bits })
    return this.#shaped(id, { bytes: sizeBytes, align: sizeBytes })
  }

  #shaped(id: number, shape: Shape): number {
    this.#shapes.set(id, shape)
    return id
  }

  #shape(id: number): Shape {
    const shape = this.#shapes.get(id)
    if (shape === undefined) throw new Error(`type ${id} has no size`)
    return shape
  }

  sizeOf(id: number): number {
    return this.#shape(id).bytes
  }

  /** @param members their types by name, in order */
  struct(name: string, members: Readonly<Record<string, number>>): number {
    let end = 0
    let align = 1
    const rows = Object.entries(members).map(([member, typeId]) => {
      const shape = this.#shape(typeId)
      const at = Math.ceil(end / shape.align) * shape.align
      end = at + shape.bytes
      align = Math.max(align, shape.align)
      return { name: member, typeId, bitOffset: 8 * at, bitfieldBits: 0 }
    })
    const sizeBytes = Math.ceil(end / align) * align
    const id = this.#builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members: rows })
    return this.#shaped(id, { bytes: sizeBytes, align })
  }

  array(elementTypeId: number, length: number): number {
    const { bytes, align } = this.#shape(elementTypeId)
    const id = this.#builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId, indexTypeId: this.int, length })
    return this.#shaped(id, { bytes: bytes * length, align })
  }

  /** @param tag `kptr`, `percpu_kptr`; none for a plain pointer */
  pointer(typeId: number, tag?: string): number {
    const target =
      tag === undefined ? typeId : this.#builder.add({ kind: BTF_KIND.TYPE_TAG, name: tag, typeId, attribute: false })
    return this.#shaped(this.#builder.add({ kind: BTF_KIND.PTR, name: '', typeId: target }), POINTER)
  }

  /** Says of a root, member `index` of a structure, what is linked in it and by which member: `case_item:node`. */
  contains(structId: number, index: number, linked: string): void {
    const name = `contains:${linked}`
    this.#builder.add({ kind: BTF_KIND.DECL_TAG, name, typeId: structId, componentIndex: index, attribute: false })
  }

  /** A function whose parameters are of these types, and that gives an int. */
  fn(name: string, parameterTypeIds: readonly number[] = [], linkage: number = BTF_LINKAGE.STATIC): number {
    const parameters = parameterTypeIds.map((typeId, index) => ({ name: `a${index}`, typeId }))
    const typeId = this.#builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: this.int, parameters })
    return this.#builder.add({ kind: BTF_KIND.FUNC, name, typeId, linkage })
  }

  build(): Btf {
    return this.#builder.build()
  }
}
