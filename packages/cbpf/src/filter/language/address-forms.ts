/** Forms of addresses as regular expressions that match at a place (`y`); the longest match counts. */

/** A number, decimal or hexadecimal. */
const N = '(?:0[xX][0-9A-Fa-f]+|[0-9]+)'
/** A byte, two bytes, and a group of an IPv6 address, hexadecimal. */
const B = '[0-9A-Fa-f]{1,2}'
const B2 = '[0-9A-Fa-f]{4}'
const W = '[0-9A-Fa-f]{1,4}'
const DOTTED = `${N}\\.${N}\\.${N}\\.${N}`

const repeated = (part: string, separator: string, count: number): string => Array(count).fill(part).join(separator)
const sticky = (...sources: string[]): RegExp[] => sources.map((source) => new RegExp(source, 'y'))

/** IPv6 addresses of `groups` groups before an ending: all of them, or fewer around a `::`. */
function ipv6Sources(groups: number, ending: string): string[] {
  const whole = `${repeated(W, ':', groups)}${ending === '' ? '' : `:${ending}`}`
  const sources = [whole]
  for (let before = 0; before < groups; before++) {
    for (let behind = 0; before + behind < groups; behind++) {
      const tail = [...Array<string>(behind).fill(W), ...(ending === '' ? [] : [ending])].join(':')
      sources.push(`${repeated(W, ':', before)}::${tail}`)
    }
  }
  return sources
}

export const MAC_FORMS: readonly RegExp[] = sticky(
  repeated(B, ':', 6),
  repeated(B, '-', 6),
  repeated(B, '\\.', 6),
  repeated(B2, '\\.', 3),
  repeated(B2, '', 3),
)
export const IPV4_FORMS: readonly RegExp[] = sticky(DOTTED, `${N}\\.${N}\\.${N}`, `${N}\\.${N}`)
export const IPV6_FORMS: readonly RegExp[] = sticky(...ipv6Sources(8, ''), ...ipv6Sources(6, DOTTED))
/** Nearly a MAC address. */
export const BOGUS_MAC_FORMS: readonly RegExp[] = sticky(`${B}:+(?:${B}:+)+`)
export const NUMBER_FORMS: readonly RegExp[] = sticky(N)
export const ARCNET_FORMS: readonly RegExp[] = sticky(`\\$${B}`)

/** Characters that the longest of these forms match at a place; 0 where none does. */
export function longestMatch(forms: readonly RegExp[], text: string, at: number): number {
  let longest = 0
  for (const form of forms) {
    form.lastIndex = at
    if (form.test(text)) longest = Math.max(longest, form.lastIndex - at)
  }
  return longest
}
