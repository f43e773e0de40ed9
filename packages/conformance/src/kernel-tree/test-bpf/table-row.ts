import type { CFields, CValue } from '@bpfoundry/c-source'
import type { SourceSpan } from '@bpfoundry/diagnostics'
import { errorAt } from '../../conformance-error.ts'

type ValueOf<Kind extends CValue['kind']> = Extract<CValue, { readonly kind: Kind }>

/** A structure of a table, by member. What is not initialised is zero, as in C. */
export class TableRow {
  /** Where its brace stands. */
  readonly span: SourceSpan
  readonly #fields: CFields['fields']

  /** @throws ConformanceError CONFORMANCE_SOURCE for a value that is no structure */
  constructor(value: CValue | undefined, around: SourceSpan) {
    const { fields, span } = expectKind(value ?? { kind: 'fields', fields: new Map(), span: around }, 'fields', around)
    this.#fields = fields
    this.span = span
  }

  /** @throws ConformanceError CONFORMANCE_SOURCE for a member of another kind; so do all that follow */
  number(name: string): number {
    const value = this.#get(name, 'number')?.value ?? 0n
    return Number(value)
  }

  /** Empty for NULL. */
  text(name: string): string {
    return this.#isNull(name) ? '' : (this.#get(name, 'string')?.text ?? '')
  }

  /** What a pointer points at; undefined for NULL. */
  symbol(name: string): string | undefined {
    return this.#isNull(name) ? undefined : this.#get(name, 'address')?.symbol
  }

  has(name: string): boolean {
    return this.#fields.has(name)
  }

  row(name: string): TableRow {
    return new TableRow(this.#fields.get(name), this.span)
  }

  rows(name: string): readonly TableRow[] {
    return this.#elements(name).map((element) => new TableRow(element, this.span))
  }

  integers(name: string): readonly bigint[] {
    return this.#elements(name).map((element) =>
      element === undefined ? 0n : expectKind(element, 'number', this.span).value,
    )
  }

  numbers(name: string): readonly number[] {
    return this.integers(name).map(Number)
  }

  bytes(name: string): Uint8Array {
    return Uint8Array.from(this.numbers(name))
  }

  #isNull(name: string): boolean {
    const value = this.#fields.get(name)
    return value === undefined || (value.kind === 'number' && value.value === 0n)
  }

  #elements(name: string): readonly (CValue | undefined)[] {
    // Holes of a sparse array are elements, too.
    return [...(this.#get(name, 'list')?.elements ?? [])]
  }

  #get<Kind extends CValue['kind']>(name: string, kind: Kind): ValueOf<Kind> | undefined {
    const value = this.#fields.get(name)
    return value === undefined ? undefined : expectKind(value, kind, this.span)
  }
}

/** Rows of a table. @throws ConformanceError CONFORMANCE_SOURCE */
export function tableRows(value: CValue, around: SourceSpan): readonly TableRow[] {
  return [...expectKind(value, 'list', around).elements].map((element) => new TableRow(element, around))
}

function expectKind<Kind extends CValue['kind']>(value: CValue, kind: Kind, around: SourceSpan): ValueOf<Kind> {
  if (value.kind === kind) return value as ValueOf<Kind>
  throw errorAt(around, {
    code: 'CONFORMANCE_SOURCE',
    message: 'a member of a table has another kind of value than expected',
    got: value.kind,
    expected: kind,
  })
}
