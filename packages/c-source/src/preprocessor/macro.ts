import type { Token } from '../lexer/token.ts'

/** A piece of a replacement list (C11 6.10.3): a token, a parameter, or `__VA_OPT__(...)`. */
export interface BodyItem {
  readonly token: Token
  /** Index of the parameter; -1 for other tokens. */
  readonly parameter: number
  /** What `__VA_OPT__` holds. */
  readonly optional?: readonly BodyItem[]
  /** After `#`. */
  readonly stringized: boolean
  /** `##` follows. */
  readonly pastesNext: boolean
  /** `##` stands before. */
  readonly pastesPrevious: boolean
}

export interface Macro {
  readonly name: string
  /** Undefined for an object-like macro. A variadic one's last is `__VA_ARGS__` or its GNU name. */
  readonly parameters: readonly string[] | undefined
  readonly variadic: boolean
  readonly body: readonly BodyItem[]
  /** True when the body is only tokens that are copied. */
  readonly plain: boolean
  /** While its replacement is being read (C11 6.10.3.4). */
  disabled: boolean
  /** A macro that the preprocessor answers itself: `__LINE__`. */
  readonly answer?: (call: Token) => Token
}
