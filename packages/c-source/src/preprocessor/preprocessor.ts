import { CSourceError, errorAt } from '../c-source-error.ts'
import { Lexer } from '../lexer/lexer.ts'
import { isPunctuator, madeToken, type Token } from '../lexer/token.ts'
import type { ReadOptions } from '../translation-unit.ts'
import { hasFeature, isFeatureQuestion } from './clang-features.ts'
import { ConditionalGroups } from './conditional-groups.ts'
import { FREESTANDING, freestandingHeader } from './freestanding-headers.ts'
import { IfExpression } from './if-expression.ts'
import { includeGuard } from './include-guard.ts'
import { includeCandidates } from './include-path.ts'
import type { Macro } from './macro.ts'
import { readDefinition, sameDefinition } from './macro-definition.ts'
import { MacroExpander } from './macro-expander.ts'
import { PREDEFINED } from './predefined-macros.ts'

/** A file that is being read. */
interface OpenFile {
  readonly path: string
  readonly tokens: readonly Token[]
  at: number
  readonly groups: ConditionalGroups
}

const MOST_INCLUDED = 200
/** Tokens of a translation unit: ten times those of the kernel's vmlinux.h. */
const MOST_TOKENS = 5_000_000

/** What the preprocessor knew when a file had been read: a later file may go on from there. */
export interface PreprocessorState {
  readonly macros: ReadonlyMap<string, Macro>
  readonly once: ReadonlySet<string>
  /** By path: the macro that guards the file. */
  readonly guards: ReadonlyMap<string, string>
  readonly counter: number
}

/**
 * Phases 1 to 4 of translation (C11 5.1.1.2): the file with everything it includes, directives done and macros replaced.
 * What is wrong is reported and left out; only limits throw.
 */
export class Preprocessor {
  readonly problems: CSourceError[] = []
  readonly #options: ReadOptions
  readonly #files: OpenFile[] = []
  readonly #lexed = new Map<string, readonly Token[]>()
  readonly #once: Set<string>
  readonly #guards: Map<string, string>
  readonly #macros: Map<string, Macro>
  readonly #expander: MacroExpander
  readonly #report = (error: CSourceError): void => void this.problems.push(error)
  #counter: number
  #place: Token = { ...NOWHERE }

  // biome-ignore format: table
  readonly #directives: Readonly<Record<string, (line: readonly Token[], name: Token) => void>> = {
    define:       (line, name) => this.#define(readDefinition(line, name), line[0] as Token),
    undef:        (line, name) => this.#undef(line, name),
    include:      (line, name) => this.#include(line, name, false),
    include_next: (line, name) => this.#include(line, name, true),
    if:           (line, name) => this.#open(name, this.#condition(line, name)),
    ifdef:        (line, name) => this.#open(name, this.#isDefined(line, name)),
    ifndef:       (line, name) => this.#open(name, !this.#isDefined(line, name)),
    elif:         (line, name) => this.#turn(name, () => this.#condition(line, name)),
    elifdef:      (line, name) => this.#turn(name, () => this.#isDefined(line, name)),
    elifndef:     (line, name) => this.#turn(name, () => !this.#isDefined(line, name)),
    else:         (_, name) => this.#turn(name, () => true),
    endif:        (_, name) => this.#top.groups.close(name),
    pragma:       (line, name) => this.#pragma(line, name),
    error:        (line, name) => this.#error(line, name),
    warning:      () => {},
    ident:        () => {},
    line:         (_, name) => this.#unread(name),
  }

  constructor(options: ReadOptions, state?: PreprocessorState) {
    this.#options = options
    this.#macros = new Map(state?.macros)
    this.#once = new Set(state?.once)
    this.#counter = state?.counter ?? 0
    this.#expander = new MacroExpander(this.#macros, () => this.#base(), this.#report)
    for (const macro of this.#macros.values()) macro.disabled = false
    this.#guards = new Map(state?.guards)
    if (state === undefined) this.#predefine(PREDEFINED)
    this.#predefine(options.defines ?? {})
    this.#predefineAnswers()
  }

  /** The end of the last file that was read to its end: where errors about what is missing are. */
  get end(): Token {
    return { ...this.#place, kind: 'end', spelling: '' }
  }

  get state(): PreprocessorState {
    return { macros: this.#macros, once: this.#once, guards: this.#guards, counter: this.#counter }
  }

  /** All tokens of a file, without an end. @throws CSourceError C_INCLUDE where there is no such file, C_LIMIT */
  file(path: string): Token[] {
    this.#place = { ...NOWHERE, file: path }
    if (!this.#openFile(path)) throw errorAt(this.#place, 'C_INCLUDE', 'no such file', { got: path })
    return this.#drain()
  }

  /** The tokens of a text with the macros as they are now. @throws CSourceError C_LIMIT */
  text(name: string, text: string): Token[] {
    this.#pushFile(name, new Lexer(name, text, this.#report).tokens())
    return this.#drain()
  }

  #drain(): Token[] {
    const out: Token[] = []
    for (let token = this.#expander.next(); token.kind !== 'end'; token = this.#expander.next()) {
      if (token.spelling === '_Pragma' && token.kind === 'identifier') this.#pragmaOperator(token)
      else out.push(token)
      if (token.kind === 'broken') this.#report(brokenToken(token))
      if (out.length > MOST_TOKENS) throw errorAt(token, 'C_LIMIT', `the file has more than ${MOST_TOKENS} tokens`)
    }
    return out
  }

  #pragmaOperator(place: Token): void {
    const [open, , close] = [this.#expander.next(), this.#expander.next(), this.#expander.next()]
    if (isPunctuator(open, '(') && isPunctuator(close, ')')) return
    this.#report(errorAt(place, 'C_DIRECTIVE', '_Pragma needs a string in parentheses'))
  }

  get #top(): OpenFile {
    return this.#files.at(-1) as OpenFile
  }

  /** The next token of the files that are open, directives done on the way. */
  #base(): Token {
    for (;;) {
      const file = this.#files.at(-1)
      if (file === undefined) return this.end
      const token = file.tokens[file.at] as Token
      if (token.kind === 'end') {
        this.#closeFile(file)
        continue
      }
      file.at++
      if (!token.startsLine || !isPunctuator(token, '#')) return token
      this.#directive(file)
    }
  }

  #closeFile(file: OpenFile): void {
    this.#place = file.tokens[file.at] as Token
    const unclosed = file.groups.unclosed()
    if (unclosed !== undefined) {
      this.#report(errorAt(unclosed, 'C_DIRECTIVE', `#${unclosed.spelling} without its #endif`))
    }
    this.#files.pop()
  }

  #directive(file: OpenFile): void {
    const line = restOfLine(file)
    const name = line[0]
    if (name === undefined || name.kind === 'number') return
    try {
      const directive = Object.hasOwn(this.#directives, name.spelling) ? this.#directives[name.spelling] : undefined
      if (directive === undefined) {
        throw errorAt(name, 'C_DIRECTIVE', 'a directive that is not known', { got: `#${name.spelling}` })
      }
      directive(line.slice(1), name)
    } catch (error) {
      if (!(error instanceof CSourceError) || error.code === 'C_LIMIT') throw error
      this.#report(error)
      // As if the condition were false, so that the groups still match.
      if (OPENS.has(name.spelling)) this.#open(name, false)
    }
  }

  #define(macro: Macro, place: Token): void {
    const earlier = this.#macros.get(macro.name)
    this.#macros.set(macro.name, macro)
    if (earlier === undefined || earlier.answer !== undefined || sameDefinition(earlier, macro)) return
    if (PREDEFINED[macro.name] !== undefined) return
    this.#report(
      errorAt(place, 'C_MACRO', `the macro ${macro.name} is defined again, otherwise`, { hint: '#undef it first' }),
    )
  }

  #undef(line: readonly Token[], name: Token): void {
    const macro = line[0]
    if (macro?.kind !== 'identifier') throw errorAt(name, 'C_DIRECTIVE', '#undef needs a name')
    this.#macros.delete(macro.spelling)
  }

  #open(name: Token, taken: boolean): void {
    this.#top.groups.open(name, taken)
    if (!taken) this.#skipGroup()
  }

  #turn(name: Token, condition: () => boolean): void {
    const { groups } = this.#top
    if (!groups.turn(name, groups.wantsCondition(name) && condition())) this.#skipGroup()
  }

  /** To the next #elif, #else or #endif of the same #if; what is between is only matched. */
  #skipGroup(): void {
    const file = this.#top
    for (let depth = 0; ; file.at++) {
      const token = file.tokens[file.at] as Token
      if (token.kind === 'end') return
      if (!token.startsLine || !isPunctuator(token, '#')) continue
      const name = file.tokens[file.at + 1]
      if (name === undefined || name.startsLine) continue
      if (depth === 0 && TURNS.has(name.spelling)) return
      if (OPENS.has(name.spelling)) depth++
      else if (name.spelling === 'endif') depth--
    }
  }

  #isDefined(line: readonly Token[], name: Token): boolean {
    const macro = line[0]
    if (macro?.kind !== 'identifier') throw errorAt(name, 'C_DIRECTIVE', `#${name.spelling} needs a name`)
    return this.#macros.has(macro.spelling) || isFeatureQuestion(macro.spelling) || macro.spelling === '__has_include'
  }

  #condition(line: readonly Token[], name: Token): boolean {
    if (line.length === 0) throw errorAt(name, 'C_DIRECTIVE', `#${name.spelling} needs a condition`)
    const answered = this.#answered(line, name)
    return new IfExpression(this.#answered(this.#expander.expand(answered, name), name), name).isTrue()
  }

  /** `defined X`, `__has_include(...)` and their like become numbers. */
  #answered(line: readonly Token[], name: Token): Token[] {
    const out: Token[] = []
    for (let at = 0; at < line.length; at++) {
      const token = line[at] as Token
      const reader = token.kind === 'identifier' ? this.#question(token.spelling) : undefined
      if (reader === undefined) {
        out.push(token)
        continue
      }
      const { operand, end } = questionOperand(line, at, name)
      out.push(madeToken('number', reader(operand) ? '1' : '0', token))
      at = end
    }
    return out
  }

  #question(word: string): ((operand: readonly Token[]) => boolean) | undefined {
    if (word === 'defined') {
      return (operand) => operand.length === 1 && this.#isDefined(operand, operand[0] as Token)
    }
    if (word === '__has_include' || word === '__has_include_next') {
      return (operand) => this.#find(this.#headerName(operand, this.#place)) !== undefined
    }
    if (isFeatureQuestion(word)) return (operand) => hasFeature(word, operand[0]?.spelling ?? '')
    return undefined
  }

  #include(line: readonly Token[], name: Token, next: boolean): void {
    const header = this.#headerName(line, name)
    const path = this.#find(header, next)
    if (path === undefined) {
      if (this.#options.missingIncludes === 'ignore') return
      throw errorAt(name, 'C_INCLUDE', 'an included file that was not found', {
        got: header.name,
        hint: 'add its folder to the include paths, or leave missing files out',
      })
    }
    if (this.#once.has(path) || this.#macros.has(this.#guards.get(path) ?? '')) return
    if (this.#files.length === MOST_INCLUDED) throw errorAt(name, 'C_LIMIT', 'files include each other too deeply')
    this.#openFile(path)
  }

  #headerName(line: readonly Token[], place: Token): { name: string; quoted: boolean } {
    const first = line[0]
    if (first?.kind === 'string') return { name: first.spelling.slice(1, -1), quoted: true }
    if (first !== undefined && isPunctuator(first, '<')) {
      const end = line.findIndex((token) => isPunctuator(token, '>'))
      if (end > 0) return { name: joined(line.slice(1, end)), quoted: false }
    } else if (first?.kind === 'identifier') {
      const expanded = this.#expander.expand(line, place)
      if (expanded[0]?.kind !== 'identifier') return this.#headerName(expanded, place)
    }
    throw errorAt(place, 'C_DIRECTIVE', 'the name of an included file', {
      got: joined(line),
      expected: '"file" or <file>',
    })
  }

  /** @param next GNU's #include_next: only folders after the one that the including file is of */
  #find({ name, quoted }: { readonly name: string; readonly quoted: boolean }, next = false): string | undefined {
    const from = this.#files.at(-1)?.path ?? ''
    const candidates = includeCandidates(name, quoted && !next, from, this.#options.includePaths)
    const start = next ? candidates.indexOf(from) + 1 : 0
    const found = candidates
      .slice(start)
      .find((path) => this.#lexed.has(path) || this.#options.read(path) !== undefined)
    return found ?? (freestandingHeader(name) === undefined ? undefined : FREESTANDING + name)
  }

  #openFile(path: string): boolean {
    let tokens = this.#lexed.get(path)
    if (tokens === undefined) {
      const own = path.startsWith(FREESTANDING)
      const text = own ? freestandingHeader(path.slice(FREESTANDING.length)) : this.#options.read(path)
      if (text === undefined) return false
      tokens = new Lexer(path, text, this.#report).tokens()
      this.#lexed.set(path, tokens)
      const guard = includeGuard(tokens)
      if (guard !== undefined) this.#guards.set(path, guard)
    }
    this.#pushFile(path, tokens)
    return true
  }

  #pushFile(path: string, tokens: readonly Token[]): void {
    this.#files.push({ path, tokens, at: 0, groups: new ConditionalGroups() })
  }

  #pragma(line: readonly Token[], name: Token): void {
    const word = line[0]?.spelling
    if (word === 'once') this.#once.add(this.#top.path)
    else if (word === 'pack') {
      throw errorAt(name, 'C_DIRECTIVE', '#pragma pack is not followed: layouts after it may differ')
    }
  }

  #error(line: readonly Token[], name: Token): void {
    throw errorAt(name, 'C_DIRECTIVE', `#error ${joined(line)}`)
  }

  #unread(name: Token): void {
    throw errorAt(name, 'C_DIRECTIVE', `#${name.spelling} is not followed`)
  }

  #predefine(macros: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(macros)) {
      const line = new Lexer('<defines>', `${name} ${value}`, this.#report).tokens().slice(0, -1)
      try {
        this.#define(readDefinition(line, { ...NOWHERE, file: '<defines>' }), line[0] as Token)
      } catch (error) {
        if (!(error instanceof CSourceError)) throw error
        this.#report(error)
      }
    }
  }

  #predefineAnswers(): void {
    this.#answers('__LINE__', (call) => madeToken('number', String(call.line), call))
    this.#answers('__FILE__', (call) => madeToken('string', JSON.stringify(call.file), call))
    this.#answers('__BASE_FILE__', (call) => madeToken('string', JSON.stringify(this.#files[0]?.path ?? ''), call))
    this.#answers('__COUNTER__', (call) => madeToken('number', String(this.#counter++), call))
    this.#answers('__INCLUDE_LEVEL__', (call) => madeToken('number', String(Math.max(0, this.#files.length - 1)), call))
  }

  #answers(name: string, answer: (call: Token) => Token): void {
    const common = { parameters: undefined, variadic: false, body: [], plain: true, disabled: false }
    this.#macros.set(name, { name, ...common, answer })
  }
}

const NOWHERE: Token = {
  kind: 'end',
  spelling: '',
  file: '',
  line: 1,
  column: 1,
  spaced: false,
  startsLine: true,
  painted: false,
}
const OPENS: ReadonlySet<string> = new Set(['if', 'ifdef', 'ifndef'])
const TURNS: ReadonlySet<string> = new Set(['elif', 'elifdef', 'elifndef', 'else', 'endif'])

/** The tokens up to the end of the line; the file goes on after them. */
function restOfLine(file: OpenFile): readonly Token[] {
  const start = file.at
  for (;;) {
    const token = file.tokens[file.at] as Token
    if (token.startsLine || token.kind === 'end') break
    file.at++
  }
  return file.tokens.slice(start, file.at)
}

/** What `defined` and its like ask about: a name, or what parentheses hold. */
function questionOperand(line: readonly Token[], at: number, place: Token): { operand: readonly Token[]; end: number } {
  const next = line[at + 1]
  if (next === undefined || !isPunctuator(next, '(')) {
    if (next === undefined) throw errorAt(place, 'C_DIRECTIVE', `${line[at]?.spelling} needs a name`)
    return { operand: [next], end: at + 1 }
  }
  let depth = 0
  for (let end = at + 1; end < line.length; end++) {
    if (isPunctuator(line[end] as Token, '(')) depth++
    if (isPunctuator(line[end] as Token, ')') && --depth === 0) return { operand: line.slice(at + 2, end), end }
  }
  throw errorAt(next, 'C_DIRECTIVE', `${line[at]?.spelling} without its closing parenthesis`)
}

function brokenToken(token: Token): CSourceError {
  const got = token.spelling.slice(0, 80)
  return errorAt(token, 'C_TOKEN', 'a quote that is never closed, or a stray character', { got })
}

function joined(tokens: readonly Token[]): string {
  return tokens.map(({ spelling, spaced }, index) => (spaced && index > 0 ? ` ${spelling}` : spelling)).join('')
}
