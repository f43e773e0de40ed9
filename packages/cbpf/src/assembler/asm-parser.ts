import { nearestNames } from '@bpfoundry/diagnostics'
import { BPF_MAXINSNS } from '../classic-opcodes.ts'
import type { AsmSource } from './asm-source.ts'
import { HASH_WORDS } from './asm-words.ts'
import { type AsmOperand, INSTRUCTION_FORMS, type InstructionForm } from './instruction-forms.ts'
import { AsmLexer, type AsmToken } from './lexer.ts'
import { OPERAND_TEXT, readOperand } from './operands.ts'

/** One instruction as it is written: where its jumps lead is not known yet. */
export interface AsmStatement {
  readonly code: number
  readonly k: number
  /** Where it begins in the text. */
  readonly at: number
  readonly label: AsmToken | undefined
  /** Labels, by the field that tells how far they are. */
  readonly targets: { readonly jt?: AsmToken; readonly jf?: AsmToken; readonly k?: AsmToken }
}

/** Reads statements: what bpf_asm's grammar takes, from left to right with one token ahead. */
export class AsmParser {
  readonly source: AsmSource
  /** Numbers of which bits were cut off. */
  readonly cut: AsmToken[] = []
  readonly #symbols: ReadonlyMap<string, number>
  readonly #lexer: AsmLexer
  #ahead: AsmToken

  constructor(source: AsmSource, symbols: ReadonlyMap<string, number>) {
    this.source = source
    this.#symbols = symbols
    this.#lexer = new AsmLexer(source, symbols)
    this.#ahead = this.#lexer.next()
  }

  /** @throws CbpfError CBPF_ASM_SYNTAX, CBPF_ASM_SYMBOL, CBPF_ASM_LENGTH */
  statements(): AsmStatement[] {
    const statements: AsmStatement[] = []
    do {
      const at = this.peek()
      const statement = this.#statement()
      if (statements.length === BPF_MAXINSNS) throw this.#tooLong(at)
      statements.push(statement)
    } while (this.peek().kind !== 'end')
    return statements
  }

  /** The next token. */
  peek(): AsmToken {
    return this.#ahead
  }

  take(): AsmToken {
    const token = this.#ahead
    this.#ahead = this.#lexer.next()
    return token
  }

  /** True where the next token is that punctuation or register. */
  sees(text: string): boolean {
    return this.#ahead.kind === 'punct' && this.#ahead.text === text
  }

  accept(text: string): boolean {
    const seen = this.sees(text)
    if (seen) this.take()
    return seen
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.syntax(`\`${text}\``)
  }

  /** A number, or the value of a symbol. */
  number(): number {
    const token = this.peek()
    if (token.kind === 'word') return this.#symbol(token)
    if (token.kind !== 'number') throw this.syntax('a number')
    if (token.cut === true) this.cut.push(token)
    this.take()
    return token.value
  }

  isNumber(): boolean {
    const { kind, text } = this.peek()
    return kind === 'number' || (kind === 'word' && this.#symbols.has(text))
  }

  syntax(expected: string, token: AsmToken = this.peek(), hint?: string): Error {
    const fields = { at: token.at, message: `expected ${expected}`, got: token.text, expected }
    return this.source.error('CBPF_ASM_SYNTAX', hint === undefined ? fields : { ...fields, hint })
  }

  #symbol(token: AsmToken): number {
    const value = this.#symbols.get(token.text)
    if (value === undefined) throw this.unknownName(token)
    this.take()
    return value
  }

  /** A name where a number belongs. */
  unknownName(token: AsmToken): Error {
    const known = nearestNames(token.text, [...this.#symbols.keys(), ...HASH_WORDS])
    const near = known.startsWith('did you mean') ? `; ${known}` : ''
    return this.source.error('CBPF_ASM_SYMBOL', {
      at: token.at,
      message: `nothing defines the symbol ${shortened(token.text)}`,
      got: token.text,
      hint: `define it: -D ${shortened(token.text)}=VALUE${near}`,
    })
  }

  #statement(): AsmStatement {
    const label = this.#label()
    const token = this.peek()
    const forms = token.kind === 'instruction' ? INSTRUCTION_FORMS.get(token.text) : undefined
    if (forms === undefined) throw this.#noInstruction(token)
    this.take()
    const { form, k } = this.#operand(token, forms)
    return { code: form.code, k, at: (label ?? token).at, label, targets: this.#targets(form) }
  }

  #label(): AsmToken | undefined {
    const token = this.peek()
    if (token.kind !== 'word') return undefined
    this.take()
    if (!this.sees(':')) throw this.#noInstruction(token)
    this.take()
    return token
  }

  #noInstruction(token: AsmToken): Error {
    const names = nearestNames(token.text, [...INSTRUCTION_FORMS.keys()])
    const hint = token.kind === 'word' && names.startsWith('did') ? names : undefined
    return this.syntax('an instruction', token, hint)
  }

  #operand(word: AsmToken, forms: readonly InstructionForm[]): { readonly form: InstructionForm; readonly k: number } {
    const [first] = forms as [InstructionForm]
    if (first.operand === 'none' || first.operand === 'label') return { form: first, k: 0 }
    const token = this.peek()
    const operand = readOperand(this)
    const form = forms.find((each) => each.operand === operand?.kind)
    if (operand === undefined || form === undefined) throw this.#wrongOperand(word, token, forms)
    return { form, k: operand.k }
  }

  #wrongOperand(word: AsmToken, token: AsmToken, forms: readonly InstructionForm[]): Error {
    const expected = [...new Set(forms.map(({ operand }) => OPERAND_TEXT[operand as AsmOperand]))].join(', ')
    const fields = { at: token.at, message: `${word.text} has no such operand`, got: token.text, expected }
    return this.source.error('CBPF_ASM_SYNTAX', fields)
  }

  #targets({ branches }: InstructionForm): AsmStatement['targets'] {
    if (branches === '') return {}
    if (branches === 'goto') return { k: this.#target() }
    this.expect(',')
    const first = this.#target()
    if (branches === 'not') return { jf: first }
    return this.accept(',') ? { jt: first, jf: this.#target() } : { jt: first }
  }

  #target(): AsmToken {
    const { kind } = this.peek()
    if (kind === 'word') return this.take()
    const isWord = kind === 'instruction' || kind === 'extension' || kind === 'length'
    throw this.syntax('a label', this.peek(), isWord ? 'words of the language are no labels' : undefined)
  }

  #tooLong({ at, text }: AsmToken): Error {
    const message = `a program has at most ${BPF_MAXINSNS} instructions`
    return this.source.error('CBPF_ASM_LENGTH', { at, message, got: text })
  }
}

const shortened = (name: string): string => (name.length > 40 ? `${name.slice(0, 40)}...` : name)
