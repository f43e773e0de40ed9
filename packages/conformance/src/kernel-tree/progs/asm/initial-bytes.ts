import {
  bareType,
  bytesOf,
  type CFields,
  type CList,
  type CType,
  type CValue,
  findMember,
  sizeOf,
} from '@bpfoundry/c-source'
import type { SourceSpan } from '@bpfoundry/diagnostics'

/** A place in a variable that holds an address, for the loader to fill in. */
export interface AddressSlot {
  readonly offsetBytes: number
  readonly symbol: string
  readonly addend: number
}

/** What a variable holds at the start. */
export interface InitialBytes {
  readonly bytes: Uint8Array
  readonly addresses: readonly AddressSlot[]
}

/**
 * The bytes of an initialised variable; longer than its type where the initialiser fills an open array at its end.
 *
 * @throws {CSourceError} C_NAME for a type that is only declared
 */
export function initialBytes(type: CType, value: CValue, place: SourceSpan): InitialBytes {
  const writer = new InitialWriter(extent(type, value, place), place)
  writer.write(type, value, 0)
  return { bytes: writer.bytes, addresses: writer.addresses }
}

/** Most bytes that open arrays may add to a type: an index that is far off is no reason to take all memory. */
const MAX_OPEN_BYTES = 1 << 24

function isOpen(type: CType): boolean {
  const bare = bareType(type)
  return bare.kind === 'array' && bare.length === undefined
}

/** What a type takes; an open array has no place for any element. @throws {CSourceError} C_NAME */
export function fixedBytes(type: CType, place: SourceSpan): number {
  return isOpen(type) ? 0 : sizeOf(type, place)
}

function extent(type: CType, value: CValue, place: SourceSpan): number {
  const bare = bareType(type)
  if (bare.kind === 'array' && bare.length === undefined) return openBytes(bare.element, value, place)
  const sizeBytes = sizeOf(bare, place)
  const last = bare.kind === 'struct' ? bare.members?.at(-1) : undefined
  const inside = last === undefined || value.kind !== 'fields' ? undefined : value.fields.get(last.name)
  if (last === undefined || inside === undefined) return sizeBytes
  return Math.max(sizeBytes, last.offsetBits / 8 + extent(last.type, inside, place))
}

function openBytes(element: CType, value: CValue, place: SourceSpan): number {
  if (value.kind === 'string') return bytesOf(value.text).length + 1
  const length = value.kind === 'list' ? value.elements.length : 0
  return Math.min(length * sizeOf(element, place), MAX_OPEN_BYTES)
}

class InitialWriter {
  readonly bytes: Uint8Array
  readonly addresses: AddressSlot[] = []
  readonly #place: SourceSpan

  constructor(sizeBytes: number, place: SourceSpan) {
    this.bytes = new Uint8Array(sizeBytes)
    this.#place = place
  }

  write(type: CType, value: CValue, offsetBytes: number): void {
    const bare = bareType(type)
    switch (value.kind) {
      case 'number':
        this.#bits(offsetBytes * 8, fixedBytes(bare, this.#place) * 8, value.value)
        break
      case 'string':
        // A pointer to text would lead to a section of strings, which loaders leave alone.
        if (bare.kind === 'array') this.#text(value.text, offsetBytes, fixedBytes(bare, this.#place))
        break
      case 'address':
        this.addresses.push({ offsetBytes, symbol: value.symbol, addend: value.offsetBytes })
        break
      case 'list':
        this.#list(bare, value, offsetBytes)
        break
      case 'fields':
        this.#fields(bare, value, offsetBytes)
    }
  }

  #list(bare: CType, { elements }: CList, offsetBytes: number): void {
    if (bare.kind !== 'array') {
      const [first] = elements
      if (first !== undefined) this.write(bare, first, offsetBytes)
      return
    }
    const step = sizeOf(bare.element, this.#place)
    for (const [index, element] of elements.entries()) {
      if (element !== undefined) this.write(bare.element, element, offsetBytes + index * step)
    }
  }

  #fields(bare: CType, { fields }: CFields, offsetBytes: number): void {
    if (bare.kind !== 'struct' && bare.kind !== 'union') return
    for (const [name, value] of fields) {
      const found = findMember(bare, name)
      if (found === undefined) continue
      const { member, offsetBits } = found
      const at = offsetBytes * 8 + offsetBits
      if (member.widthBits !== undefined && value.kind === 'number') this.#bits(at, member.widthBits, value.value)
      else this.write(member.type, value, at / 8)
    }
  }

  /** Little-endian, as bit-fields are laid out, too. */
  #bits(offsetBits: number, widthBits: number, value: bigint): void {
    for (let bit = 0; bit < widthBits; bit++) {
      const at = offsetBits + bit
      const mask = 1 << (at & 7)
      const index = at >> 3
      if (index >= this.bytes.length) return
      const byte = this.bytes[index] as number
      this.bytes[index] = ((value >> BigInt(bit)) & 1n) === 1n ? byte | mask : byte & ~mask
    }
  }

  #text(text: string, offsetBytes: number, sizeBytes: number): void {
    const room = sizeBytes === 0 ? this.bytes.length - offsetBytes : sizeBytes
    this.bytes.set(bytesOf(text).slice(0, Math.max(0, room)), offsetBytes)
  }
}
