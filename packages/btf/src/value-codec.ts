import type { Btf } from './btf.ts'
import { BtfError } from './btf-error.ts'
import { BTF_INT_ENCODING, BTF_KIND } from './btf-kind.ts'
import type { BtfArray, BtfComposite, BtfEnum, BtfInt, BtfMember, BtfType } from './btf-type.ts'
import { parseNetworkAddress } from './network-address.ts'

/**
 * A value as people write it. Strings are addresses (`10.1.2.3`, `aa:bb:cc:dd:ee:ff`, `2001:db8::1`), numbers in
 * decimal or hex, enumerator names, or the text of a char array; bytes fit any type of that size.
 */
export type BtfValue =
  | number
  | bigint
  | string
  | boolean
  | Uint8Array
  | readonly BtfValue[]
  | { readonly [member: string]: BtfValue }

/** Largest value that is encoded: more than any map takes (KMALLOC_MAX_SIZE). */
const MAX_VALUE_BYTES = 1 << 23

/** Deepest nesting of types that is followed; decoded BTF has no cycles, so this only bounds the stack. */
const MAX_DEPTH = 64

/**
 * Encodes a value of a type into its bytes in memory, in the byte order of `btf`. Members that are not named are 0; a
 * struct of one member also takes that member's value. Integers of a typedef `__be16`, `__be32` or `__be64` are stored
 * big-endian; addresses are stored in network order whatever the type.
 *
 * @throws {BtfError} BTF_VALUE for a value that the type can't hold; BTF_TYPE_ID
 */
export function encodeValue(btf: Btf, typeId: number, value: BtfValue): Uint8Array {
  const sizeBytes = btf.sizeOf(typeId)
  if (sizeBytes === undefined || sizeBytes > MAX_VALUE_BYTES) {
    throw mismatch('', `a type of ${sizeBytes ?? 'no'} bytes`, `at most ${MAX_VALUE_BYTES} bytes`)
  }
  const bytes = new Uint8Array(sizeBytes)
  new Encoder(btf, bytes).put(typeId, 0, value, '', 0)
  return bytes
}

/**
 * Decodes bytes of a type: numbers (bigint from 2^53 on), strings for char arrays, arrays and objects.
 *
 * @throws {BtfError} BTF_VALUE when there are fewer bytes than the type has; BTF_TYPE_ID
 */
export function decodeValue(btf: Btf, typeId: number, bytes: Uint8Array): BtfValue {
  const sizeBytes = btf.sizeOf(typeId)
  if (sizeBytes === undefined || bytes.length < sizeBytes) {
    throw mismatch('', `${bytes.length} bytes`, `${sizeBytes ?? 'no'} bytes`)
  }
  return new Decoder(btf, bytes).get(typeId, 0, 0)
}

class Encoder {
  readonly #btf: Btf
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #little: boolean

  constructor(btf: Btf, bytes: Uint8Array) {
    this.#btf = btf
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#little = btf.byteOrder === 'little'
  }

  put(typeId: number, at: number, value: BtfValue, path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw mismatch(path, 'nested values', `at most ${MAX_DEPTH} levels`)
    const type = this.#btf.resolve(typeId)
    const sizeBytes = this.#btf.sizeOf(typeId) ?? 0
    if (value instanceof Uint8Array) {
      this.#putBytes(at, sizeBytes, value, path)
    } else if (typeof value !== 'string' || !this.#putAddress(at, sizeBytes, value)) {
      this.#putByKind(type, typeId, at, value, path, depth)
    }
  }

  #putByKind(type: BtfType, typeId: number, at: number, value: BtfValue, path: string, depth: number): void {
    const sizeBytes = this.#btf.sizeOf(typeId) ?? 0
    const little = this.#little && !isBigEndian(this.#btf, typeId)
    switch (type.kind) {
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        this.#putComposite(type, at, value, path, depth)
        break
      case BTF_KIND.ARRAY:
        this.#putArray(type, at, value, path, depth)
        break
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
        this.#putInteger(at, sizeBytes, enumerator(type, value, path), this.#little, path)
        break
      case BTF_KIND.INT:
      case BTF_KIND.PTR:
        this.#putInteger(at, sizeBytes, integer(value, path), little, path)
        break
      default:
        throw mismatch(path, describe(value), 'a type that values can be given for')
    }
  }

  #putBytes(at: number, sizeBytes: number, value: Uint8Array, path: string): void {
    if (value.length !== sizeBytes) throw mismatch(path, `${value.length} bytes`, `${sizeBytes} bytes`)
    this.#bytes.set(value, at)
  }

  #putAddress(at: number, sizeBytes: number, value: string): boolean {
    const address = parseNetworkAddress(value)
    if (address === undefined || address.length !== sizeBytes) return false
    this.#bytes.set(address, at)
    return true
  }

  #putComposite(type: BtfComposite, at: number, value: BtfValue, path: string, depth: number): void {
    if (!isObject(value)) {
      const only = type.members[0]
      if (type.members.length !== 1 || only === undefined) {
        throw mismatch(path, describe(value), `an object with ${memberNames(type)}`)
      }
      this.#putMember(only, at, only.bitOffset, value, path, depth)
      return
    }
    for (const [name, member] of Object.entries(value)) {
      const found = this.#btf.member(type, name)
      if (found === undefined) throw mismatch(`${path}.${name}`, `member ${name}`, memberNames(type))
      this.#putMember(found.member, at, found.bitOffset, member, `${path}.${name}`, depth)
    }
  }

  #putMember(member: BtfMember, at: number, bitOffset: number, value: BtfValue, path: string, depth: number): void {
    const bits = member.bitfieldBits
    if (bits === 0) {
      this.put(member.typeId, at + (bitOffset >>> 3), value, path, depth + 1)
      return
    }
    const number = BigInt.asUintN(bits, integer(value, path))
    for (let bit = 0; bit < bits; bit++) {
      const place = bitOffset + (this.#little ? bit : bits - 1 - bit)
      const byte = at + (place >>> 3)
      const mask = this.#little ? 1 << (place & 7) : 0x80 >>> (place & 7)
      const old = this.#bytes[byte] as number
      this.#bytes[byte] = (number >> BigInt(bit)) & 1n ? old | mask : old & ~mask
    }
  }

  #putArray(type: BtfArray, at: number, value: BtfValue, path: string, depth: number): void {
    const elementBytes = this.#btf.sizeOf(type.elementTypeId) ?? 0
    if (typeof value === 'string' && elementBytes === 1) {
      const text = new TextEncoder().encode(value)
      if (text.length > type.length) throw mismatch(path, `${text.length} bytes of text`, `at most ${type.length}`)
      this.#bytes.set(text, at)
      return
    }
    if (!Array.isArray(value)) throw mismatch(path, describe(value), `an array of ${type.length}`)
    if (value.length > type.length) throw mismatch(path, `${value.length} elements`, `at most ${type.length}`)
    for (const [index, element] of value.entries()) {
      this.put(type.elementTypeId, at + index * elementBytes, element as BtfValue, `${path}[${index}]`, depth + 1)
    }
  }

  #putInteger(at: number, sizeBytes: number, value: bigint, little: boolean, path: string): void {
    const bits = sizeBytes * 8
    if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1))) {
      throw mismatch(path, String(value), `a number of ${bits} bits`)
    }
    for (let byte = 0; byte < sizeBytes; byte++) {
      const place = little ? byte : sizeBytes - 1 - byte
      this.#view.setUint8(at + place, Number(BigInt.asUintN(8, value >> BigInt(8 * byte))))
    }
  }
}

class Decoder {
  readonly #btf: Btf
  readonly #bytes: Uint8Array
  readonly #little: boolean

  constructor(btf: Btf, bytes: Uint8Array) {
    this.#btf = btf
    this.#bytes = bytes
    this.#little = btf.byteOrder === 'little'
  }

  get(typeId: number, at: number, depth: number): BtfValue {
    const type = this.#btf.resolve(typeId)
    const sizeBytes = this.#btf.sizeOf(typeId) ?? 0
    if (depth > MAX_DEPTH) return this.#bytes.slice(at, at + sizeBytes)
    switch (type.kind) {
      case BTF_KIND.STRUCT:
      case BTF_KIND.UNION:
        return this.#getComposite(type, at, depth)
      case BTF_KIND.ARRAY:
        return this.#getArray(type, at, depth)
      case BTF_KIND.INT:
        return this.#getInt(type, at, this.#little && !isBigEndian(this.#btf, typeId))
      case BTF_KIND.ENUM:
      case BTF_KIND.ENUM64:
        return this.#getEnum(type, at)
      case BTF_KIND.PTR:
        return plain(this.#integer(at, sizeBytes, this.#little))
      default:
        return this.#bytes.slice(at, at + sizeBytes)
    }
  }

  #getComposite(type: BtfComposite, at: number, depth: number): BtfValue {
    const value: Record<string, BtfValue> = {}
    for (const member of type.members) {
      const decoded =
        member.bitfieldBits === 0
          ? this.get(member.typeId, at + (member.bitOffset >>> 3), depth + 1)
          : this.#getBits(member, at)
      if (member.name === '' && isObject(decoded)) Object.assign(value, decoded)
      else value[member.name] = decoded
    }
    return value
  }

  #getBits(member: BtfMember, at: number): BtfValue {
    const bits = member.bitfieldBits
    let number = 0n
    for (let bit = 0; bit < bits; bit++) {
      const place = member.bitOffset + (this.#little ? bit : bits - 1 - bit)
      const byte = this.#bytes[at + (place >>> 3)] as number
      const mask = this.#little ? 1 << (place & 7) : 0x80 >>> (place & 7)
      if ((byte & mask) !== 0) number |= 1n << BigInt(bit)
    }
    return plain(this.#isSigned(member.typeId) ? BigInt.asIntN(bits, number) : number)
  }

  #isSigned(typeId: number): boolean {
    const type = this.#btf.resolve(typeId)
    if (type.kind === BTF_KIND.INT) return type.encoding === BTF_INT_ENCODING.SIGNED
    return (type.kind === BTF_KIND.ENUM || type.kind === BTF_KIND.ENUM64) && type.signed
  }

  #getArray(type: BtfArray, at: number, depth: number): BtfValue {
    const element = this.#btf.resolve(type.elementTypeId)
    const elementBytes = this.#btf.sizeOf(type.elementTypeId) ?? 0
    if (isCharacter(element)) {
      const bytes = this.#bytes.subarray(at, at + type.length)
      const end = bytes.indexOf(0)
      return new TextDecoder().decode(bytes.slice(0, end < 0 ? bytes.length : end))
    }
    return Array.from({ length: type.length }, (_, index) =>
      this.get(type.elementTypeId, at + index * elementBytes, depth + 1),
    )
  }

  #getInt(type: BtfInt, at: number, little: boolean): BtfValue {
    const number = this.#integer(at, type.sizeBytes, little)
    if (type.encoding === BTF_INT_ENCODING.BOOL) return number !== 0n
    return plain(type.encoding === BTF_INT_ENCODING.SIGNED ? BigInt.asIntN(type.sizeBytes * 8, number) : number)
  }

  #getEnum(type: BtfEnum, at: number): BtfValue {
    const raw = this.#integer(at, type.sizeBytes, this.#little)
    const number = type.signed ? BigInt.asIntN(type.sizeBytes * 8, raw) : raw
    return type.values.find(({ value }) => value === number)?.name ?? plain(number)
  }

  #integer(at: number, sizeBytes: number, little: boolean): bigint {
    let number = 0n
    for (let byte = 0; byte < sizeBytes; byte++) {
      const place = little ? byte : sizeBytes - 1 - byte
      number |= BigInt(this.#bytes[at + place] as number) << BigInt(8 * byte)
    }
    return number
  }
}

/** Whether a typedef on the way to the integer says that it is kept in network order. */
export function isBigEndian(btf: Btf, typeId: number): boolean {
  let type: BtfType = btf.type(typeId)
  for (let depth = 0; depth < MAX_DEPTH && 'typeId' in type; depth++) {
    if (type.kind === BTF_KIND.TYPEDEF && /^__be(16|32|64)$/.test(type.name)) return true
    if (type.kind === BTF_KIND.PTR) return false
    type = btf.type(type.typeId)
  }
  return false
}

export function isCharacter(type: BtfType): boolean {
  return type.kind === BTF_KIND.INT && type.sizeBytes === 1 && type.name === 'char'
}

function isObject(value: BtfValue): value is { readonly [member: string]: BtfValue } {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function integer(value: BtfValue, path: string): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?(0x[0-9a-f]+|\d+)$/i.test(value)) {
    return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value)
  }
  throw mismatch(path, describe(value), 'a whole number')
}

function enumerator(type: BtfEnum, value: BtfValue, path: string): bigint {
  const named = typeof value === 'string' ? type.values.find(({ name }) => name === value) : undefined
  return named === undefined ? integer(value, path) : named.value
}

function plain(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function memberNames(type: BtfComposite): string {
  return type.members.map(({ name }) => (name === '' ? '(anonymous)' : name)).join(', ')
}

function describe(value: BtfValue): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`
  return isObject(value) || Array.isArray(value) ? 'an object or array' : String(value)
}

export function mismatch(path: string, got: string, expected: string): BtfError {
  return new BtfError({
    code: 'BTF_VALUE',
    message: `the value${path === '' ? '' : ` of ${path.replace(/^\./, '')}`} does not fit its type`,
    got,
    expected,
  })
}
