import { type AsmLine, asmError, type Token } from './asm-lexer.ts'
import type { IsaError } from './isa-error.ts'

/** A register operand: `r3` or its low half `w3`. */
export interface AsmRegister {
  readonly index: number
  readonly bits: 32 | 64
  readonly token: Token
}

const MAX_DEPTH = 40
// The precedence is that of GNU assemblers, which LLVM follows: shifts bind as products do, bits closer than sums.
// biome-ignore format: table
const BINARY: Readonly<Record<string, readonly [precedence: number, apply: (a: bigint, b: bigint) => bigint | undefined]>> = {
  '*':  [2, (a, b) => a * b],
  '/':  [2, (a, b) => (b === 0n ? undefined : a / b)],
  '%':  [2, (a, b) => (b === 0n ? undefined : a % b)],
  '<<': [2, (a, b) => (b < 0n || b > 63n ? undefined : a << b)],
  '>>': [2, (a, b) => (b < 0n || b > 63n ? undefined : a >> b)],
  '&':  [1, (a, b) => a & b],
  '^':  [1, (a, b) => a ^ b],
  '|':  [1, (a, b) => a | b],
  '+':  [0, (a, b) => a + b],
  '-':  [0, (a, b) => a - b],
}

/** Reads the tokens of one statement from left to right; every failure is an error at the token where it happened. */
export class AsmReader {
  readonly line: AsmLine
  readonly #tokens: readonly Token[]
  readonly #constants: ReadonlyMap<string, bigint>
  #at = 0

  constructor(line: AsmLine, tokens: readonly Token[], constants: ReadonlyMap<string, bigint>) {
    this.line = line
    this.#tokens = tokens
    this.#constants = constants
  }

  /** The token `ahead` places on; the end token for all places past the end. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    if (this.#at < this.#tokens.length - 1) this.#at++
    return token
  }

  /** Passes over the next token if it is that text. */
  accept(text: string): boolean {
    if (this.peek().kind === 'end' || this.peek().text !== text) return false
    this.#at++
    return true
  }

  expect(text: string): Token {
    const token = this.peek()
    if (!this.accept(text)) throw this.syntax(`\`${text}\``)
    return token
  }

  /** Everything must have been read. */
  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.syntax('the end of the instruction')
  }

  /** Passes over all that is left. */
  skipRest(): void {
    this.#at = this.#tokens.length - 1
  }

  /** A syntax error at the next token. */
  syntax(expected: string, token: Token = this.peek()): IsaError {
    const got = token.kind === 'end' ? 'the end of the line' : token.text
    return asmError('ISA_SYNTAX', this.line, token.column, `expected ${expected}`, got, expected)
  }

  error(
    code: 'ISA_NO_SUCH_INSN' | 'ISA_IMMEDIATE' | 'ISA_LABEL',
    token: Token,
    message: string,
    expected?: string,
  ): IsaError {
    return asmError(code, this.line, token.column, message, token.text, expected)
  }

  /** The register that the next token names, not passing over it. */
  peekRegister(ahead = 0): AsmRegister | undefined {
    const token = this.peek(ahead)
    const match = token.kind === 'word' ? /^([rw])(\d|1[01])$/.exec(token.text) : null
    return match === null ? undefined : { index: Number(match[2]), bits: match[1] === 'w' ? 32 : 64, token }
  }

  register(): AsmRegister {
    const register = this.peekRegister()
    if (register === undefined) throw this.syntax('a register')
    this.#at++
    return register
  }

  /** True where a constant expression can begin; a name counts only when it is a known constant. */
  startsExpression(): boolean {
    const { kind, text } = this.peek()
    if (kind === 'number') return true
    return kind === 'word' ? this.#constants.has(text) : text === '-' || text === '+' || text === '~' || text === '('
  }

  /** A constant expression; intermediate values may exceed 64 bits a little. */
  expression(): bigint {
    return this.#binary(0, 0)
  }

  #binary(minimum: number, depth: number): bigint {
    let left = this.#unary(depth)
    for (;;) {
      const token = this.peek()
      const operator = token.kind === 'punct' ? BINARY[token.text] : undefined
      if (operator === undefined || operator[0] < minimum) return left
      this.#at++
      const value = operator[1](left, this.#binary(operator[0] + 1, depth + 1))
      if (value === undefined) throw this.error('ISA_IMMEDIATE', token, 'division by zero, or shift by more than 63')
      left = this.#bounded(value, token)
    }
  }

  #unary(depth: number): bigint {
    const token = this.peek()
    if (depth > MAX_DEPTH) throw this.syntax('an expression less deep', token)
    if (this.accept('-')) return -this.#unary(depth + 1)
    if (this.accept('+')) return this.#unary(depth + 1)
    if (this.accept('~')) return ~this.#unary(depth + 1)
    if (this.accept('(')) {
      const value = this.#binary(0, depth + 1)
      this.expect(')')
      return value
    }
    return this.#primary(token)
  }

  #primary(token: Token): bigint {
    const value = token.kind === 'word' ? this.#constants.get(token.text) : token.value
    if (value === undefined) throw this.syntax('a number')
    this.#at++
    return this.#bounded(value, token)
  }

  // Keeps intermediate values small: no product of thousands of digits.
  #bounded(value: bigint, token: Token): bigint {
    if (BigInt.asIntN(72, value) !== value) throw this.error('ISA_IMMEDIATE', token, 'the number exceeds 64 bits')
    return value
  }
}
