/**
 * Characters that XML or HTML have no way to write, not even as a reference: controls, halves of surrogate pairs,
 * noncharacters.
 *
 * @see https://www.w3.org/TR/xml/#charsets
 * @see https://html.spec.whatwg.org/multipage/parsing.html#preprocessing-the-input-stream
 */
const NOT_IN_MARKUP = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

/** Shows characters that markup can't hold as `\x1b`; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replace(NOT_IN_MARKUP, (character) => (KEPT.has(character) ? character : written(character)))
}

const KEPT: ReadonlySet<string> = new Set(['\t', '\n', '\r'])

function written(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
}
