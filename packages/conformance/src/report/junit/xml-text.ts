/**
 * All but the characters of XML 1.0: it has no way to write the others, not even as a reference.
 *
 * @see https://www.w3.org/TR/xml/#charsets
 */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text of an element; a character that XML can't hold is shown as `\x1b`. */
export function xmlText(text: string): string {
  return text.replace(NOT_IN_XML, visible).replace(/[&<>]|\r/g, (found) => ENTITIES[found] ?? '&#13;')
}

/** Value of an attribute, in quotes; line breaks and tabs survive. */
export function xmlAttribute(text: string): string {
  const escaped = text.replace(NOT_IN_XML, visible).replace(/[&<>"]/g, (found) => ENTITIES[found] ?? found)
  return `"${escaped.replace(/[\t\n\r]/g, (found) => `&#${found.charCodeAt(0)};`)}"`
}

/** `<name a="1">`, or `<name a="1"/>`; attributes that are undefined are left out. */
export function xmlTag(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  end: '>' | '/>',
): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}=${xmlAttribute(String(value))}`],
  )
  return `<${name}${written.join('')}${end}`
}

function visible(character: string): string {
  const code = character.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
