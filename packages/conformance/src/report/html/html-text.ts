import { printable } from '../printable.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text of an element, or of an attribute in double quotes. */
export function htmlText(text: string | number): string {
  return printable(String(text)).replace(/[&<>"]/g, (found) => ENTITIES[found] ?? found)
}

/**
 * JSON for a `<script type="application/json">`: nothing in it can end the element, whatever the texts hold.
 *
 * @see https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
 */
export function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]|</g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** 1234567 as 1,234,567. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** Seconds with as many digits as tell something. */
export function secondsText(seconds: number): string {
  if (seconds >= 100) return count(Math.round(seconds))
  return seconds.toFixed(seconds >= 10 ? 1 : seconds >= 0.1 ? 2 : 3)
}
