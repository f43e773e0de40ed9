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
  /** The fields of the header at `offsetBytes`; the caller has checked that all of it is there. */
  read(bytes: Uint8Array, offsetBytes: number): Fields
  /** @throws PacketError PACKET_FIELD_RANGE, ADDRESS_MAC, ADDRESS_IPV4, ADDRESS_IPV6 */
  write(bytes: Uint8Array, offsetBytes: number, fields: Fields): void
}

type FieldValue = number | boolean | string

interface PlacedField {
  readonly name: string
  readonly startBit: number
  readonly bits: number
  readonly kind: FieldKind
}

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
    return { name, startBit, bits, kind }
  })
  return {
    lengthBytes: bit / 8,
    read: (bytes, offsetBytes) =>
      Object.fromEntries(placed.map((field) => [field.name, readField(bytes, offsetBytes, field)])) as Fields,
    write: (bytes, offsetBytes, fields) => {
      const values = fields as Record<string, FieldValue>
      for (const field of placed) writeField(bytes, offsetBytes, field, values[field.name]!, header)
    },
  }
}

function readField(bytes: Uint8Array, offsetBytes: number, { startBit, bits, kind }: PlacedField): FieldValue {
  const at = offsetBytes + (startBit >> 3)
  switch (kind) {
    case 'uint':
      return readBits(bytes, offsetBytes, startBit, bits)
    case 'flag':
      return readBits(bytes, offsetBytes, startBit, bits) === 1
    case 'mac':
      return formatMac(bytes, at)
    case 'ipv4':
      return formatIpv4(readIpv4(bytes, at))
    case 'ipv6':
      return formatIpv6(bytes, at)
  }
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
