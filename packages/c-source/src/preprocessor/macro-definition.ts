import { errorAt } from '../c-source-error.ts'
import { isPunctuator, type Token } from '../lexer/token.ts'
import type { BodyItem, Macro } from './macro.ts'

/**
 * Reads what follows `#define`.
 *
 * @param line the tokens of the line after `define`, without an end
 * @param place the directive, for errors
 * @throws CSourceError C_MACRO
 */
export function readDefinition(line: readonly Token[], place: Token): Macro {
  const name = line[0]
  if (name?.kind !== 'identifier' || name.spelling === 'defined') {
    throw errorAt(name ?? place, 'C_MACRO', 'a macro needs a name', { got: name?.spelling ?? 'the end of the line' })
  }
  const open = line[1]
  if (open === undefined || open.spaced || !isPunctuator(open, '(')) return objectLike(name, line.slice(1))
  const { parameters, variadic, end } = readParameters(line, name)
  const body = readBody(line.slice(end), parameters, variadic, true)
  return { name: name.spelling, parameters, variadic, body, plain: isPlain(body), disabled: false }
}

function objectLike(name: Token, line: readonly Token[]): Macro {
  const body = readBody(line, [], false, false)
  return { name: name.spelling, parameters: undefined, variadic: false, body, plain: isPlain(body), disabled: false }
}

function isPlain(body: readonly BodyItem[]): boolean {
  return body.every((item) => item.parameter < 0 && item.optional === undefined && !item.pastesNext)
}

interface Parameters {
  readonly parameters: string[]
  readonly variadic: boolean
  /** Index of the first token of the body. */
  readonly end: number
}

/** `(a, b, ...)` or GNU's `(a, rest...)`. */
function readParameters(line: readonly Token[], name: Token): Parameters {
  const parameters: string[] = []
  let variadic = false
  let at = 2
  if (isAt(line, at, ')')) return { parameters, variadic, end: at + 1 }
  for (;;) {
    const token = line[at]
    if (variadic || token === undefined) throw wrongParameter(token ?? name, 'a list of parameters that never ends')
    if (isPunctuator(token, '...')) {
      parameters.push('__VA_ARGS__')
      variadic = true
    } else if (token.kind === 'identifier' && !parameters.includes(token.spelling)) {
      parameters.push(token.spelling)
      variadic = isAt(line, at + 1, '...')
      if (variadic) at++
    } else throw wrongParameter(token, 'a parameter must be a name, and each another')
    at++
    if (isAt(line, at, ')')) return { parameters, variadic, end: at + 1 }
    if (!isAt(line, at, ',')) throw wrongParameter(line[at] ?? name, 'parameters are separated by commas')
    at++
  }
}

function isAt(line: readonly Token[], at: number, spelling: string): boolean {
  const token = line[at]
  return token !== undefined && isPunctuator(token, spelling)
}

function wrongParameter(token: Token, message: string): Error {
  return errorAt(token, 'C_MACRO', message, { got: token.spelling })
}

/** The replacement list, with `#` and `##` turned into marks of the items they work on. */
function readBody(
  line: readonly Token[],
  parameters: readonly string[],
  variadic: boolean,
  functionLike: boolean,
): BodyItem[] {
  const items: BodyItem[] = []
  let pastesPrevious = false
  for (let at = 0; at < line.length; at++) {
    let token = line[at] as Token
    if (isPunctuator(token, '##')) {
      const previous = items.at(-1)
      if (previous === undefined || at + 1 === line.length) {
        throw errorAt(token, 'C_MACRO', '## needs a token on both sides')
      }
      items[items.length - 1] = { ...previous, pastesNext: true }
      pastesPrevious = true
      continue
    }
    const stringized = functionLike && isPunctuator(token, '#')
    if (stringized) {
      const operand = line[++at]
      if (operand === undefined) throw errorAt(token, 'C_MACRO', '# needs a parameter after it')
      token = { ...operand, spaced: token.spaced }
    }
    const parameter = token.kind === 'identifier' ? parameters.indexOf(token.spelling) : -1
    const common = { token, parameter, stringized, pastesNext: false, pastesPrevious }
    pastesPrevious = false
    if (variadic && token.spelling === '__VA_OPT__' && isAt(line, at + 1, '(')) {
      const end = closing(line, at + 1)
      items.push({ ...common, optional: readBody(line.slice(at + 2, end), parameters, variadic, true) })
      at = end
    } else {
      if (stringized && parameter < 0) {
        throw errorAt(token, 'C_MACRO', '# needs a parameter after it', { got: token.spelling })
      }
      items.push(common)
    }
  }
  return items
}

function closing(line: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < line.length; at++) {
    if (isAt(line, at, '(')) depth++
    if (isAt(line, at, ')') && --depth === 0) return at
  }
  throw errorAt(line[open] as Token, 'C_MACRO', '__VA_OPT__ without its closing parenthesis')
}

/** Whether a second definition says the same as the first (C11 6.10.3): then it is no redefinition. */
export function sameDefinition(a: Macro, b: Macro): boolean {
  return definitionText(a) === definitionText(b)
}

function definitionText({ parameters, variadic, body }: Macro): string {
  return JSON.stringify([parameters, variadic, bodyText(body)])
}

function bodyText(body: readonly BodyItem[]): unknown {
  return body.map(({ token, optional, stringized, pastesNext }, index) => [
    token.spelling,
    index > 0 && token.spaced,
    stringized,
    pastesNext,
    optional === undefined ? null : bodyText(optional),
  ])
}
