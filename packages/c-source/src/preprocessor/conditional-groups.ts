import { errorAt } from '../c-source-error.ts'
import type { Token } from '../lexer/token.ts'

interface Group {
  readonly opened: Token
  /** A group of this #if was or is being read. */
  taken: boolean
  hasElse: boolean
}

/** The #if groups that are open in one file (C11 6.10.1). */
export class ConditionalGroups {
  readonly #groups: Group[] = []

  open(directive: Token, taken: boolean): void {
    this.#groups.push({ opened: directive, taken, hasElse: false })
  }

  /** For #elif: whether its condition is of interest. @throws CSourceError C_DIRECTIVE */
  wantsCondition(directive: Token): boolean {
    return !this.#innermost(directive).taken
  }

  /** For #elif and #else: whether the group that follows is read. @throws CSourceError C_DIRECTIVE */
  turn(directive: Token, condition: boolean): boolean {
    const group = this.#innermost(directive)
    if (group.hasElse) throw errorAt(directive, 'C_DIRECTIVE', `#${directive.spelling} after #else`)
    if (directive.spelling === 'else') group.hasElse = true
    const read = !group.taken && condition
    if (read) group.taken = true
    return read
  }

  /** @throws CSourceError C_DIRECTIVE */
  close(directive: Token): void {
    this.#innermost(directive)
    this.#groups.pop()
  }

  /** What was opened and never closed. */
  unclosed(): Token | undefined {
    return this.#groups.at(-1)?.opened
  }

  #innermost(directive: Token): Group {
    const group = this.#groups.at(-1)
    if (group !== undefined) return group
    throw errorAt(directive, 'C_DIRECTIVE', `#${directive.spelling} without #if`)
  }
}
