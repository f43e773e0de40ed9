import { errorAt } from '../c-source-error.ts'
import type { Token } from '../lexer/token.ts'
import { unescaped } from './escapes.ts'

/**
 * The value of a character constant, an int: of several characters, each shifts the earlier ones by a byte, as gcc and
 * clang do; plain char is signed. With a prefix (L, u, U) it is the code point.
 *
 * @throws CSourceError C_TOKEN
 */
export function readCharacter(token: Token): bigint {
  const text = unescaped(token)
  if (text === '') throw errorAt(token, 'C_TOKEN', 'a character constant without a character')
  if (!token.spelling.startsWith("'")) return BigInt(text.codePointAt(0) as number)
  const bytes = bytesOf(text)
  if (bytes.length === 1) return BigInt.asIntN(8, BigInt(bytes[0] as number))
  return BigInt.asIntN(
    32,
    bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
  )
}

/** The bytes of a text: UTF-8, but a character below 256 that an escape made is that byte. */
export function bytesOf(text: string): number[] {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (code < 0x100) bytes.push(code)
    else bytes.push(...new TextEncoder().encode(character))
  }
  return bytes
}
