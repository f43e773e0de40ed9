import { errorAt } from '../c-source-error.ts'
import { isPunctuator, madeToken, type Token } from '../lexer/token.ts'
import { hasFeature, isFeatureQuestion } from './clang-features.ts'
import { IfExpression } from './if-expression.ts'

/** What conditions ask of the preprocessor. */
export interface ConditionContext {
  readonly isMacro: (name: string) => boolean
  readonly expand: (tokens: readonly Token[], place: Token) => readonly Token[]
  /** `__has_include(<x>)`. */
  readonly hasInclude: (operand: readonly Token[], place: Token) => boolean
}

const INCLUDE_QUESTIONS: ReadonlySet<string> = new Set(['__has_include', '__has_include_next'])

/** The conditions of #if, #ifdef and their like (C11 6.10.1). */
export class Conditions {
  readonly #context: ConditionContext

  constructor(context: ConditionContext) {
    this.#context = context
  }

  /** @param line what follows #ifdef @throws CSourceError C_DIRECTIVE */
  isDefined(line: readonly Token[], place: Token): boolean {
    const macro = line[0]
    if (macro?.kind !== 'identifier') throw errorAt(place, 'C_DIRECTIVE', `#${place.spelling} needs a name`)
    const { spelling } = macro
    return this.#context.isMacro(spelling) || isFeatureQuestion(spelling) || INCLUDE_QUESTIONS.has(spelling)
  }

  /** @param line what follows #if @throws CSourceError C_DIRECTIVE, C_VALUE, C_LIMIT */
  holds(line: readonly Token[], place: Token): boolean {
    if (line.length === 0) throw errorAt(place, 'C_DIRECTIVE', `#${place.spelling} needs a condition`)
    // Questions may also come out of macros.
    const expanded = this.#context.expand(this.#answered(line, place), place)
    return new IfExpression(this.#answered(expanded, place), place).isTrue()
  }

  /** `defined X`, `__has_include(...)` and their like become numbers. */
  #answered(line: readonly Token[], place: Token): Token[] {
    const out: Token[] = []
    for (let at = 0; at < line.length; at++) {
      const token = line[at] as Token
      const answer = token.kind === 'identifier' ? this.#question(token.spelling) : undefined
      if (answer === undefined) out.push(token)
      else {
        const { operand, end } = questionOperand(line, at, place)
        out.push(madeToken('number', answer(operand, token) ? '1' : '0', token))
        at = end
      }
    }
    return out
  }

  #question(word: string): ((operand: readonly Token[], place: Token) => boolean) | undefined {
    if (word === 'defined') return (operand, place) => operand.length === 1 && this.isDefined(operand, place)
    if (INCLUDE_QUESTIONS.has(word)) return this.#context.hasInclude
    return isFeatureQuestion(word) ? (operand) => hasFeature(word, operand[0]?.spelling ?? '') : undefined
  }
}

/** What a question is about: a name, or what parentheses hold. */
function questionOperand(line: readonly Token[], at: number, place: Token): { operand: readonly Token[]; end: number } {
  const next = line[at + 1]
  if (next === undefined) throw errorAt(place, 'C_DIRECTIVE', `${line[at]?.spelling} needs a name`)
  if (!isPunctuator(next, '(')) return { operand: [next], end: at + 1 }
  let depth = 0
  for (let end = at + 1; end < line.length; end++) {
    if (isPunctuator(line[end] as Token, '(')) depth++
    if (isPunctuator(line[end] as Token, ')') && --depth === 0) return { operand: line.slice(at + 2, end), end }
  }
  throw errorAt(next, 'C_DIRECTIVE', `${line[at]?.spelling} without its closing parenthesis`)
}
