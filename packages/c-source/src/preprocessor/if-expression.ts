import { errorAt } from '../c-source-error.ts'
import type { Token } from '../lexer/token.ts'
import { readCharacter } from '../literals/character.ts'
import { readInteger } from '../literals/integer.ts'

/** A value of `#if`: intmax_t or uintmax_t (C11 6.10.1). */
interface IfValue {
  readonly value: bigint
  readonly unsigned: boolean
}

type Operation = (a: bigint, b: bigint) => bigint | boolean

// biome-ignore format: table
const BINARY: Readonly<Record<string, readonly [precedence: number, operation: Operation]>> = {
  '||': [1, (a, b) => a !== 0n || b !== 0n],
  '&&': [2, (a, b) => a !== 0n && b !== 0n],
  '|':  [3, (a, b) => a | b],
  '^':  [4, (a, b) => a ^ b],
  '&':  [5, (a, b) => a & b],
  '==': [6, (a, b) => a === b],
  '!=': [6, (a, b) => a !== b],
  '<':  [7, (a, b) => a < b],
  '>':  [7, (a, b) => a > b],
  '<=': [7, (a, b) => a <= b],
  '>=': [7, (a, b) => a >= b],
  '<<': [8, (a, b) => a << (b & 63n)],
  '>>': [8, (a, b) => a >> (b & 63n)],
  '+':  [9, (a, b) => a + b],
  '-':  [9, (a, b) => a - b],
  '*':  [10, (a, b) => a * b],
  '/':  [10, (a, b) => a / b],
  '%':  [10, (a, b) => a % b],
}
const LAZY: ReadonlySet<string> = new Set(['||', '&&'])
const SHIFTS: ReadonlySet<string> = new Set(['<<', '>>'])
const MOST_NESTED = 200

function wrapped(value: bigint, unsigned: boolean): IfValue {
  return { value: unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value), unsigned }
}

/** Reads the controlling expression of `#if`, its macros replaced already; names that are left count as 0. */
export class IfExpression {
  readonly #tokens: readonly Token[]
  readonly #place: Token
  #at = 0
  #depth = 0
  /** Above 0 within an operand that is not evaluated, where a division by zero is none. */
  #unevaluated = 0

  constructor(tokens: readonly Token[], place: Token) {
    this.#tokens = tokens
    this.#place = place
  }

  /** @throws CSourceError C_DIRECTIVE, C_VALUE, C_LIMIT */
  isTrue(): boolean {
    const { value } = this.#conditional()
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw this.#wrong('an operator or the end of the line')
    return value !== 0n
  }

  #conditional(): IfValue {
    if (++this.#depth > MOST_NESTED) throw errorAt(this.#place, 'C_LIMIT', 'the condition is nested too deeply')
    const condition = this.#binary(1)
    const value = this.#accept('?') ? this.#choice(condition) : condition
    this.#depth--
    return value
  }

  #choice(condition: IfValue): IfValue {
    const taken = condition.value !== 0n
    const first = this.#maybe(taken, () => this.#conditional())
    if (!this.#accept(':')) throw this.#wrong(':')
    const second = this.#maybe(!taken, () => this.#conditional())
    return wrapped(taken ? first.value : second.value, first.unsigned || second.unsigned)
  }

  #maybe(evaluated: boolean, read: () => IfValue): IfValue {
    if (evaluated) return read()
    this.#unevaluated++
    const value = read()
    this.#unevaluated--
    return value
  }

  #binary(lowest: number): IfValue {
    let left = this.#unary()
    for (;;) {
      const token = this.#tokens[this.#at]
      const row = token?.kind === 'punctuator' ? BINARY[token.spelling] : undefined
      if (token === undefined || row === undefined || row[0] < lowest) return left
      this.#at++
      const decided = LAZY.has(token.spelling) && (left.value !== 0n) === (token.spelling === '||')
      const right = this.#maybe(!decided, () => this.#binary(row[0] + 1))
      left = this.#apply(token, row[1], left, right)
    }
  }

  #apply(token: Token, operation: Operation, left: IfValue, right: IfValue): IfValue {
    const shift = SHIFTS.has(token.spelling)
    const unsigned = left.unsigned || (right.unsigned && !shift)
    const a = wrapped(left.value, unsigned).value
    const b = shift ? right.value : wrapped(right.value, unsigned).value
    if (b === 0n && (token.spelling === '/' || token.spelling === '%')) {
      if (this.#unevaluated > 0) return wrapped(0n, unsigned)
      throw errorAt(token, 'C_VALUE', 'a division by zero in #if')
    }
    const result = operation(a, b)
    return typeof result === 'bigint' ? wrapped(result, unsigned) : wrapped(result ? 1n : 0n, false)
  }

  #unary(): IfValue {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw this.#wrong('an operand')
    this.#at++
    if (token.kind === 'punctuator') return this.#prefixed(token)
    if (token.kind === 'identifier') return { value: token.spelling === 'true' ? 1n : 0n, unsigned: false }
    if (token.kind === 'number') {
      const { value } = readInteger(token)
      // All integers are intmax_t but for those that say otherwise, or do not fit it.
      return { value, unsigned: /u[lL]*$/i.test(token.spelling) || value >= 1n << 63n }
    }
    if (token.kind === 'character') return { value: readCharacter(token), unsigned: false }
    this.#at--
    throw this.#wrong('an operand')
  }

  #prefixed(token: Token): IfValue {
    if (++this.#depth > MOST_NESTED) throw errorAt(token, 'C_LIMIT', 'the condition is nested too deeply')
    const value = this.#operand(token)
    this.#depth--
    return value
  }

  #operand(token: Token): IfValue {
    switch (token.spelling) {
      case '(': {
        const value = this.#conditional()
        if (!this.#accept(')')) throw this.#wrong(')')
        return value
      }
      case '+':
        return this.#unary()
      case '-': {
        const { value, unsigned } = this.#unary()
        return wrapped(-value, unsigned)
      }
      case '~': {
        const { value, unsigned } = this.#unary()
        return wrapped(~value, unsigned)
      }
      case '!':
        return { value: this.#unary().value === 0n ? 1n : 0n, unsigned: false }
      default:
        this.#at--
        throw this.#wrong('an operand')
    }
  }

  #accept(spelling: string): boolean {
    if (this.#tokens[this.#at]?.spelling !== spelling) return false
    this.#at++
    return true
  }

  #wrong(expected: string): Error {
    const token = this.#tokens[this.#at]
    const got = token?.spelling ?? 'the end of the line'
    return errorAt(token ?? this.#place, 'C_DIRECTIVE', 'the condition of #if is no expression', { got, expected })
  }
}
