import type { Btf } from '../btf.ts'
import { COutputLimit } from './c-output-limit.ts'
import { TypeLayout } from './type-layout.ts'
import { UniqueNames } from './unique-names.ts'

/** Text of C as it grows, and what all of its writers share. */
export class CText {
  readonly btf: Btf
  readonly limit: COutputLimit
  readonly layout: TypeLayout
  readonly names: UniqueNames = new UniqueNames()
  readonly #pieces: string[] = []

  constructor(btf: Btf) {
    this.btf = btf
    this.limit = new COutputLimit(btf.types.length)
    this.layout = new TypeLayout(btf, this.limit)
  }

  /** Adds a piece. */
  put(piece: string): void {
    this.#pieces.push(piece)
  }

  /** All of it. */
  toString(): string {
    return this.#pieces.join('')
  }
}

/** Most tabs before a line. */
const MAX_TABS = 13
const TABS = Array.from({ length: MAX_TABS + 1 }, (_, level) => '\t'.repeat(level))

/** A line break, and the tabs of a level. */
export function newLine(level: number): string {
  return `\n${TABS[Math.min(level, MAX_TABS)]}`
}
