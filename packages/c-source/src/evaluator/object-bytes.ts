import type { SourceSpan } from '@bpfoundry/diagnostics'
import { errorAt } from '../c-source-error.ts'
import type { CInteger, CMember, CRecord, CType } from '../c-type.ts'
import type { CValue } from '../c-value.ts'
import { bytesOf } from '../literals/character.ts'
import { wrap } from '../types/integer-types.ts'
import { bare, integerOf, sizeOf } from '../types/type-queries.ts'

/** Objects beyond this are not turned into bytes. */
const MOST_BYTES = 1 << 24

/**
 * The bytes of an object as memory holds them, little-endian.
 *
 * @throws CSourceError C_VALUE where an address is in it, C_NAME, C_LIMIT
 */
export function objectBytes(value: CValue, type: CType, place: SourceSpan): Uint8Array {
  const sizeBytes = sizeOf(type, place)
  if (sizeBytes > MOST_BYTES) throw errorAt(place, 'C_LIMIT', `an object of more than ${MOST_BYTES} bytes`)
  const bytes = new Uint8Array(sizeBytes)
  new ObjectWriter(bytes, place).write(value, type, 0)
  return bytes
}

class ObjectWriter {
  readonly #bytes: Uint8Array
  readonly #place: SourceSpan

  constructor(bytes: Uint8Array, place: SourceSpan) {
    this.#bytes = bytes
    this.#place = place
  }

  write(value: CValue, type: CType, offsetBits: number): void {
    const plain = bare(type)
    if (plain.kind === 'struct' || plain.kind === 'union') this.#record(value, plain, offsetBits)
    else if (plain.kind === 'array') this.#array(value, plain.element, plain.length ?? 0, offsetBits)
    else this.#scalar(value, offsetBits, 8 * sizeOf(plain, this.#place))
  }

  #record(value: CValue, record: CRecord, offsetBits: number): void {
    if (value.kind !== 'fields') throw this.#wrong()
    for (const member of record.members ?? []) this.#member(value, member, offsetBits + member.offsetBits)
  }

  #member(record: CValue & { kind: 'fields' }, member: CMember, offsetBits: number): void {
    // Members of an anonymous record stand among the fields of the one around it.
    const anonymous = member.name === '' && member.widthBits === undefined
    const value = anonymous ? record : record.fields.get(member.name)
    if (value === undefined) return
    if (member.widthBits === undefined) this.write(value, member.type, offsetBits)
    else this.#scalar(value, offsetBits, member.widthBits)
  }

  #array(value: CValue, element: CType, length: number, offsetBits: number): void {
    const unitBits = 8 * sizeOf(element, this.#place)
    if (value.kind === 'string') {
      const bytes = bytesOf(value.text).slice(0, length)
      bytes.forEach((byte, index) => {
        this.#scalar({ kind: 'number', value: BigInt(byte) }, offsetBits + 8 * index, 8)
      })
      return
    }
    if (value.kind !== 'list') throw this.#wrong()
    value.elements.forEach((item, index) => {
      if (item !== undefined) this.write(item, element, offsetBits + index * unitBits)
    })
  }

  #scalar(value: CValue, offsetBits: number, widthBits: number): void {
    if (value.kind !== 'number') throw this.#wrong()
    let rest = BigInt.asUintN(widthBits, value.value)
    for (let at = offsetBits; rest !== 0n; ) {
      const shift = at % 8
      const taken = 8 - shift
      const index = Math.floor(at / 8)
      this.#bytes[index] = (this.#bytes[index] ?? 0) | Number((rest << BigInt(shift)) & 0xffn)
      rest >>= BigInt(taken)
      at += taken
    }
  }

  #wrong(): Error {
    return errorAt(this.#place, 'C_VALUE', 'an object that holds an address has no constant bytes')
  }
}

/** A number in memory, of an integer type or a bit-field; undefined past the end. */
export function readNumber(
  bytes: Uint8Array,
  type: CType,
  offsetBits: number,
  widthBits: number | undefined,
): bigint | undefined {
  const integer = integerOf(type) as CInteger
  const width = widthBits ?? 8 * integer.sizeBytes
  if (offsetBits < 0 || offsetBits + width > 8 * bytes.length) return undefined
  const first = Math.floor(offsetBits / 8)
  const last = Math.floor((offsetBits + width - 1) / 8)
  let value = 0n
  for (let at = last; at >= first; at--) value = (value << 8n) | BigInt(bytes[at] as number)
  return wrap(value >> BigInt(offsetBits % 8), integer, width)
}
