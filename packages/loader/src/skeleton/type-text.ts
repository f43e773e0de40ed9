import { BTF_KIND, type Btf, type CompositeShape, isModifier, type MemberShape, type ValueShape } from '@bpfoundry/btf'
import { cTypeName } from './c-type-name.ts'
import { propertyKey, propertyName, typeName } from './names.ts'

/** A type, or the names of an enum's values, as modules of each kind say it. */
export interface Declaration {
  readonly name: string
  readonly typeId: number
  /** What it is in C. */
  readonly comment: string
  readonly type: string
  /** Of an enum: its names, as the value of a constant and as that constant's type. */
  readonly values?: { readonly literal: string; readonly type: string }
}

/** A name that is to be a type's. */
interface Named {
  readonly id: number
  readonly name: string
}

/** Writes shapes as types of TypeScript, and what has a name in C once, as a declaration. */
export class TypeText {
  readonly #btf: Btf | undefined
  readonly #taken: Set<string>
  readonly #names = new Map<number, string>()
  readonly #declarations: (Declaration | undefined)[] = []

  /** @param taken names that the module has already */
  constructor(btf: Btf | undefined, taken: Iterable<string>) {
    this.#btf = btf
    this.#taken = new Set(taken)
  }

  /** In the order in which they were first met. */
  get declarations(): readonly Declaration[] {
    return this.#declarations.filter((one) => one !== undefined)
  }

  /** @param typeId 0 where there is none */
  text(typeId: number, shape: ValueShape): string {
    switch (shape.kind) {
      case 'composite':
        return this.#compositeText(typeId, shape)
      case 'array':
        return arrayOf(this.text(shape.elementTypeId, shape.element))
      case 'text':
        return 'string | Uint8Array'
      case 'bytes':
        return 'Uint8Array'
      case 'float':
        return 'number'
      default:
        return shape.enumeration === undefined ? shape.kind : this.#enumText(typeId, shape.kind, shape.enumeration.id)
    }
  }

  /** The name of a type that is declared even where it is but another word for a number. */
  declare(typeId: number, shape: ValueShape): string {
    const text = this.text(typeId, shape)
    if ([...this.#names.values()].includes(text)) return text
    const { name } = this.#known().type(typeId)
    const declared = this.#take(name)
    this.#declarations.push({ name: declared, typeId, comment: this.#comment(typeId, shape), type: text })
    return declared
  }

  #compositeText(typeId: number, shape: CompositeShape): string {
    const named = this.#nameOf(typeId, shape.type)
    if (named === undefined) return this.#membersText(shape)
    return this.#once(named, (name) => ({
      ...{ name, typeId: named.id, comment: this.#comment(named.id, shape) },
      type: this.#membersText(shape),
    }))
  }

  #enumText(typeId: number, kind: 'number' | 'bigint' | 'boolean', enumId: number): string {
    const type = this.#known().type(enumId)
    const named = this.#nameOf(typeId, type)
    if (named === undefined || (type.kind !== BTF_KIND.ENUM && type.kind !== BTF_KIND.ENUM64)) return kind
    return this.#once(named, (name) => {
      const values = new Map([...type.values].reverse().map((one) => [one.name, one.value]))
      const entries = [...values].reverse().map(([key, value]) => [key, kind === 'bigint' ? `${value}n` : `${value}`])
      const comment = `${cTypeName(this.#known(), named.id)}; a program may put other numbers there`
      const literal = block(entries.map(([key = '', value]) => `${propertyKey(key)}: ${value},`))
      const constant = block(entries.map(([key = '', value]) => `readonly ${propertyName(key)}: ${value}`))
      return { name, typeId: named.id, comment, type: kind, values: { literal, type: constant } }
    })
  }

  #once(named: Named, make: (name: string) => Declaration): string {
    const known = this.#names.get(named.id)
    if (known !== undefined) return known
    const name = this.#take(named.name)
    this.#names.set(named.id, name)
    const place = this.#declarations.push(undefined) - 1
    this.#declarations[place] = make(name)
    return name
  }

  #take(cName: string): string {
    const base = typeName(cName)
    let name = base
    for (let number = 2; this.#taken.has(name); number++) name = `${base}${number}`
    this.#taken.add(name)
    return name
  }

  /** A type's own name, or that of the typedef that gives it one. */
  #nameOf(typeId: number, type: Named): Named | undefined {
    if (type.name !== '') return type
    const btf = this.#known()
    let named: Named | undefined
    for (let outer = btf.type(typeId); isModifier(outer); outer = btf.type(outer.typeId)) {
      if (outer.kind === BTF_KIND.TYPEDEF) named = outer
    }
    return named
  }

  #membersText({ members, sizeBytes }: CompositeShape): string {
    const lines: string[] = []
    let end = 0
    for (const member of members) {
      lines.push(...paddingLine(member.bitOffset - end), ...this.#memberLines(member))
      const { bitfieldBits, shape } = member
      end = Math.max(end, member.bitOffset + (bitfieldBits > 0 ? bitfieldBits : shape.sizeBytes * 8))
    }
    return block([...lines, ...paddingLine(sizeBytes * 8 - end)])
  }

  #memberLines({ name, typeId, shape, bitOffset, bitfieldBits, isAlternative }: MemberShape): string[] {
    const width = bitfieldBits > 0 ? `, ${count(bitfieldBits, 'bit')} from bit ${bitOffset}` : `, byte ${bitOffset / 8}`
    const comment = `${cTypeName(this.#known(), typeId)}${width}`
    const text = `readonly ${propertyName(name)}${isAlternative ? '?' : ''}: ${this.text(typeId, shape)}`
    return `${text} // ${comment}`.split('\n')
  }

  #comment(typeId: number, { sizeBytes }: ValueShape): string {
    return `${cTypeName(this.#known(), typeId)}, ${count(sizeBytes, 'byte')}`
  }

  #known(): Btf {
    if (this.#btf === undefined) throw new Error('a typed shape without types')
    return this.#btf
  }
}

/** Lines between braces. */
export function block(lines: readonly string[]): string {
  if (lines.length === 0) return 'Record<never, never>'
  return ['{', ...lines.map((line) => `  ${line}`), '}'].join('\n')
}

/** An array's type. */
export function arrayOf(element: string): string {
  return /^[A-Za-z0-9]+$/.test(element) ? `readonly ${element}[]` : `readonly (${element})[]`
}

function paddingLine(bits: number): string[] {
  if (bits <= 0) return []
  return [`// ${bits % 8 === 0 ? count(bits / 8, 'byte') : count(bits, 'bit')} of padding`]
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
