import { IsaError } from './isa-error.ts'

export type TokenKind = 'number' | 'label_ref' | 'word' | 'punct' | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** From 1. */
  readonly column: number
  readonly value?: bigint
}

/** One line of assembly and where it stands, for errors. */
export interface AsmLine {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** An error at a token of a line; the whole line goes along, so that a caret can be drawn. */
export function asmError(
  code: 'ISA_SYNTAX' | 'ISA_NO_SUCH_INSN' | 'ISA_IMMEDIATE' | 'ISA_LABEL',
  line: AsmLine,
  column: number,
  message: string,
  got?: string,
  expected?: string,
): IsaError {
  return new IsaError({
    code,
    message,
    where: { source: { file: line.file, line: line.line, column, text: line.text } },
    ...(got === undefined ? {} : { got }),
    ...(expected === undefined ? {} : { expected }),
  })
}

// The order matters: `1f` refers to a label, `0b1` and `0x1f` are numbers; `s>>=` is one operator, not the word `s`.
// biome-ignore format: table
const RULES: readonly (readonly [kind: TokenKind, pattern: RegExp])[] = [
  ['label_ref', /\d+[bf](?!\w)/y],
  ['number',    /(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])(?!\w)/y],
  ['punct',     /s(?:>>=|>=|<=|>|<|\/=|%=)/y],
  ['word',      /[A-Za-z_.$][\w.$]*/y],
  ['punct',     />>=|<<=|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|==|!=|>=|<=|<<|>>|[-+*/%&|^~()[\],:=<>#]/y],
]

/** A decimal, hexadecimal (0x), binary (0b) or, with a leading 0, octal number as C writes them. */
function numberValue(text: string): bigint | undefined {
  const digits = text.replace(/[uUlL]+$/, '')
  if (/^0\d/.test(digits)) return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined
  return BigInt(digits)
}

/** Digits beyond this can't be a value of 64 bits in any radix, and would only cost time. */
const LONGEST_NUMBER = 80

/**
 * The tokens of one line from `column` on, an `end` token last.
 *
 * @throws {IsaError} `ISA_SYNTAX` at what is no token
 */
export function tokenize(line: AsmLine, text: string, column: number): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      at++
      continue
    }
    const token = matchToken(line, text, at, column)
    tokens.push(token)
    at += token.text.length
  }
  tokens.push({ kind: 'end', text: '', column: column + text.trimEnd().length })
  return tokens
}

function matchToken(line: AsmLine, text: string, at: number, column: number): Token {
  for (const [kind, pattern] of RULES) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) continue
    if (kind !== 'number') return { kind, text: found, column: column + at }
    const value = found.length > LONGEST_NUMBER ? undefined : numberValue(found)
    if (value === undefined) throw asmError('ISA_SYNTAX', line, column + at, 'not a number', found)
    return { kind, text: found, column: column + at, value }
  }
  const got = String.fromCodePoint(text.codePointAt(at) as number)
  throw asmError('ISA_SYNTAX', line, column + at, 'unexpected character', got)
}
