import { BTF_KIND } from '../btf-kind.ts'
import { isModifier } from '../btf-references.ts'
import type { BtfFuncProto, BtfType } from '../btf-type.ts'
import type { CText } from './c-text.ts'
import { putComposite } from './composite-definition.ts'
import { putEnum } from './enum-definition.ts'

/** Words of qualifiers. */
const QUALIFIERS: Readonly<Record<number, string>> = {
  [BTF_KIND.VOLATILE]: 'volatile',
  [BTF_KIND.CONST]: 'const',
  [BTF_KIND.RESTRICT]: 'restrict',
}

/**
 * Declares `name` as of a type: `int name`, `int (*name[4])(void)`. In types the way goes from the name outwards, an array of
 * pointers to functions that give int; C writes what the way ends at first, and the rest around the name.
 *
 * @param name empty for a type without, as of a parameter
 * @param level of the line that it stands in
 */
export function putDeclaration(text: CText, typeId: number, name: string, level: number): void {
  text.limit.enter(typeId)
  new Declarator(text, wayTo(text, typeId), name, level).put()
  text.limit.leave()
}

/** From the type that the name has to the one that ends the way. */
function wayTo(text: CText, typeId: number): BtfType[] {
  const way: BtfType[] = []
  for (let type = text.btf.type(typeId); ; ) {
    way.push(type)
    text.limit.spend(typeId, 1)
    if (type.kind === BTF_KIND.FUNC_PROTO) type = text.btf.type(type.returnTypeId)
    else if (type.kind === BTF_KIND.ARRAY) type = text.btf.type(type.elementTypeId)
    else if (type.kind === BTF_KIND.PTR || (isModifier(type) && type.kind !== BTF_KIND.TYPEDEF))
      type = text.btf.type(type.typeId)
    else return way
  }
}

/** One declaration. What is left of the way is a stack, its end on top. */
class Declarator {
  readonly #text: CText
  readonly #way: BtfType[]
  readonly #name: string
  readonly #level: number

  constructor(text: CText, way: BtfType[], name: string, level: number) {
    this.#text = text
    this.#way = way
    this.#name = name
    this.#level = level
  }

  /** Writes what is left. */
  put(): void {
    let behindPointer = true
    for (let type = this.#way.pop(); type !== undefined; type = this.#way.pop()) {
      switch (type.kind) {
        case BTF_KIND.PTR:
          this.#text.put(behindPointer ? '*' : ' *')
          break
        case BTF_KIND.VOLATILE:
        case BTF_KIND.CONST:
        case BTF_KIND.RESTRICT:
          this.#text.put(` ${QUALIFIERS[type.kind]}`)
          break
        case BTF_KIND.TYPE_TAG:
          this.#qualifiers()
          this.#text.put(` __attribute__((btf_type_tag("${type.name}")))`)
          break
        case BTF_KIND.ARRAY:
          this.#array(type.length, behindPointer)
          return
        case BTF_KIND.FUNC_PROTO:
          this.#function(type, behindPointer)
          return
        default:
          if (!this.#end(type)) return
      }
      behindPointer = type.kind === BTF_KIND.PTR
    }
    this.#putName(behindPointer)
  }

  /** The type that the way ends at. @returns false for one that nothing can be declared as */
  #end(type: BtfType): boolean {
    switch (type.kind) {
      case BTF_KIND.VOID:
        this.#qualified('void')
        return true
      case BTF_KIND.INT:
      case BTF_KIND.FLOAT:
        this.#qualified(type.name)
        return true
      case BTF_KIND.TYPEDEF:
        this.#qualifiers()
        this.#text.put(this.#text.names.identifier(type))
        return true
      case BTF_KIND.FWD:
        this.#qualified(`${type.isUnion ? 'union' : 'struct'} ${type.name}`)
        return true
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        this.#qualifiers()
        if (type.nameOffset === 0) putComposite(this.#text, type, this.#level, putDeclaration)
        else this.#text.put(`${type.kind === BTF_KIND.STRUCT ? 'struct' : 'union'} ${this.#text.names.tag(type)}`)
        return true
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
        this.#qualifiers()
        if (type.nameOffset === 0) putEnum(this.#text, type, this.#level)
        else this.#text.put(`enum ${this.#text.names.tag(type)}`)
        return true
      default:
        return false
    }
  }

  #qualified(words: string): void {
    this.#qualifiers()
    this.#text.put(words)
  }

  /** Qualifiers of what the way ends at stand before it; those of a pointer behind. */
  #qualifiers(): void {
    for (let word = this.#qualifier(); word !== undefined; word = this.#qualifier()) {
      this.#text.put(`${word} `)
      this.#way.pop()
    }
  }

  #qualifier(): string | undefined {
    const next = this.#way.at(-1)
    return next === undefined ? undefined : QUALIFIERS[next.kind]
  }

  /** Of an array or a function as a whole: GCC says so of its elements once more, and of functions that don't return. */
  #dropModifiers(): void {
    for (let next = this.#way.at(-1); next !== undefined && isModifier(next); next = this.#way.at(-1)) {
      if (next.kind === BTF_KIND.TYPEDEF) return
      this.#way.pop()
    }
  }

  #array(length: number, behindPointer: boolean): void {
    this.#dropModifiers()
    const next = this.#way.at(-1)
    if (next === undefined) {
      this.#putName(behindPointer)
    } else {
      if (this.#name !== '' && !behindPointer) this.#text.put(' ')
      const isArray = next.kind === BTF_KIND.ARRAY
      if (!isArray) this.#text.put('(')
      this.put()
      if (!isArray) this.#text.put(')')
    }
    this.#text.put(`[${length}]`)
  }

  #function({ parameters }: BtfFuncProto, behindPointer: boolean): void {
    this.#dropModifiers()
    if (this.#way.length === 0) {
      this.#putName(behindPointer)
    } else {
      this.#text.put(' (')
      this.put()
      this.#text.put(')')
    }
    this.#text.put('(')
    if (parameters.length === 0 || (parameters.length === 1 && parameters[0]?.typeId === 0)) this.#text.put('void')
    else this.#parameters(parameters)
    this.#text.put(')')
  }

  #parameters(parameters: BtfFuncProto['parameters']): void {
    for (const [index, { typeId, name }] of parameters.entries()) {
      if (index > 0) this.#text.put(', ')
      if (typeId === 0 && index === parameters.length - 1) this.#text.put('...')
      else putDeclaration(this.#text, typeId, name, this.#level)
    }
  }

  #putName(behindPointer: boolean): void {
    this.#text.put(this.#name !== '' && !behindPointer ? ` ${this.#name}` : this.#name)
  }
}
