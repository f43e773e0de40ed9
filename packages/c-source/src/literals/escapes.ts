import { errorAt } from '../c-source-error.ts'
import type { Token } from '../lexer/token.ts'

/** Simple escape sequences (C11 6.4.4.4) and GNU's \e. */
const SIMPLE: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  a: 7,
  b: 8,
  f: 12,
  v: 11,
  e: 27,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
}

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]+)|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu

/**
 * What stands between the quotes of a string or character constant, escapes resolved. Octal and hexadecimal ones give the
 * character of that number: a text of bytes, where all are below 256.
 *
 * @throws CSourceError C_TOKEN
 */
export function unescaped(token: Token): string {
  const open = token.spelling.search(/["']/)
  const text = token.spelling.slice(open + 1, -1)
  if (!text.includes('\\')) return text
  return text.replace(ESCAPE, (whole, octal?: string, hex?: string, short?: string, long?: string, simple?: string) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex.slice(-8), 16) & 0xff)
    const universal = short ?? long
    const code = universal === undefined ? SIMPLE[simple as string] : Number.parseInt(universal, 16)
    if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code)
    throw errorAt(token, 'C_TOKEN', 'an escape sequence that C does not have', { got: whole })
  })
}
