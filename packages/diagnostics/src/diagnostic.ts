import { formatPlace, type Place, type SourceSpan } from './place.ts'

/** What a {@link Diagnostic} is made of. */
export interface DiagnosticFields {
  /** Stable, upper-case, prefixed by its domain: `ELF_TRUNCATED`, `MAP_MAX_ENTRIES`. Never reused for another meaning. */
  readonly code: string
  /** One line, no full stop, no code, no place. */
  readonly message: string
  readonly where?: Place
  /** What was found, in the words of the field. */
  readonly got?: string | number
  /** What would have been right. */
  readonly expected?: string | number
  /** What the user can do about it; one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The JSON form, as commands print it under `--json`. */
export interface DiagnosticJson {
  readonly code: string
  readonly message: string
  readonly where?: Place
  readonly got?: string | number
  readonly expected?: string | number
  readonly hint?: string
}

/**
 * The base of every error that a bpfoundry package throws at bad input. A package has one subclass of its own, so that
 * `instanceof` tells the domain and `code` the case. Defects of ours throw plain `Error`s.
 *
 * `String(error)` is one line: `ELF_TRUNCATED: section header table ends past the file (a.o, offset 0x40)`.
 */
export class Diagnostic extends Error implements DiagnosticFields {
  readonly code: string
  readonly where?: Place
  readonly got?: string | number
  readonly expected?: string | number
  readonly hint?: string

  constructor(fields: DiagnosticFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = new.target.name
    this.code = fields.code
    if (fields.where !== undefined) this.where = fields.where
    if (fields.got !== undefined) this.got = fields.got
    if (fields.expected !== undefined) this.expected = fields.expected
    if (fields.hint !== undefined) this.hint = fields.hint
  }

  override toString(): string {
    const place = this.where === undefined ? '' : formatPlace(this.where)
    return `${this.code}: ${this.message}${place === '' ? '' : ` (${place})`}`
  }

  /** Several lines for people: the one-line form, then place with source text, got, expected and hint where known. */
  format(): string {
    const lines = [`${this.code}: ${this.message}`]
    const place = this.where === undefined ? '' : formatPlace(this.where)
    if (place !== '') lines.push(`  at       ${place}`)
    if (this.where?.source !== undefined) lines.push(...quote(this.where.source))
    if (this.got !== undefined) lines.push(`  got      ${this.got}`)
    if (this.expected !== undefined) lines.push(`  expected ${this.expected}`)
    if (this.hint !== undefined) lines.push(`  hint     ${this.hint}`)
    return lines.join('\n')
  }

  toJSON(): DiagnosticJson {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.got === undefined ? {} : { got: this.got }),
      ...(this.expected === undefined ? {} : { expected: this.expected }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    }
  }

  /** The same error, located more exactly: fields of `where` that are not known yet are added. */
  at(where: Place): this {
    const merged: Place = { ...where, ...this.where }
    Object.defineProperty(this, 'where', { value: merged, enumerable: true, configurable: true })
    return this
  }
}

const MARGIN = ' '.repeat(11)

/** The line of a source, and below it a caret where its column is known. */
function quote({ text, column }: SourceSpan): readonly string[] {
  if (text === undefined) return []
  const line = `${MARGIN}${text.trim()}`
  const before =
    column === undefined ? undefined : text.trimEnd().slice(text.length - text.trimStart().length, column - 1)
  if (column === undefined || before === undefined || column > text.trimEnd().length + 1) return [line]
  return [line, `${MARGIN}${before.replaceAll(/[^\t]/g, ' ')}^`]
}

/** True for a {@link Diagnostic}, also one of another copy of this package. */
export function isDiagnostic(error: unknown): error is Diagnostic {
  return error instanceof Error && typeof (error as Partial<Diagnostic>).code === 'string' && 'format' in error
}
