import { CSourceError, errorAt } from '../c-source-error.ts'
import { Lexer } from '../lexer/lexer.ts'
import { isPunctuator, madeToken, startOf, type Token, textOf } from '../lexer/token.ts'
import type { ReadOptions } from '../translation-unit.ts'
import { Conditions } from './condition.ts'
import type { Macro } from './macro.ts'
import { readDefinition, sameDefinition } from './macro-definition.ts'
import { MacroExpander } from './macro-expander.ts'
import { OpenFile } from './open-file.ts'
import { PREDEFINED } from './predefined-macros.ts'
import { type HeaderName, SourceFiles } from './source-files.ts'

const MOST_INCLUDED = 200
/** Tokens of a translation unit: ten times those of the kernel's vmlinux.h. */
const MOST_TOKENS = 5_000_000

/** What the preprocessor knew when a file had been read: a later file may go on from there. */
export interface PreprocessorState {
  readonly macros: ReadonlyMap<string, Macro>
  readonly files: Pick<SourceFiles, 'once' | 'guards'>
  readonly counter: number
}

type Directive = (line: readonly Token[], name: Token) => void

/**
 * Phases 1 to 4 of translation (C11 5.1.1.2): the file with everything it includes, directives done and macros replaced.
 * What is wrong is reported and left out; only limits throw.
 */
export class Preprocessor {
  readonly problems: CSourceError[] = []
  readonly #ignoresMissing: boolean
  readonly #files: SourceFiles
  /** Innermost last. */
  readonly #open: OpenFile[] = []
  readonly #macros: Map<string, Macro>
  readonly #expander: MacroExpander
  readonly #conditions: Conditions
  readonly #report = (error: CSourceError): void => void this.problems.push(error)
  #counter: number
  #place: Token = startOf('')

  // biome-ignore format: table
  readonly #directives: Readonly<Record<string, Directive>> = {
    define:       (line, name) => this.#define(readDefinition(line, name), line[0] as Token),
    undef:        (line, name) => this.#undef(line, name),
    include:      (line, name) => this.#include(line, name, false),
    include_next: (line, name) => this.#include(line, name, true),
    if:           (line, name) => this.#if(name, () => this.#conditions.holds(line, name)),
    ifdef:        (line, name) => this.#if(name, () => this.#conditions.isDefined(line, name)),
    ifndef:       (line, name) => this.#if(name, () => !this.#conditions.isDefined(line, name)),
    elif:         (line, name) => this.#turn(name, () => this.#conditions.holds(line, name)),
    elifdef:      (line, name) => this.#turn(name, () => this.#conditions.isDefined(line, name)),
    elifndef:     (line, name) => this.#turn(name, () => !this.#conditions.isDefined(line, name)),
    else:         (_, name) => this.#turn(name, () => true),
    endif:        (_, name) => this.#top.groups.close(name),
    pragma:       (line, name) => this.#pragma(line, name),
    error:        (line, name) => this.#refuse(name, `#error ${textOf(line)}`),
    warning:      () => {},
    ident:        () => {},
    line:         (_, name) => this.#refuse(name, '#line is not followed'),
  }

  constructor(options: ReadOptions, state?: PreprocessorState) {
    this.#ignoresMissing = options.missingIncludes === 'ignore'
    this.#files = new SourceFiles(options, this.#report, state?.files)
    this.#macros = new Map(state?.macros)
    // A limit may have ended an earlier file within a replacement.
    for (const macro of this.#macros.values()) macro.disabled = false
    this.#counter = state?.counter ?? 0
    this.#expander = new MacroExpander(this.#macros, () => this.#base(), this.#report)
    this.#conditions = new Conditions({
      isMacro: (name) => this.#macros.has(name),
      expand: (tokens, place) => this.#expander.expand(tokens, place),
      hasInclude: (operand, place) => this.#find(this.#headerName(operand, place), false) !== undefined,
    })
    if (state === undefined) this.#predefine(PREDEFINED)
    this.#predefine(options.defines ?? {})
    this.#predefineAnswers()
  }

  /** The end of the last file that was read to its end: where errors about what is missing are. */
  get end(): Token {
    return { ...this.#place, kind: 'end', spelling: '' }
  }

  get state(): PreprocessorState {
    return { macros: this.#macros, files: this.#files, counter: this.#counter }
  }

  /** All tokens of a file, without an end. @throws CSourceError C_INCLUDE where there is no such file, C_LIMIT */
  file(path: string): Token[] {
    this.#place = startOf(path)
    const tokens = this.#files.tokens(path)
    if (tokens === undefined) throw errorAt(this.#place, 'C_INCLUDE', 'no such file', { got: path })
    this.#open.push(new OpenFile(path, tokens))
    const out = this.#drain()
    this.#files.forget()
    return out
  }

  /** The tokens of a text with the macros as they are now. @throws CSourceError C_LIMIT */
  text(name: string, text: string): Token[] {
    this.#open.push(new OpenFile(name, new Lexer(name, text, this.#report).tokens()))
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
    return this.#open.at(-1) as OpenFile
  }

  /** The next token of the files that are open, directives done on the way. */
  #base(): Token {
    for (;;) {
      const file = this.#open.at(-1)
      if (file === undefined) return this.end
      const token = file.peek()
      if (token.kind === 'end') this.#close(file)
      else {
        file.at++
        if (!token.startsLine || !isPunctuator(token, '#')) return token
        this.#directive(file.restOfLine())
      }
    }
  }

  #close(file: OpenFile): void {
    this.#place = file.peek()
    const unclosed = file.groups.unclosed()
    if (unclosed !== undefined) {
      this.#report(errorAt(unclosed, 'C_DIRECTIVE', `#${unclosed.spelling} without its #endif`))
    }
    this.#open.pop()
  }

  #directive(line: readonly Token[]): void {
    const name = line[0]
    // A # alone, or where the lines that a preprocessor printed come from.
    if (name === undefined || name.kind === 'number') return
    this.#attempt(undefined, () => {
      const directive = Object.hasOwn(this.#directives, name.spelling) ? this.#directives[name.spelling] : undefined
      if (directive === undefined) this.#refuse(name, `a directive that is not known: #${name.spelling}`)
      else directive(line.slice(1), name)
    })
  }

  /** What fails is reported, and `otherwise` the answer. */
  #attempt<Result>(otherwise: Result, action: () => Result): Result {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof CSourceError) || error.code === 'C_LIMIT') throw error
      this.#report(error)
      return otherwise
    }
  }

  #refuse(name: Token, message: string): void {
    throw errorAt(name, 'C_DIRECTIVE', message)
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

  /** A condition that can't be read counts as false, so that the groups still match. */
  #if(name: Token, condition: () => boolean): void {
    const taken = this.#attempt(false, condition)
    this.#top.groups.open(name, taken)
    if (!taken) this.#top.skipGroup()
  }

  #turn(name: Token, condition: () => boolean): void {
    const { groups } = this.#top
    const holds = groups.wantsCondition(name) && this.#attempt(false, condition)
    if (!groups.turn(name, holds)) this.#top.skipGroup()
  }

  #include(line: readonly Token[], name: Token, next: boolean): void {
    const header = this.#headerName(line, name)
    const path = this.#find(header, next)
    if (path !== undefined && this.#files.isSpent(path, (macro) => this.#macros.has(macro))) return
    const tokens = path === undefined ? undefined : this.#files.tokens(path)
    if (path === undefined || tokens === undefined) {
      if (this.#ignoresMissing) return
      throw errorAt(name, 'C_INCLUDE', 'an included file that was not found', {
        got: header.name,
        hint: 'add its folder to the include paths, or leave missing files out',
      })
    }
    if (this.#open.length === MOST_INCLUDED) throw errorAt(name, 'C_LIMIT', 'files include each other too deeply')
    this.#open.push(new OpenFile(path, tokens))
  }

  #find(header: HeaderName, next: boolean): string | undefined {
    return this.#files.find(header, this.#open.at(-1)?.path ?? '', next)
  }

  #headerName(line: readonly Token[], place: Token): HeaderName {
    const first = line[0]
    if (first?.kind === 'string') return { name: first.spelling.slice(1, -1), quoted: true }
    if (first !== undefined && isPunctuator(first, '<')) {
      const end = line.findIndex((token) => isPunctuator(token, '>'))
      if (end > 0) return { name: textOf(line.slice(1, end)), quoted: false }
    } else if (first?.kind === 'identifier') {
      const expanded = this.#expander.expand(line, place)
      if (expanded[0]?.kind !== 'identifier') return this.#headerName(expanded, place)
    }
    const expected = '"file" or <file>'
    throw errorAt(place, 'C_DIRECTIVE', 'the name of an included file', { got: textOf(line), expected })
  }

  #pragma(line: readonly Token[], name: Token): void {
    const word = line[0]?.spelling
    if (word === 'once') this.#files.once.add(this.#top.path)
    if (word === 'pack') this.#refuse(name, '#pragma pack is not followed: layouts after it may differ')
  }

  #predefine(macros: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(macros)) {
      const line = new Lexer('<defines>', `${name} ${value}`, this.#report).tokens().slice(0, -1)
      this.#attempt(undefined, () => this.#define(readDefinition(line, startOf('<defines>')), line[0] as Token))
    }
  }

  #predefineAnswers(): void {
    this.#answers('__LINE__', (call) => madeToken('number', String(call.line), call))
    this.#answers('__FILE__', (call) => madeToken('string', JSON.stringify(call.file), call))
    this.#answers('__BASE_FILE__', (call) => madeToken('string', JSON.stringify(this.#open[0]?.path ?? ''), call))
    this.#answers('__COUNTER__', (call) => madeToken('number', String(this.#counter++), call))
    this.#answers('__INCLUDE_LEVEL__', (call) => madeToken('number', String(Math.max(0, this.#open.length - 1)), call))
  }

  #answers(name: string, answer: (call: Token) => Token): void {
    const common = { parameters: undefined, variadic: false, body: [], plain: true, disabled: false }
    this.#macros.set(name, { name, ...common, answer })
  }
}

function brokenToken(token: Token): CSourceError {
  const got = token.spelling.slice(0, 80)
  return errorAt(token, 'C_TOKEN', 'a quote that is never closed, or a stray character', { got })
}
