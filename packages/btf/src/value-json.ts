import type { Btf } from './btf.ts'
import { BTF_INT_ENCODING, BTF_KIND } from './btf-kind.ts'
import { isModifier } from './btf-references.ts'
import type { BtfArray, BtfComposite, BtfDatasec, BtfEnum, BtfInt, BtfMember, BtfType } from './btf-type.ts'
import type { JsonText } from './json-text.ts'

/** Deepest nesting of types that is followed; the kernel takes no more than 32. */
const MAX_DEPTH = 64

/** As many parts as the largest value of a map has bytes: unions within each other have many more, all of the same bytes. */
const MAX_PARTS = 1 << 23

const PRINTABLE = { first: 0x20, last: 0x7e } as const

/**
 * Writes a value of a type as `bpftool map dump` prints it: members by name, enumerators by theirs, text of char arrays; bit-fields
 * and numbers of 128 bits in hex. The bytes are little-endian, as those of the emulated machine are.
 */
export class ValueJson {
  readonly #btf: Btf
  readonly #json: JsonText
  readonly #isPlain: boolean
  #bytes: Uint8Array = new Uint8Array()
  #parts = 0

  /** @param options `isPlain`: not to be read as JSON again; hex and addresses stand without quotes, or with */
  constructor(btf: Btf, json: JsonText, options: { readonly isPlain: boolean }) {
    this.#btf = btf
    this.#json = json
    this.#isPlain = options.isPlain
  }

  /** Writes a value, as far as its type has values. @throws {BtfError} BTF_TYPE_ID */
  put(typeId: number, bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#parts = 0
    this.#type(typeId, 0, 0, 0)
  }

  /** @returns false where nothing more of the value can be told */
  #type(typeId: number, at: number, bit: number, depth: number): boolean {
    const type = this.#btf.type(typeId)
    if (depth > MAX_DEPTH || ++this.#parts > MAX_PARTS) return this.#unsupported()
    switch (type.kind) {
      case BTF_KIND.INT:
        this.#int(type, at, bit)
        return true
      case BTF_KIND.PTR:
        this.#pointer(at)
        return true
      case BTF_KIND.ENUM:
        return this.#enum(type, at)
      case BTF_KIND.ENUM64:
        this.#enum64(type, at)
        return true
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        return this.#composite(type, at, depth)
      case BTF_KIND.ARRAY:
        return this.#array(type, at, depth)
      case BTF_KIND.DATASEC:
        return this.#section(type, at, depth)
      case BTF_KIND.VAR:
        return this.#object(() => {
          this.#json.name(type.name)
          return this.#type(type.typeId, at, bit, depth + 1)
        })
      case BTF_KIND.TYPEDEF:
      case BTF_KIND.VOLATILE:
      case BTF_KIND.CONST:
      case BTF_KIND.RESTRICT: {
        const target = this.#btf.resolve(type.typeId)
        return target.kind !== BTF_KIND.VOID && this.#type(target.id, at, bit, depth + 1)
      }
      case BTF_KIND.VOID:
        this.#json.raw('(unknown)')
        return true
      case BTF_KIND.FWD:
        this.#json.raw('(fwd-kind-invalid)')
        return false
      default:
        return this.#unsupported()
    }
  }

  /** bpftool never closes the bracket. */
  #unsupported(): boolean {
    this.#json.raw('(unsupported-kind')
    return false
  }

  #object(body: () => boolean): boolean {
    let isWhole = true
    this.#json.object(() => {
      isWhole = body()
    })
    return isWhole
  }

  #composite({ members }: BtfComposite, at: number, depth: number): boolean {
    return this.#object(() => members.every((member) => this.#member(member, at, depth)))
  }

  #member({ name, typeId, bitOffset, bitfieldBits }: BtfMember, at: number, depth: number): boolean {
    this.#json.name(name)
    const [place, bit] = [at + (bitOffset >>> 3), bitOffset & 7]
    if (bitfieldBits === 0) return this.#type(typeId, place, bit, depth + 1)
    this.#bits(place, bit, bitfieldBits)
    return true
  }

  #array(type: BtfArray, at: number, depth: number): boolean {
    const text = this.#text(type, at)
    if (text !== undefined) {
      this.#json.value(text)
      return true
    }
    const elementBytes = this.#btf.sizeOf(type.elementTypeId)
    if (elementBytes === undefined) return false
    let isWhole = true
    this.#json.array(() => {
      // What takes no bytes has nothing to show, however many there are.
      const room = Math.ceil((this.#bytes.length - at) / elementBytes)
      const count = elementBytes === 0 ? 0 : Math.min(type.length, room)
      for (let index = 0; isWhole && index < count; index++) {
        isWhole = this.#type(type.elementTypeId, at + index * elementBytes, 0, depth + 1)
      }
    })
    return isWhole
  }

  /** What a char array says before its 0; undefined where it ends without, or says what can't be printed. */
  #text({ elementTypeId, length }: BtfArray, at: number): string | undefined {
    if (!isCharacter(behindQualifiers(this.#btf, elementTypeId))) return undefined
    const end = this.#bytes.subarray(at, at + length).indexOf(0)
    if (end < 0) return undefined
    const letters = this.#bytes.subarray(at, at + end)
    const isText = letters.every((letter) => letter >= PRINTABLE.first && letter <= PRINTABLE.last)
    return isText ? String.fromCharCode(...letters) : undefined
  }

  #section({ name, entries }: BtfDatasec, at: number, depth: number): boolean {
    return this.#object(() => {
      let isWhole = true
      this.#json.name(name)
      this.#json.array(() => {
        isWhole = entries.every(({ typeId, offsetBytes }) => this.#type(typeId, at + offsetBytes, 0, depth + 1))
      })
      return isWhole
    })
  }

  #pointer(at: number): void {
    const address = this.#number(at, 8)
    if (!this.#isPlain) this.#json.raw(`${address}`)
    else this.#json.raw(address === 0n ? '"(nil)"' : `"0x${address.toString(16)}"`)
  }

  /** Enumerators are compared as signed numbers, whatever the enum is. @returns false for one of an odd size */
  #enum({ sizeBytes, values }: BtfEnum, at: number): boolean {
    if (![1, 2, 4, 8].includes(sizeBytes)) return false
    const number = BigInt.asIntN(8 * sizeBytes, this.#number(at, sizeBytes))
    const named = values.find(({ value }) => BigInt.asIntN(32, value) === number)
    this.#json.value(named?.name ?? number)
    return true
  }

  #enum64({ values }: BtfEnum, at: number): void {
    const number = BigInt.asIntN(64, this.#number(at, 8))
    const named = values.find(({ value }) => BigInt.asIntN(64, value) === number)
    this.#json.value(named?.name ?? number)
  }

  #int({ bits, bitOffset, encoding }: BtfInt, at: number, bit: number): void {
    if (bit !== 0 || bitOffset !== 0 || bits % 8 !== 0) {
      const first = bit + bitOffset
      this.#bits(at + (first >>> 3), first & 7, bits)
    } else if (bits === 128) {
      this.#hex(this.#number(at, 16))
    } else if (encoding === BTF_INT_ENCODING.BOOL) {
      this.#json.value(this.#number(at, 1) !== 0n)
    } else if (encoding === BTF_INT_ENCODING.CHAR) {
      this.#character(Number(this.#number(at, 1)))
    } else if (![8, 16, 32, 64].includes(bits)) {
      this.#bits(at, 0, bits)
    } else {
      const number = this.#number(at, bits / 8)
      this.#json.value(encoding === BTF_INT_ENCODING.SIGNED ? BigInt.asIntN(bits, number) : number)
    }
  }

  #character(code: number): void {
    const isPrintable = code >= PRINTABLE.first && code <= PRINTABLE.last
    if (isPrintable) this.#json.raw(`"${String.fromCharCode(code)}"`)
    else if (this.#isPlain) this.#json.raw(`0x${code.toString(16)}`)
    else this.#json.raw(`"\\u00${code.toString(16).padStart(2, '0')}"`)
  }

  #bits(at: number, bit: number, bits: number): void {
    const number = this.#number(at, (bit + bits + 7) >>> 3)
    this.#hex(BigInt.asUintN(bits, number >> BigInt(bit)))
  }

  #hex(number: bigint): void {
    const text = `0x${number.toString(16)}`
    this.#json.raw(this.#isPlain ? text : `"${text}"`)
  }

  /** Bytes past the value's end are 0. */
  #number(at: number, sizeBytes: number): bigint {
    let number = 0n
    for (let byte = sizeBytes - 1; byte >= 0; byte--) number = (number << 8n) | BigInt(this.#bytes[at + byte] ?? 0)
    return number
  }
}

/** The type behind qualifiers and tags; typedefs are kept: of `typedef char` no text is made. */
function behindQualifiers(btf: Btf, typeId: number): BtfType {
  let type = btf.type(typeId)
  for (let depth = 0; depth < MAX_DEPTH && isModifier(type) && type.kind !== BTF_KIND.TYPEDEF; depth++)
    type = btf.type(type.typeId)
  return type
}

function isCharacter(type: BtfType): boolean {
  return (
    type.kind === BTF_KIND.INT &&
    type.sizeBytes === 1 &&
    (type.encoding === BTF_INT_ENCODING.CHAR || type.name === 'char')
  )
}
