import type { SourceSpan } from '@bpfoundry/diagnostics'

/** What a constant expression or an initialiser comes to. */
export type CValue = CNumber | CString | CAddress | CList | CFields

export interface CNumber {
  readonly kind: 'number'
  /** Wrapped to its type: -1n for (int)~0, 0xffffffffn for ~0U. */
  readonly value: bigint
}

/** A string literal, in a pointer or an array of characters. */
export interface CString {
  readonly kind: 'string'
  readonly text: string
}

/** The address of something named: a function, a variable; or a name that only stands for itself, as an operand of asm. */
export interface CAddress {
  readonly kind: 'address'
  readonly symbol: string
  readonly offsetBytes: number
}

export interface CList {
  readonly kind: 'list'
  /** By index; holes and what lies past the end are zero. */
  readonly elements: readonly (CValue | undefined)[]
  readonly span: SourceSpan
}

/** A struct or union: what is initialised, by member (members of anonymous ones by their own names). Others are zero. */
export interface CFields {
  readonly kind: 'fields'
  readonly fields: ReadonlyMap<string, CValue>
  /** Where its brace stands: in the user's file, not in the header of a macro that it came from. */
  readonly span: SourceSpan
}
