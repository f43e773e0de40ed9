import type { Btf } from '../btf.ts'
import { BTF_KIND } from '../btf-kind.ts'
import { isModifier } from '../btf-references.ts'
import type { BtfType } from '../btf-type.ts'
import type { COutputLimit } from './c-output-limit.ts'

const FACTOR = 31
const TWO_32 = 2 ** 32

/** 64 bits, as two numbers: V8 takes five times as long for a bigint. */
class Hash {
  high = 0
  low = 0

  /** Times 31, plus a number. */
  mix(high: number, low: number): void {
    const sum = this.low * FACTOR + low
    this.high = (this.high * FACTOR + high + Math.floor(sum / TWO_32)) >>> 0
    this.low = sum >>> 0
  }
}

type Named = { readonly name: string; readonly nameOffset: number }

/**
 * Numbers of 64 bits that tell types of one name and kind apart by what they hold: names of members and of their types. They
 * are bpftool's own, as the order of such types in its output is theirs. Counted only where two are compared.
 */
export class TypeHashes {
  readonly #btf: Btf
  readonly #limit: COutputLimit
  readonly #names = new Map<string, Hash>()
  readonly #whole: (Hash | undefined)[]
  readonly #shallow: (Hash | undefined)[]

  constructor(btf: Btf, limit: COutputLimit) {
    this.#btf = btf
    this.#limit = limit
    this.#whole = new Array(btf.types.length)
    this.#shallow = new Array(btf.types.length)
  }

  /** Below 0 where the first type's number is the lower. */
  compare(first: number, second: number): number {
    const [a, b] = [this.#of(first, true), this.#of(second, true)]
    return a.high - b.high || a.low - b.low
  }

  #of(id: number, withMembers: boolean): Hash {
    const known = withMembers ? this.#whole : this.#shallow
    const before = known[id]
    if (before !== undefined) return before
    this.#limit.enter(id)
    const hash = this.#count(this.#btf.type(id), withMembers)
    this.#limit.leave()
    known[id] = hash
    return hash
  }

  #count(type: BtfType, withMembers: boolean): Hash {
    const hash = new Hash()
    this.#mixName(hash, type)
    switch (type.kind) {
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
        for (const value of type.values) this.#mixName(hash, value)
        break
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        if (!withMembers) break
        for (const member of type.members) {
          this.#mixName(hash, member)
          this.#mixType(hash, member.typeId, false)
        }
        break
      case BTF_KIND.ARRAY:
        hash.mix(0, type.length)
        this.#mixType(hash, type.elementTypeId, withMembers)
        break
      default:
        if (isModifier(type) || type.kind === BTF_KIND.PTR || type.kind === BTF_KIND.DECL_TAG)
          this.#mixType(hash, type.typeId, withMembers)
    }
    return hash
  }

  #mixType(hash: Hash, id: number, withMembers: boolean): void {
    const { high, low } = this.#of(id, withMembers)
    hash.mix(high, low)
  }

  #mixName(hash: Hash, { name, nameOffset }: Named): void {
    if (nameOffset === 0) return
    let own = this.#names.get(name)
    if (own === undefined) {
      own = new Hash()
      for (let at = 0; at < name.length; at++) own.mix(0, name.charCodeAt(at))
      this.#names.set(name, own)
    }
    hash.mix(own.high, own.low)
  }
}
