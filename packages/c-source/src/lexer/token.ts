import type { SourceSpan } from '@bpfoundry/diagnostics'

/** Kinds of preprocessing tokens (C11 6.4). A number is any pp-number; `broken` is a quote that is never closed. */
export type TokenKind =
  | 'identifier'
  | 'number'
  | 'character'
  | 'string'
  | 'punctuator'
  | 'broken'
  | 'placemarker'
  | 'end'

/** A preprocessing token and where it stands: what a macro makes stands where the outermost call of the file does. */
export interface Token extends SourceSpan {
  readonly kind: TokenKind
  readonly spelling: string
  readonly column: number
  /** White space or a comment stands before it. */
  readonly spaced: boolean
  /** The first of its line. */
  readonly startsLine: boolean
  /** Names a macro that was being replaced when it was read, so it is never replaced again (C11 6.10.3.4). */
  readonly painted: boolean
}

/** A place without the token that stands there: what errors and results keep. */
export function spanOf({ file, line, column }: SourceSpan): SourceSpan {
  return column === undefined ? { file, line } : { file, line, column }
}

/** The same token at another place: where a macro is called, say. */
export function movedTo(token: Token, place: Token, spaced: boolean): Token {
  return {
    kind: token.kind,
    spelling: token.spelling,
    file: place.file,
    line: place.line,
    column: place.column,
    spaced,
    startsLine: false,
    painted: token.painted,
  }
}

/** A token that stands nowhere in the text: made by `#`, `##` or a built-in macro. */
export function madeToken(kind: TokenKind, spelling: string, place: Token): Token {
  return {
    kind,
    spelling,
    file: place.file,
    line: place.line,
    column: place.column,
    spaced: place.spaced,
    startsLine: false,
    painted: false,
  }
}

/** True for the punctuator `spelling`, which a string of the same letters is not. */
export function isPunctuator(token: Token, spelling: string): boolean {
  return token.spelling === spelling && token.kind === 'punctuator'
}

/** Tokens as they would be written on a line. */
export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ spelling, spaced }, index) => (spaced && index > 0 ? ` ${spelling}` : spelling)).join('')
}

/** The first place of a file, for errors about the file. */
export function startOf(file: string): Token {
  const flags = { spaced: false, startsLine: true, painted: false }
  return { kind: 'end', spelling: '', file, line: 1, column: 1, ...flags }
}
