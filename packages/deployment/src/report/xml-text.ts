const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What markup can't hold: controls other than tab and line ends, halves of surrogate pairs, noncharacters. */
const UNPRINTABLE = /(?![\t\n\r])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

/** Text for XML or HTML: elements, and attributes in double quotes. Characters that XML can't hold are shown as `\x1b`. */
export function xmlText(text: string | number): string {
  return String(text)
    .replace(UNPRINTABLE, (found) => `\\x${found.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"]/g, (found) => ENTITIES[found] ?? found)
}
