import { asmNumber } from './asm-number.ts'
import type { AsmSource } from './asm-source.ts'
import {
  EXTENSION_WORDS,
  HASH_WORDS,
  LENGTH_WORD,
  LETTERS,
  MARKED_EXTENSION_WORDS,
  MARKED_LENGTH_WORD,
} from './asm-words.ts'
import { INSTRUCTION_FORMS } from './instruction-forms.ts'

/** A word of assembly. */
export interface AsmToken {
  readonly kind: 'instruction' | 'length' | 'extension' | 'number' | 'word' | 'punct' | 'end'
  /** As it is written; of instructions, registers and punctuation in lower case. */
  readonly text: string
  /** Where it begins in the source. */
  readonly at: number
  /** Of numbers, cut to 32 bits, and of extensions: the k of the load. */
  readonly value: number
  /** The number was longer. */
  readonly cut?: boolean
}

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBERS: readonly RegExp[] = [/0x[0-9a-f]+/iy, /0b[01]+/iy, /[-+]?[1-9][0-9]*/y, /0[0-7]*/y]
const PUNCTUATION = new Set(':,#%[]()+*&')
const SPACE = new Set(' \t\r\n')

/**
 * Reads assembly as bpf_asm's lexer does: case does not count but in names, the longest match counts, line breaks are
 * space. Names of defined symbols may have one letter, and begin as the words behind `#` do.
 *
 * @see tools/bpf/bpf_exp.l of the kernel for what is taken
 */
export class AsmLexer {
  readonly source: AsmSource
  readonly #symbols: ReadonlyMap<string, number>
  #at = 0

  constructor(source: AsmSource, symbols: ReadonlyMap<string, number>) {
    this.source = source
    this.#symbols = symbols
  }

  /** @throws CbpfError CBPF_ASM_SYNTAX at what is no word of assembly */
  next(): AsmToken {
    this.#skip()
    const { text } = this.source
    if (this.#at >= text.length) return { kind: 'end', text: 'the end of the text', at: text.length, value: 0 }
    const token = this.#hash() ?? this.#word() ?? this.#number() ?? this.#punctuation()
    if (token === undefined) throw this.#unknown(String.fromCodePoint(text.codePointAt(this.#at) as number))
    return token
  }

  /** Space and comments. */
  #skip(): void {
    const { text } = this.source
    for (;;) {
      const char = text[this.#at]
      if (char !== undefined && SPACE.has(char)) this.#at++
      else if (char === ';' || this.#isHashComment()) this.#at = endOfLine(text, this.#at)
      else if (char === '/' && text[this.#at + 1] === '*') this.#skipComment()
      else return
    }
  }

  /** A line that begins with `#`, unless nothing but a word of the language follows. */
  #isHashComment(): boolean {
    const { text } = this.source
    if (text[this.#at] !== '#' || (this.#at > 0 && text[this.#at - 1] !== '\n')) return false
    const rest = text.slice(this.#at + 1, Math.min(endOfLine(text, this.#at), this.#at + 20)).toLowerCase()
    return rest !== '' && !HASH_WORDS.includes(rest)
  }

  /** A `*` before another character but `/` goes with that one: a comment does not end where two of them stand before the `/`. */
  #skipComment(): void {
    const { text } = this.source
    const start = this.#at
    let at = start + 2
    while (at < text.length) {
      if (text[at] !== '*') at++
      else if (text[at + 1] !== '/') at += 2
      else {
        this.#at = at + 2
        return
      }
    }
    const hint = text.includes('**/', start) ? 'bpf_asm does not take **/ for the end of one' : 'end it with */'
    throw this.source.error('CBPF_ASM_SYNTAX', { at: start, message: 'the comment has no end', got: '/*', hint })
  }

  /** `#len`, `#proto`, or `#` alone. */
  #hash(): AsmToken | undefined {
    const at = this.#at
    if (this.source.text[at] !== '#') return undefined
    const word = this.#wordAt(at + 1)
    if (this.#symbols.has(word)) return this.#take('punct', 1)
    const lower = word.toLowerCase()
    const marked = MARKED_EXTENSION_WORDS.get(lower)
    if (marked !== undefined) return this.#take('extension', 1 + word.length, marked)
    if (lower === MARKED_LENGTH_WORD) return this.#take('length', 1 + word.length)
    const known = HASH_WORDS.find((each) => lower.startsWith(each))
    return known === undefined ? this.#take('punct', 1) : this.#wordToken(known, 1 + known.length)
  }

  #word(): AsmToken | undefined {
    const word = this.#wordAt(this.#at)
    if (word === '') return undefined
    const lower = word.toLowerCase()
    if (INSTRUCTION_FORMS.has(lower)) return this.#take('instruction', word.length)
    if (LETTERS.has(lower)) return this.#take('punct', 1)
    if (lower === LENGTH_WORD || EXTENSION_WORDS.has(lower)) return this.#wordToken(lower, word.length)
    if (word.length === 1 && !this.#symbols.has(word)) throw this.#unknown(word, 'names have two letters at least')
    return this.#take('word', word.length)
  }

  #wordToken(word: string, length: number): AsmToken {
    const k = EXTENSION_WORDS.get(word)
    return k === undefined ? this.#take('length', length) : this.#take('extension', length, k)
  }

  #number(): AsmToken | undefined {
    for (const pattern of NUMBERS) {
      pattern.lastIndex = this.#at
      const found = pattern.exec(this.source.text)?.[0]
      if (found === undefined) continue
      const { value, cut } = asmNumber(found)
      return { ...this.#take('number', found.length, value), cut }
    }
    return undefined
  }

  #punctuation(): AsmToken | undefined {
    return PUNCTUATION.has(this.source.text[this.#at] as string) ? this.#take('punct', 1) : undefined
  }

  #wordAt(at: number): string {
    WORD.lastIndex = at
    return WORD.exec(this.source.text)?.[0] ?? ''
  }

  #take(kind: AsmToken['kind'], length: number, value = 0): AsmToken {
    const at = this.#at
    this.#at += length
    const text = this.source.text.slice(at, this.#at)
    return { kind, text: kind === 'instruction' || kind === 'punct' ? text.toLowerCase() : text, at, value }
  }

  #unknown(got: string, hint?: string): Error {
    const fields = { at: this.#at, message: 'this is no word of the assembly', got }
    return this.source.error('CBPF_ASM_SYNTAX', hint === undefined ? fields : { ...fields, hint })
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}
