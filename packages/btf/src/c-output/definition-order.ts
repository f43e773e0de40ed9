import type { Btf } from '../btf.ts'
import { BTF_KIND } from '../btf-kind.ts'
import { visitReferences } from '../btf-references.ts'
import type { BtfComposite, BtfFuncProto, BtfType } from '../btf-type.ts'
import { type COutputLimit, noText } from './c-output-limit.ts'

/** States of a type; 0 before it is come to. */
const UNDER_WAY = 1
const DONE = 2

/**
 * Which definitions a definition needs before it. A struct must be complete before another holds one; behind a pointer it
 * is enough to declare it, if it has a name: without, its members are written in place, and what they hold must be complete.
 */
export class DefinitionOrder {
  readonly #btf: Btf
  readonly #limit: COutputLimit
  readonly #states: Uint8Array
  #referenced: Uint8Array | undefined
  readonly #queue: number[] = []

  constructor(btf: Btf, limit: COutputLimit) {
    this.#btf = btf
    this.#limit = limit
    this.#states = new Uint8Array(btf.types.length)
    this.#states[0] = DONE
  }

  /**
   * The definitions that a type needs and that were not given before, its own last. The list is the same one at every call.
   *
   * @throws {BtfError} BTF_C_OUTPUT
   */
  before(id: number): readonly number[] {
    this.#queue.length = 0
    this.#visit(id, false)
    return this.#queue
  }

  /**
   * @param behindPointer whether a declaration would do
   * @returns whether the definition had to be complete
   */
  #visit(id: number, behindPointer: boolean): boolean {
    const state = this.#states[id]
    if (state === DONE) return true
    const type = this.#btf.type(id)
    if (state === UNDER_WAY) {
      if (isNamedComposite(type) && behindPointer) return false
      throw noText(id, 'a definition that needs itself')
    }
    this.#limit.enter(id)
    const isStrong = this.#visitNew(type, behindPointer)
    this.#limit.leave()
    return isStrong
  }

  #visitNew(type: BtfType, behindPointer: boolean): boolean {
    switch (type.kind) {
      case BTF_KIND.PTR: {
        const isStrong = this.#visit(type.typeId, true)
        this.#states[type.id] = DONE
        return isStrong
      }
      case BTF_KIND.ARRAY:
        return this.#visit(type.elementTypeId, false)
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        return this.#visitComposite(type, behindPointer)
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
      case BTF_KIND.FWD:
        // Of enums without a name those that nothing refers to are constants; others are written where they are used.
        if (type.nameOffset !== 0 || !this.#isReferenced(type.id)) this.#queue.push(type.id)
        return this.#done(type, true)
      case BTF_KIND.TYPEDEF:
        if (!this.#visit(type.typeId, behindPointer) && behindPointer) return false
        this.#queue.push(type.id)
        return this.#done(type, true)
      case BTF_KIND.VOLATILE:
      case BTF_KIND.CONST:
      case BTF_KIND.RESTRICT:
      case BTF_KIND.TYPE_TAG:
        return this.#visit(type.typeId, behindPointer)
      case BTF_KIND.FUNC_PROTO:
        return this.#visitPrototype(type, behindPointer)
      default:
        return this.#done(type, false)
    }
  }

  #isReferenced(id: number): boolean {
    this.#referenced ??= referencedTypes(this.#btf)
    return this.#referenced[id] === 1
  }

  #done(type: BtfType, isStrong: boolean): boolean {
    this.#states[type.id] = DONE
    return isStrong
  }

  #visitComposite(type: BtfComposite, behindPointer: boolean): boolean {
    if (behindPointer && isNamedComposite(type)) return false
    this.#states[type.id] = UNDER_WAY
    for (const { typeId } of type.members) this.#visit(typeId, false)
    if (type.nameOffset !== 0) this.#queue.push(type.id)
    return this.#done(type, true)
  }

  #visitPrototype({ returnTypeId, parameters }: BtfFuncProto, behindPointer: boolean): boolean {
    let isStrong = this.#visit(returnTypeId, behindPointer)
    for (const { typeId } of parameters) isStrong = this.#visit(typeId, behindPointer) || isStrong
    return isStrong
  }
}

function isNamedComposite(type: BtfType): boolean {
  return (type.kind === BTF_KIND.STRUCT || type.kind === BTF_KIND.UNION) && type.nameOffset !== 0
}

/** 1 for each type that another one refers to; what functions give counts for bpftool as little as for this. */
function referencedTypes({ types }: Btf): Uint8Array {
  const referenced = new Uint8Array(types.length)
  const mark = (id: number): void => {
    referenced[id] = 1
  }
  for (const type of types) {
    if (type.kind === BTF_KIND.FUNC_PROTO) for (const { typeId } of type.parameters) mark(typeId)
    else visitReferences(type, mark)
  }
  return referenced
}
