/**
 * The format strings of bpf_trace_printk, bpf_trace_vprintk and bpf_snprintf: a subset of the kernel's printk formats.
 *
 * ```
 *  % [0 + - space]* [width] d i u x X        int          %c  one byte
 *  % [0 + - space]* [width] l ll d i u x X   long         %s  string; %pks %pus the same
 *  %p %px %pK  pointer, 16 hex digits     %ps %pS %pB  symbol: 0x and hex digits, as for an address without one
 *  %pI4 %pi4 %pI6 %pi6  address bytes in memory            %%  a percent sign
 * ```
 *
 * @see kernel/bpf/helpers.c (bpf_bprintf_prepare), Documentation/core-api/printk-formats.rst
 */
import { ERRNO } from './errno.ts'

/** How a conversion reads and shows its argument. */
export type ConversionKind = 'int' | 'long' | 'char' | 'string' | 'pointer' | 'symbol' | 'ip4' | 'ip6'

/** One conversion of a format string. */
export interface Conversion {
  readonly kind: ConversionKind
  /** Letter that decides the rendering: d, i, u, x, X of numbers; I or i of addresses. */
  readonly letter: string
  readonly zeroPad: boolean
  readonly plus: boolean
  readonly left: boolean
  readonly space: boolean
  readonly width: number
}

/** A format string taken apart: text and conversions in order. */
export type FormatPart = string | Conversion

/** Text, what stands in front of a conversion letter, and the letters themselves. */
const CONVERSION = /^([0+\- ]*)([1-9][0-9]*)?(p(?:[ku]s|[KxsSB]|[iI][46])?|s|c|l{0,2}[diuxX])/
/** What may follow %s, %pks and a bare %p: nothing, white space or punctuation (of Latin-1, as the kernel's ctype has it). */
const ENDS_CONVERSION = /^(?:$|[\s!-/:-@[-`{-~\xa0-\xbf\xd7\xf7])/
/** Letters and digits of Latin-1, as the kernel's ctype has them. */
const LETTERS = /^[0-9A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff]*/
const DELETE = 0x7f

/** Control characters other than white space are refused; bytes from 0x80 on pass, for UTF-8. */
function hasControl(format: string): boolean {
  for (let at = 0; at < format.length; at++) {
    const code = format.charCodeAt(at)
    if (code === DELETE || (code < 0x20 && !(code >= 0x09 && code <= 0x0d))) return true
  }
  return false
}

/**
 * Takes a format string apart.
 *
 * @param format one character a byte (Latin-1), without its NUL
 * @param mostArguments conversions that there are arguments for
 * @returns the parts, or -EINVAL
 */
export function parsePrintkFormat(format: string, mostArguments: number): FormatPart[] | number {
  if (hasControl(format)) return -ERRNO.EINVAL
  const parts: FormatPart[] = []
  let at = 0
  let conversions = 0
  while (at < format.length) {
    const percent = format.indexOf('%', at)
    if (percent < 0) break
    if (percent > at) parts.push(format.slice(at, percent))
    at = percent + 2
    if (format[percent + 1] === '%') {
      parts.push('%')
      continue
    }
    const match = CONVERSION.exec(format.slice(percent + 1))
    if (match === null || conversions === mostArguments) return -ERRNO.EINVAL
    const [all, flags, width, what] = match as unknown as [string, string, string | undefined, string]
    at = percent + 1 + all.length
    if (/^(?:p|s|p[ku]s)$/.test(what) && !ENDS_CONVERSION.test(format.slice(at, at + 1))) return -ERRNO.EINVAL
    parts.push(conversion(flags, width, what))
    // The kernel skips whatever letters and digits stand after a %p, meant for it or not: "%pI4th" shows no "th".
    if (what.startsWith('p')) at += LETTERS.exec(format.slice(at))?.[0].length ?? 0
    conversions++
  }
  if (at < format.length) parts.push(format.slice(at))
  return parts
}

function conversion(flags: string, width: string | undefined, what: string): Conversion {
  return {
    kind: kindOf(what),
    letter: /^p[iI]/.test(what) ? what.charAt(1) : what.charAt(what.length - 1),
    zeroPad: flags.includes('0'),
    plus: flags.includes('+'),
    left: flags.includes('-'),
    space: flags.includes(' '),
    // %pks and its like are copied before the text is formatted: the field width has no effect.
    width: COPIED.test(what) ? 0 : Math.min(Number(width ?? 0), WIDEST),
  }
}

const COPIED = /^p(?:[ku]s|B|[iI][46])$/
/** FIELD_WIDTH_MAX: the kernel clips wider fields. */
const WIDEST = 2 ** 23 - 1

// biome-ignore format: table
const KINDS: readonly (readonly [RegExp, ConversionKind])[] = [
  [/^c$/,         'char'],
  [/^s$|^p[ku]s$/, 'string'],
  [/^p[xK]?$/,    'pointer'],
  [/^p[sSB]$/,    'symbol'],
  [/^p[iI]4$/,    'ip4'],
  [/^p[iI]6$/,    'ip6'],
  [/^l/,          'long'],
]

const kindOf = (what: string): ConversionKind => KINDS.find(([form]) => form.test(what))?.[1] ?? 'int'
