import { printable } from '../printable.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text of an element; a character that XML can't hold is shown as `\x1b`. */
export function xmlText(text: string): string {
  return printable(text).replace(/[&<>\r]/g, (found) => ENTITIES[found] ?? '&#13;')
}

/** Value of an attribute, in quotes; line breaks and tabs survive. */
export function xmlAttribute(text: string): string {
  const escaped = printable(text).replace(/[&<>"]/g, (found) => ENTITIES[found] ?? found)
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
