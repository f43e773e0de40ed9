import type { FilterSource } from '../filter-source.ts'

/** Digits of numbers by how they begin. */
// biome-ignore format: table
const RADIXES: readonly (readonly [prefix: RegExp, radix: number, digits: RegExp, name: string])[] = [
  [/^0[xX]/, 16, /^[0-9A-Fa-f]+$/, 'hexadecimal'],
  [/^0(?=.)/, 8,  /^[0-7]+$/,       'octal'],
  [/^/,       10, /^[0-9]+$/,       'decimal'],
]

/**
 * A number as C writes it: `0x1f`, `017`, `15`.
 *
 * @throws CbpfError CBPF_FILTER_SYNTAX where it has a wrong digit, or more than 32 bits
 */
export function readNumber(text: string, source: FilterSource, at: number): number {
  const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text
  for (const [prefix, radix, digits, name] of RADIXES) {
    if (!prefix.test(text)) continue
    const rest = text.replace(prefix, '')
    if (!digits.test(rest)) {
      throw source.error('CBPF_FILTER_SYNTAX', at, `number ${shown} contains non-${name} digit`)
    }
    const value = Number.parseInt(rest, radix)
    if (value <= 0xffffffff) return value
    throw source.error('CBPF_FILTER_SYNTAX', at, `number ${shown} overflows 32 bits`)
  }
  throw source.syntaxError(at)
}

/** Bytes of an IPv4 address or of its first parts: `10.1` is 0x0a01 with 16 bits. Undefined where a part is no byte. */
export function readIpv4(text: string): { readonly value: number; readonly bits: number } | undefined {
  const parts = text.split('.')
  let value = 0
  for (const part of parts) {
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return { value, bits: 8 * parts.length }
}

/** The four words of an IPv6 address. Undefined where its dotted end is no IPv4 address. */
export function readIpv6(text: string): readonly number[] | undefined {
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0]
  const ipv4 = dotted === undefined ? undefined : readIpv4(dotted)
  if (dotted !== undefined && ipv4 === undefined) return undefined
  const hex = (value: number): string => value.toString(16)
  const ending = ipv4 === undefined ? '' : `${hex(ipv4.value >>> 16)}:${hex(ipv4.value & 0xffff)}`
  const [before = '', behind] = text
    .slice(0, text.length - (dotted?.length ?? 0))
    .concat(ending)
    .split('::')
  const groupsOf = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [head, tail] = [groupsOf(before), behind === undefined ? [] : groupsOf(behind)]
  const groups = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return [0, 2, 4, 6].map((index) => (((groups[index] as number) << 16) | (groups[index + 1] as number)) >>> 0)
}

/** The six bytes of a MAC address in any of its forms. */
export function readMac(text: string): readonly number[] {
  const parts = text.split(/[:\-.]/)
  if (parts.length === 6) return parts.map((part) => Number.parseInt(part, 16))
  const digits = parts.join('')
  return [0, 2, 4, 6, 8, 10].map((index) => Number.parseInt(digits.slice(index, index + 2), 16))
}
