/** Renders parsed printk formats over arguments in guest memory. */
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { Conversion, ConversionKind, FormatPart } from '@bpfoundry/kernel-abi'
import { ERRNO } from '@bpfoundry/kernel-abi'

/** The kernel gathers the arguments in a buffer of this size before it formats them. @see MAX_BPRINTF_BIN_ARGS */
const ARGUMENT_BYTES = 512
const POINTER_DIGITS = 16

/** What an argument is read to, and the bytes it takes in the kernel's buffer. */
interface Argument {
  readonly text: string
  readonly usedBytes: number
}

/**
 * The text, one character a byte.
 *
 * @param values the arguments, unsigned 64-bit, as many as there are conversions or more
 * @returns the text, or -ENOSPC when the arguments do not fit the kernel's buffer
 */
export function renderPrintk(
  memory: GuestMemory,
  parts: readonly FormatPart[],
  values: readonly bigint[],
): string | number {
  let text = ''
  let used = 0
  let next = 0
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const argument = RENDERERS[part.kind](part, values[next++] ?? 0n, memory, ARGUMENT_BYTES - used)
    used += argument.usedBytes
    if (argument.usedBytes === 0 || used > ARGUMENT_BYTES) return -ERRNO.ENOSPC
    text += argument.text
  }
  return text
}

type Renderer = (conversion: Conversion, value: bigint, memory: GuestMemory, roomBytes: number) => Argument

const RENDERERS: Readonly<Record<ConversionKind, Renderer>> = {
  int: (conversion, value) => ({ text: renderNumber(conversion, value, 32), usedBytes: 4 }),
  long: (conversion, value) => ({ text: renderNumber(conversion, value, 64), usedBytes: 8 }),
  char: (conversion, value) => ({
    text: pad(conversion, String.fromCharCode(Number(value & 0xffn))),
    usedBytes: 1,
  }),
  string: (conversion, value, memory, roomBytes) => {
    const text = readString(memory, value, roomBytes)
    return { text: pad(conversion, text), usedBytes: Math.min(roomBytes, text.length + 1) }
  },
  pointer: (conversion, value) => ({ text: renderPointer(conversion, value), usedBytes: 8 }),
  symbol: (conversion, value) => ({ text: pad(conversion, `0x${value.toString(16)}`), usedBytes: 8 }),
  ip4: (conversion, value, memory, roomBytes) => {
    const bytes = readAddress(memory, value, 4)
    const digits = conversion.letter === 'i' ? 3 : 1
    return preformatted([...bytes].map((byte) => String(byte).padStart(digits, '0')).join('.'), 4, roomBytes)
  },
  ip6: (conversion, value, memory, roomBytes) => {
    const hex = [...readAddress(memory, value, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return preformatted(conversion.letter === 'i' ? hex : (hex.match(/.{4}/g) ?? []).join(':'), 16, roomBytes)
  },
}

/** Addresses are formatted as they are gathered: what does not fit the buffer is cut off. */
function preformatted(text: string, addressBytes: number, roomBytes: number): Argument {
  if (roomBytes < addressBytes) return { text: '', usedBytes: 0 }
  return { text: text.slice(0, roomBytes - 1), usedBytes: Math.min(roomBytes, text.length + 1) }
}

function renderNumber(conversion: Conversion, value: bigint, bits: number): string {
  const { letter } = conversion
  const signed = letter === 'd' || letter === 'i'
  const number = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
  const hex = letter === 'x' || letter === 'X'
  const digits = (number < 0n ? -number : number).toString(hex ? 16 : 10)
  return padNumber(conversion, signed ? signOf(conversion, number) : '', letter === 'X' ? digits.toUpperCase() : digits)
}

function signOf(conversion: Conversion, number: bigint): string {
  if (number < 0n) return '-'
  if (conversion.plus) return '+'
  return conversion.space ? ' ' : ''
}

function renderPointer(conversion: Conversion, value: bigint): string {
  const zeroPad = conversion.zeroPad || conversion.width === 0
  const width = conversion.width === 0 ? POINTER_DIGITS : conversion.width
  return padNumber({ ...conversion, zeroPad, width }, '', value.toString(16))
}

function padNumber(conversion: Conversion, sign: string, digits: string): string {
  const { left, zeroPad, width } = conversion
  if (left) return (sign + digits).padEnd(width)
  return zeroPad ? sign + digits.padStart(width - sign.length, '0') : (sign + digits).padStart(width)
}

function pad(conversion: Conversion, text: string): string {
  return conversion.left ? text.padEnd(conversion.width) : text.padStart(conversion.width)
}

/** The string at a guest address, up to its NUL and the room there is; empty where nothing is mapped. */
function readString(memory: GuestMemory, address: bigint, roomBytes: number): string {
  if (address < 1n || address >= BigInt(memory.byteLength)) return ''
  const start = Number(address)
  const bytes = memory.u8.subarray(start, start + Math.max(0, roomBytes - 1))
  const end = bytes.indexOf(0)
  return latin1(end < 0 ? bytes : bytes.subarray(0, end))
}

function readAddress(memory: GuestMemory, address: bigint, lengthBytes: number): Uint8Array {
  const fits = address > 0n && address + BigInt(lengthBytes) <= BigInt(memory.byteLength)
  return fits ? memory.read(Number(address), lengthBytes) : new Uint8Array(lengthBytes)
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
