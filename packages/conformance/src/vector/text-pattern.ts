import type { TextPattern } from './expectation.ts'

/** Where a pattern was found: from, and just behind it. */
export interface Found {
  readonly start: number
  readonly end: number
}

/** Looks for a pattern in a text, from a place on. */
export type Finder = (text: string, from: number) => Found | undefined

/** As long as the kernel's own runner takes them. */
const MOST_CHARACTERS = 1024

/**
 * What looks for a pattern: verbatim text, with POSIX extended regular expressions between `{{` and `}}`. As with
 * REG_NEWLINE, `.` ends at a line's end and `^` and `$` hold at each.
 *
 * @throws SyntaxError for a `{{` without end, an expression that is none, or a pattern that is too long
 * @see compile_regex in tools/testing/selftests/bpf/test_loader.c (6.12)
 */
export function textFinder(pattern: TextPattern): Finder {
  if (!pattern.includes('{{')) return verbatimFinder(pattern)
  if (pattern.length > MOST_CHARACTERS) throw new SyntaxError(`a pattern of over ${MOST_CHARACTERS} characters`)
  const expression = new RegExp(pattern.split('{{').map(translatePart).join(''), 'gm')
  return (text, from) => {
    expression.lastIndex = from
    const found = expression.exec(text)
    return found === null ? undefined : { start: found.index, end: found.index + found[0].length }
  }
}

function verbatimFinder(pattern: string): Finder {
  return (text, from) => {
    const start = text.indexOf(pattern, from)
    return start < 0 ? undefined : { start, end: start + pattern.length }
  }
}

/** What stands between two `{{`: but for the first, an expression, `}}`, and verbatim text. */
function translatePart(part: string, index: number): string {
  if (index === 0) return escaped(part)
  const end = part.indexOf('}}')
  if (end < 0) throw new SyntaxError('a {{ without }}')
  return `(?:${fromPosix(part.slice(0, end))})${escaped(part.slice(end + 2))}`
}

const escaped = (text: string): string => text.replaceAll(/[.[\]\\()*+?{}|^$/-]/g, '\\$&')

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: '0-9A-Za-z',
  upper: 'A-Z',
  lower: 'a-z',
  space: ' \\t-\\r',
  blank: ' \\t',
  xdigit: '0-9A-Fa-f',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\0-\\x1f\\x7f',
}

/** `[`, what is in it (a `]` that comes first is one of the characters), and `]`. */
const BRACKET = /\[(\^?)(\]?(?:\[:[a-z]+:\]|[^\]])*)\]/g

/** An extended regular expression of POSIX in JavaScript's words: they differ in brackets, where POSIX escapes nothing. */
function fromPosix(expression: string): string {
  return expression.replaceAll(BRACKET, (_, not: string, content: string) => {
    const inside = content
      .split(/\[:([a-z]+):\]/)
      .map((text, index) => (index % 2 === 0 ? text.replaceAll(/[\\[\]]/g, '\\$&') : classNamed(text)))
    return `[${not}${inside.join('')}${not === '' ? '' : '\\n'}]`
  })
}

function classNamed(name: string): string {
  const found = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined
  if (found === undefined) throw new SyntaxError(`no such class of characters: ${name}`)
  return found
}

/** The first pattern that does not follow those before it; undefined when all do. */
export function firstMissing(text: string, patterns: readonly TextPattern[]): TextPattern | undefined {
  let from = 0
  for (const pattern of patterns) {
    const found = textFinder(pattern)(text, from)
    if (found === undefined) return pattern
    from = found.end
  }
  return undefined
}

/** Stands for any number of lines. */
const ANY_LINES = '...'

/**
 * The first pattern that is not found on the line after the one before, or on a later line where `"..."` stands between;
 * undefined when all are. The first may be anywhere.
 */
export function firstMisplaced(text: string, patterns: readonly TextPattern[]): TextPattern | undefined {
  let from = 0
  let line = -1
  let anywhere = true
  for (const pattern of patterns) {
    if (pattern === ANY_LINES) anywhere = true
    else {
      const found = textFinder(pattern)(text, from)
      if (found === undefined) return pattern
      const at = countLines(text, found.start)
      if (!anywhere && at !== line + 1) return pattern
      from = found.end
      line = at
      anywhere = false
    }
  }
  return undefined
}

function countLines(text: string, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
