import type { FilterSource } from '../filter-source.ts'
import {
  ARCNET_FORMS,
  BOGUS_MAC_FORMS,
  IPV4_FORMS,
  IPV6_FORMS,
  longestMatch,
  MAC_FORMS,
  NUMBER_FORMS,
} from './address-forms.ts'
import { readNumber } from './number-text.ts'
import type { Token, TokenContent } from './token.ts'
import { wordContent } from './words.ts'

const SPACE = /[ \r\n\t]+/y
/** Signs of two characters before those of one. */
const SIGN_FORMS: readonly RegExp[] = [/&&|\|\||>=|<=|!=|==|<</y, />>|[+\-*/:[\]!<>()&|^=%]/y]
const NAME_FORMS: readonly RegExp[] = [/[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y]
const QUOTED_NAME_FORMS: readonly RegExp[] = [/\\[^ !()\n\t]+/y]

/** Signs that are words of the grammar, or other signs. */
const SIGN_CONTENTS: Readonly<Record<string, TokenContent>> = {
  '&&': { kind: 'word', word: 'and' },
  '||': { kind: 'word', word: 'or' },
  '!': { kind: 'word', word: 'not' },
  '==': { kind: 'sign', sign: '=' },
}

type Read = (text: string, source: FilterSource, at: number) => TokenContent

const plain = (content: TokenContent): Read => {
  return () => content
}

/** What a token may look like. The longest match counts; of two that are as long, the first. */
// biome-ignore format: table
const FORMS: readonly (readonly [forms: readonly RegExp[], read: Read])[] = [
  [SIGN_FORMS,        (text) => SIGN_CONTENTS[text] ?? { kind: 'sign', sign: text }],
  [ARCNET_FORMS,      plain({ kind: 'arcnet' })],
  [MAC_FORMS,         plain({ kind: 'mac' })],
  [NUMBER_FORMS,      (text, source, at) => ({ kind: 'number', value: readNumber(text, source, at) })],
  [IPV4_FORMS,        plain({ kind: 'ipv4' })],
  [IPV6_FORMS,        plain({ kind: 'ipv6' })],
  [BOGUS_MAC_FORMS,   bogusMac],
  [NAME_FORMS,        (text) => wordContent(text) ?? { kind: 'name' }],
  [QUOTED_NAME_FORMS, plain({ kind: 'name' })],
]

/** Only these can begin as they do; spares the others the test. */
const ADDRESS_START = /[0-9A-Fa-f:$]/
const PLACED_BY_NAME = FORMS.filter(([forms]) => forms === NAME_FORMS)

/**
 * Cuts an expression into tokens, the last of which is its end.
 *
 * @throws CbpfError CBPF_FILTER_SYNTAX
 */
export function tokenize(source: FilterSource): Token[] {
  const { text } = source
  const tokens: Token[] = []
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const token = tokenAt(source, at)
    at = skipSpace(text, at + token.text.length)
    tokens.push(token.kind === 'name' && token.text.startsWith('\\') ? { ...token, text: token.text.slice(1) } : token)
  }
  tokens.push({ kind: 'end', text: '', at: text.trimEnd().length })
  return tokens
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at
  return SPACE.test(text) ? SPACE.lastIndex : at
}

function tokenAt(source: FilterSource, at: number): Token {
  const first = source.text.charAt(at)
  const forms = /[g-zG-Z]/.test(first) ? PLACED_BY_NAME : FORMS
  let longest = 0
  let read: Read | undefined
  for (const [alternatives, readForm] of forms) {
    if (alternatives === IPV6_FORMS && !ADDRESS_START.test(first)) continue
    const length = longestMatch(alternatives, source.text, at)
    if (length <= longest) continue
    longest = length
    read = readForm
  }
  if (read === undefined) throw source.syntaxError(at, { got: `the character ${JSON.stringify(first)}` })
  const text = source.text.slice(at, at + longest)
  return { ...read(text, source, at), text, at }
}

function bogusMac(text: string, source: FilterSource, at: number): never {
  throw source.error('CBPF_FILTER_SYNTAX', at, `bogus ethernet address ${text.slice(0, 40)}`, {
    expected: 'six bytes: 02:00:00:00:00:01',
  })
}
