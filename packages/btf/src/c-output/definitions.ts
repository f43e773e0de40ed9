import { BTF_KIND } from '../btf-kind.ts'
import type { BtfComposite, BtfType, BtfTypeOf } from '../btf-type.ts'
import type { CText } from './c-text.ts'
import { putComposite } from './composite-definition.ts'
import { putDeclaration } from './declaration.ts'
import { DefinitionOrder } from './definition-order.ts'
import { putEnum } from './enum-definition.ts'

type Typedef = BtfTypeOf<typeof BTF_KIND.TYPEDEF>

const UNWRITTEN = 0
const UNDER_WAY = 1
const WRITTEN = 2

/** Types of GCC for vectors of arm64, which nothing else knows: each stands for another. */
const MISSING_TYPES: ReadonlyMap<string, string> = new Map([
  ['__Poly8_t', 'unsigned char'],
  ['__Poly16_t', 'unsigned short'],
  ['__Poly64_t', 'unsigned long long'],
  ['__Poly128_t', 'unsigned __int128'],
])

/** Compilers define it themselves. */
const BUILTIN = '__builtin_va_list'

/** Definitions, each once, and before them declarations of what they point to and stands later. */
export class Definitions {
  readonly #text: CText
  readonly #order: DefinitionOrder
  readonly #states: Uint8Array
  /** A struct that was declared, or a typedef that was written for something within what it names. */
  readonly #declared: Uint8Array

  constructor(text: CText) {
    this.#text = text
    this.#order = new DefinitionOrder(text.btf, text.limit)
    this.#states = new Uint8Array(text.btf.types.length)
    this.#states[0] = WRITTEN
    this.#declared = new Uint8Array(text.btf.types.length)
  }

  /** Writes a type, and all that it needs, unless they were written before. @throws {BtfError} BTF_C_OUTPUT */
  put(id: number): void {
    for (const needed of this.#order.before(id)) this.#visit(needed, 0)
  }

  /** @param container the definition that the type is needed for; 0 where the type itself is to be defined */
  #visit(id: number, container: number): void {
    const state = this.#states[id]
    if (state === WRITTEN) return
    const type = this.#text.btf.type(id)
    if (state === UNDER_WAY) this.#visitAgain(type, container)
    else {
      this.#text.limit.enter(id)
      this.#visitNew(type, container)
      this.#text.limit.leave()
    }
  }

  /** A type that is needed by something that it holds. */
  #visitAgain(type: BtfType, container: number): void {
    if (this.#declared[type.id] === 1) return
    if (type.kind === BTF_KIND.TYPEDEF) {
      this.#putTypedef(type)
      this.#declared[type.id] = 1
    } else if ('members' in type && type.id !== container && type.nameOffset !== 0) {
      this.#declare(type)
    }
  }

  #visitNew(type: BtfType, container: number): void {
    switch (type.kind) {
      case BTF_KIND.INT:
        this.#putMissing(type)
        break
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
        if (container === 0) {
          putEnum(this.#text, type, 0)
          this.#text.put(';\n\n')
        }
        this.#states[type.id] = WRITTEN
        break
      case BTF_KIND.FWD:
        this.#text.put(`${type.isUnion ? 'union' : 'struct'} ${type.name};\n\n`)
        this.#states[type.id] = WRITTEN
        break
      case BTF_KIND.TYPEDEF:
        this.#visitTypedef(type)
        break
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        this.#visitComposite(type, container)
        break
      case BTF_KIND.PTR:
      case BTF_KIND.VOLATILE:
      case BTF_KIND.CONST:
      case BTF_KIND.RESTRICT:
      case BTF_KIND.TYPE_TAG:
        this.#visit(type.typeId, container)
        break
      case BTF_KIND.ARRAY:
        this.#visit(type.elementTypeId, container)
        break
      case BTF_KIND.FUNC_PROTO:
        this.#visit(type.returnTypeId, container)
        for (const { typeId } of type.parameters) this.#visit(typeId, container)
        break
    }
  }

  #visitTypedef(type: Typedef): void {
    this.#states[type.id] = UNDER_WAY
    this.#visit(type.typeId, type.id)
    if (this.#declared[type.id] === 0) this.#putTypedef(type)
    this.#states[type.id] = WRITTEN
  }

  #visitComposite(type: BtfComposite, container: number): void {
    const { id, nameOffset, members } = type
    const isDefined = container === 0
    this.#states[id] = UNDER_WAY
    if (isDefined || nameOffset === 0) {
      // Members are going to be written, here or in place: what they point to is declared before.
      for (const { typeId } of members) this.#visit(typeId, nameOffset === 0 ? container : id)
    } else if (this.#declared[id] === 0 && id !== container) {
      this.#declare(type)
    }
    if (isDefined) {
      putComposite(this.#text, type, 0, putDeclaration)
      this.#text.put(';\n\n')
    }
    this.#states[id] = isDefined ? WRITTEN : UNWRITTEN
  }

  #declare(type: BtfComposite): void {
    const { names } = this.#text
    this.#text.put(`${type.kind === BTF_KIND.STRUCT ? 'struct' : 'union'} ${names.tag(type)};\n\n`)
    this.#declared[type.id] = 1
  }

  #putTypedef(type: Typedef): void {
    if (type.name === BUILTIN) return
    const name = this.#text.names.identifier(type)
    if (type.typeId === 0 && name === '__gnuc_va_list') {
      // Old GCC loses what it is.
      this.#text.put(`typedef ${BUILTIN} ${name};\n\n`)
      return
    }
    this.#text.put('typedef ')
    putDeclaration(this.#text, type.typeId, name, 0)
    this.#text.put(';\n\n')
  }

  #putMissing(type: BtfType): void {
    const missing = MISSING_TYPES.get(this.#text.names.tag(type))
    if (missing !== undefined) this.#text.put(`typedef ${missing} ${type.name};\n\n`)
    this.#states[type.id] = WRITTEN
  }
}
