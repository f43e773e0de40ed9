import { CbpfError, type CbpfErrorCode } from '../cbpf-error.ts'

/** How much of the expression an error quotes before and behind the place. */
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
    const source = { file: 'expression', line: 1, column: at + 1, text: this.#marked(at) }
    return new CbpfError({ code, message, where: { source }, ...details })
  }

  syntaxError(at: number, details: FilterErrorDetails = {}): CbpfError {
    return this.error('CBPF_FILTER_SYNTAX', at, 'syntax error', details)
  }

  /** The surroundings of a place, which `-->` points to. */
  #marked(at: number): string {
    const from = Math.max(0, at - QUOTED_BEFORE)
    const to = at + QUOTED_BEHIND
    const before = `${from > 0 ? '...' : ''}${this.text.slice(from, at)}`
    const behind = `${this.text.slice(at, to)}${to < this.text.length ? '...' : ''}`
    return `${before}-->${behind}`.replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ')
  }
}
