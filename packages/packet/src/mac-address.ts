import { PacketError } from './packet-error.ts'

const MAC_PATTERN = /^([0-9a-f]{2})([:-])([0-9a-f]{2})(?:\2([0-9a-f]{2})){4}$/i

/**
 * The six bytes of `02:00:5e:10:00:01` (colons or hyphens, either case).
 * @throws PacketError ADDRESS_MAC
 */
export function parseMac(text: string): Uint8Array {
  if (!MAC_PATTERN.test(text)) {
    throw new PacketError({
      code: 'ADDRESS_MAC',
      message: 'not a MAC address',
      got: JSON.stringify(text),
      expected: 'six pairs of hexadecimal digits, such as 02:00:00:00:00:01',
    })
  }
  const bytes = new Uint8Array(6)
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(text.slice(i * 3, i * 3 + 2), 16)
  return bytes
}

const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** `02:00:5e:10:00:01` of the six bytes at `offsetBytes`. */
export function formatMac(bytes: Uint8Array, offsetBytes = 0): string {
  let text = HEX_BYTES[bytes[offsetBytes]!]!
  for (let i = 1; i < 6; i++) text += `:${HEX_BYTES[bytes[offsetBytes + i]!]}`
  return text
}
