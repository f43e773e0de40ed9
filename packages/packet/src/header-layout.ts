import { formatIpv4, parseIpv4, readIpv4 } from './ipv4-address.ts'
import { formatIpv6, parseIpv6 } from './ipv6-address.ts'
import { formatMac, parseMac } from './mac-address.ts'
import { PacketError } from './packet-error.ts'

/*
 * A header is described by rows of fields in the order of the standard's diagram; reading and writing come from the
 * rows. Numbers are unsigned and in network order; addresses are text in the fields and bytes in the frame.
 */

/** How a field's bits are given: an unsigned number of up to 32 bits, one bit as a boolean, or an address as text. */
export type FieldKind = 'uint' | 'flag' | 'mac' | 'ipv4' | 'ipv6'

/** One field: its name, its width and, unless it is a number, its kind. */
export type FieldRow<Name extends string> = readonly [name: Name, bits: number, kind?: FieldKind]

/** Reads and writes one kind of header. */
export interface HeaderLayout<Fields> {
  readonly lengthBytes: number
  /**
   * Adds the fields of the header at `offsetBytes` to an object, and gives it; the caller has checked that all of the
   * header is there. (A spread of the fields into a layer would cost ten times as much.)
   */
  read<Target extends object>(bytes: Uint8Array, offsetBytes: number, target: Target): Target & Fields
  /** @throws PacketError PACKET_FIELD_RANGE, ADDRESS_MAC, ADDRESS_IPV4, ADDRESS_IPV6 */
  write(bytes: Uint8Array, offsetBytes: number, fields: Fields): void
}

type FieldValue = number | boolean | string

interface PlacedField {
  readonly name: string
  readonly startBit: number
  readonly bits: number
  readonly kind: FieldKind
  readonly read: FieldReader
}

type FieldReader = (bytes: Uint8Array, headerOffsetBytes: number) => FieldValue

const FLAG_BITS = 1

/** Builds the layout of a header; every field of `Fields` has one row. */
export function headerLayout<Fields extends object>(
  header: string,
  rows: readonly FieldRow<keyof Fields & string>[],
): HeaderLayout<Fields> {
  let bit = 0
  const placed = rows.map(([name, bits, kind = bits === FLAG_BITS ? 'flag' : 'uint']): PlacedField => {
    const startBit = bit
    bit += bits
    return { name, startBit, bits, kind, read: fieldReader(kind, startBit, bits) }
  })
  return {
    lengthBytes: bit / 8,
    read: <Target extends object>(bytes: Uint8Array, offsetBytes: number, target: Target): Target & Fields => {
      const fields = target as Record<string, FieldValue>
      for (const { name, read } of placed) fields[name] = read(bytes, offsetBytes)
      return target as Target & Fields
    },
    write: (bytes, offsetBytes, fields) => {
      const values = fields as Record<string, FieldValue>
      for (const field of placed) writeField(bytes, offsetBytes, field, values[field.name]!, header)
    },
  }
}

function fieldReader(kind: FieldKind, startBit: number, bits: number): FieldReader {
  const at = startBit >> 3
  switch (kind) {
    case 'uint':
      return uintReader(startBit, bits)
    case 'flag':
      return (bytes, offset) => ((bytes[offset + at]! >> (7 - (startBit & 7))) & 1) === 1
    case 'mac':
      return (bytes, offset) => formatMac(bytes, offset + at)
    case 'ipv4':
      return (bytes, offset) => formatIpv4(readIpv4(bytes, offset + at))
    case 'ipv6':
      return (bytes, offset) => formatIpv6(bytes, offset + at)
  }
}

/** Whole bytes and words, which most fields are, without the loop over bits. */
function uintReader(startBit: number, bits: number): FieldReader {
  const at = startBit >> 3
  const isAligned = (startBit & 7) === 0
  if (isAligned && bits === 8) return (bytes, offset) => bytes[offset + at]!
  if (isAligned && bits === 16) return (bytes, offset) => (bytes[offset + at]! << 8) | bytes[offset + at + 1]!
  return (bytes, offset) => readBits(bytes, offset, startBit, bits)
}

function writeField(
  bytes: Uint8Array,
  offsetBytes: number,
  field: PlacedField,
  value: FieldValue,
  header: string,
): void {
  const { startBit, bits, kind } = field
  const at = offsetBytes + (startBit >> 3)
  if (kind === 'mac') bytes.set(parseMac(value as string), at)
  else if (kind === 'ipv6') bytes.set(parseIpv6(value as string), at)
  else if (kind === 'ipv4') writeBits(bytes, offsetBytes, startBit, bits, parseIpv4(value as string))
  else writeBits(bytes, offsetBytes, startBit, bits, checkedUint(Number(value), field, header))
}

function checkedUint(value: number, { name, bits }: PlacedField, header: string): number {
  const limit = 2 ** bits
  if (Number.isInteger(value) && value >= 0 && value < limit) return value
  throw new PacketError({
    code: 'PACKET_FIELD_RANGE',
    message: `${header} field ${name} does not fit its ${bits} bits`,
    got: value,
    expected: `0 to ${limit - 1}`,
  })
}

function readBits(bytes: Uint8Array, offsetBytes: number, startBit: number, bits: number): number {
  let value = 0
  let bit = startBit
  for (let left = bits; left > 0; ) {
    const taken = Math.min(left, 8 - (bit & 7))
    const byte = bytes[offsetBytes + (bit >> 3)]!
    value = value * 2 ** taken + ((byte >> (8 - (bit & 7) - taken)) & ((1 << taken) - 1))
    bit += taken
    left -= taken
  }
  return value
}

function writeBits(bytes: Uint8Array, offsetBytes: number, startBit: number, bits: number, value: number): void {
  let bit = startBit
  for (let left = bits; left > 0; ) {
    const taken = Math.min(left, 8 - (bit & 7))
    const at = offsetBytes + (bit >> 3)
    const shift = 8 - (bit & 7) - taken
    const mask = ((1 << taken) - 1) << shift
    const part = Math.floor(value / 2 ** (left - taken)) << shift
    bytes[at] = (bytes[at]! & ~mask) | (part & mask)
    bit += taken
    left -= taken
  }
}
