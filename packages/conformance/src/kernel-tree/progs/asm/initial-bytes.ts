import type { CFields, CList, CMember, CRecord, CType, CValue } from '@bpfoundry/c-source'
import { type BareType, bareType } from './bare-type.ts'
import { sizeOf } from './type-layout.ts'

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

/** The bytes of an initialised variable; longer than its type where the initialiser fills an open array at its end. */
export function initialBytes(type: CType, value: CValue): InitialBytes {
  const writer = new InitialWriter(extent(type, value))
  writer.write(type, value, 0)
  return { bytes: writer.bytes, addresses: writer.addresses }
}

/** Most bytes that open arrays may add to a type: an index that is far off is no reason to take all memory. */
const MAX_OPEN_BYTES = 1 << 24

function extent(type: CType, value: CValue): number {
  const bare = bareType(type)
  const sizeBytes = sizeOf(bare)
  if (bare.kind === 'array' && bare.length === undefined) return openBytes(bare.element, value)
  const last = bare.kind === 'struct' ? bare.members?.at(-1) : undefined
  const inside = last === undefined || value.kind !== 'fields' ? undefined : value.fields.get(last.name)
  if (last === undefined || inside === undefined) return sizeBytes
  return Math.max(sizeBytes, last.offsetBits / 8 + extent(last.type, inside))
}

function openBytes(element: CType, value: CValue): number {
  if (value.kind === 'string') return new TextEncoder().encode(value.text).length + 1
  const length = value.kind === 'list' ? value.elements.length : 0
  return Math.min(length * sizeOf(element), MAX_OPEN_BYTES)
}

class InitialWriter {
  readonly bytes: Uint8Array
  readonly addresses: AddressSlot[] = []

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes)
  }

  write(type: CType, value: CValue, offsetBytes: number): void {
    const bare = bareType(type)
    switch (value.kind) {
      case 'number':
        this.#bits(offsetBytes * 8, sizeOf(bare) * 8, value.value)
        break
      case 'string':
        // A pointer to text would lead to a section of strings, which loaders leave alone.
        if (bare.kind === 'array') this.#text(value.text, offsetBytes, sizeOf(bare))
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

  #list(bare: BareType, { elements }: CList, offsetBytes: number): void {
    if (bare.kind !== 'array') {
      const [first] = elements
      if (first !== undefined) this.write(bare, first, offsetBytes)
      return
    }
    const step = sizeOf(bare.element)
    for (const [index, element] of elements.entries()) {
      if (element !== undefined) this.write(bare.element, element, offsetBytes + index * step)
    }
  }

  #fields(bare: BareType, { fields }: CFields, offsetBytes: number): void {
    if (bare.kind !== 'struct' && bare.kind !== 'union') return
    for (const [name, value] of fields) {
      const member = findMember(bare, name)
      if (member === undefined) continue
      const at = offsetBytes * 8 + member.offsetBits
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
    this.bytes.set(new TextEncoder().encode(text).subarray(0, Math.max(0, room)), offsetBytes)
  }
}

/** The member of that name, also in anonymous structs and unions, its offset from the start of the whole. */
function findMember(record: CRecord, name: string): CMember | undefined {
  for (const member of record.members ?? []) {
    if (member.name === name) return member
    const inner = bareType(member.type)
    if (member.name !== '' || (inner.kind !== 'struct' && inner.kind !== 'union')) continue
    const found = findMember(inner, name)
    if (found !== undefined) return { ...found, offsetBits: found.offsetBits + member.offsetBits }
  }
  return undefined
}
