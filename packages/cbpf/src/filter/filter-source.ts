import { CbpfError, type CbpfErrorCode } from '../cbpf-error.ts'

/** Up to here an error quotes the expression from its start, and a caret can point to the place. */
const NEAR_START = 100
/** How much of it is quoted before the place elsewhere, and behind it. */
const QUOTED_BEFORE = 48
const QUOTED_BEHIND = 24

/** What an error tells besides its message. */
interface FilterErrorDetails {
  readonly got?: string
  readonly expected?: string
  readonly hint?: string
}

/** The text of an expression: what is wrong with it is told with a column. */
export class FilterSource {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** @param at offset of the first character that is meant */
  error(code: CbpfErrorCode, at: number, message: string, details: FilterErrorDetails = {}): CbpfError {
    const source = { file: 'expression', line: 1, column: at + 1, text: this.#surroundings(at) }
    return new CbpfError({ code, message, where: { source }, ...details })
  }

  syntaxError(at: number, details: FilterErrorDetails = {}): CbpfError {
    return this.error('CBPF_FILTER_SYNTAX', at, 'syntax error', details)
  }

  #surroundings(at: number): string {
    const end = at + QUOTED_BEHIND
    const behind = `${this.text.slice(at, end)}${end < this.text.length ? '...' : ''}`
    const quoted =
      at < NEAR_START ? this.text.slice(0, at) + behind : `...${this.text.slice(at - QUOTED_BEFORE, at)}-->${behind}`
    return quoted.replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ')
  }
}

/** Programs of longer ones no kernel takes. */
const MAX_LENGTH = 65_536

/** @throws CbpfError CBPF_FILTER_LIMIT */
export function requireShort(source: FilterSource): FilterSource {
  const { length } = source.text
  if (length <= MAX_LENGTH) return source
  throw source.error('CBPF_FILTER_LIMIT', MAX_LENGTH, 'the expression is too long', {
    got: `${length} characters`,
    expected: `at most ${MAX_LENGTH}`,
  })
}
