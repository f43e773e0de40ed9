import type { SourceSpan } from '@bpfoundry/diagnostics'
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { DeploymentError } from '../deployment-error.ts'

/** Keys and indices from the top of a document to a value. */
export type SourcePath = readonly (string | number)[]

/** Longest file that is read: far more than any deployment, far less than what hurts. */
const MAX_CHARACTERS = 2 ** 20
/** Deepest nesting of brackets and indents; a deployment has about eight levels. */
const MAX_DEPTH = 64
/** What aliases may blow a document up to, in its own sizes. */
const MAX_ALIASES = 200

/** A YAML file: its value, and where each part of it stands. */
export class SourceDocument {
  readonly file: string
  /** What is wrong with the YAML; the value is undefined then. */
  readonly errors: readonly DeploymentError[]
  readonly value: unknown
  readonly #lines: readonly string[]
  readonly #counter = new LineCounter()
  readonly #document: Document.Parsed | undefined

  constructor(file: string, text: string) {
    this.file = file
    this.#lines = text.split('\n')
    const early = this.#tooMuch(text)
    this.#document =
      early === undefined
        ? parseDocument(text, { lineCounter: this.#counter, prettyErrors: false, merge: true })
        : undefined
    const errors = early === undefined ? this.#syntaxErrors() : [early]
    let value: unknown
    if (errors.length === 0) {
      try {
        value = this.#document?.toJS({ maxAliasCount: MAX_ALIASES })
      } catch (cause) {
        errors.push(
          new DeploymentError({
            code: 'DEPLOYMENT_YAML',
            message: oneLine(cause),
            source: this.#span(this.#lostAlias()),
            cause,
          }),
        )
      }
    }
    this.errors = errors
    this.value = value
  }

  /** The place of a value; of what is nearest above it where there is none. @param key its key instead, where it has one */
  at(path: SourcePath, key = false): SourceSpan {
    return this.#span(this.#offset(path, key))
  }

  /** Where an alias stands that is of nothing before it. */
  #lostAlias(): number {
    let offset = 0
    visit(this.#document ?? null, {
      Alias: (_, alias) => {
        if (this.#document === undefined || alias.resolve(this.#document) !== undefined) return undefined
        offset = rangeOf(alias) ?? 0
        return visit.BREAK
      },
    })
    return offset
  }

  #offset(path: SourcePath, key: boolean): number {
    let node: unknown = this.#document?.contents
    let offset = rangeOf(node)
    for (const [depth, step] of path.entries()) {
      if (isAlias(node) && this.#document !== undefined) node = node.resolve(this.#document)
      if (isMap(node)) {
        const pair = node.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
        )
        if (pair === undefined) return offset ?? 0
        const last = depth === path.length - 1
        offset = rangeOf(pair.key) ?? offset
        if (last && key) return offset ?? 0
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(step)]
      } else {
        return offset ?? 0
      }
      offset = rangeOf(node) ?? offset
    }
    return offset ?? 0
  }

  #span(offset: number): SourceSpan {
    const { line, col } = this.#counter.linePos(offset)
    const at = Math.max(1, line)
    const text = this.#lines[at - 1]?.replace(/\r$/, '')
    return {
      file: this.file,
      line: at,
      column: Math.max(1, col),
      ...(text === undefined ? {} : { text: text.slice(0, 200) }),
    }
  }

  #syntaxErrors(): DeploymentError[] {
    const { errors = [], warnings = [] } = this.#document ?? {}
    return [...errors, ...warnings].slice(0, 20).map(({ message, pos, code }) => {
      const source = this.#span(pos[0])
      const hint = HINTS.find(({ when }) => when.test(source.text ?? ''))?.hint ?? BY_CODE[code]
      return new DeploymentError({
        code: 'DEPLOYMENT_YAML',
        message: oneLine(message),
        source,
        ...(hint === undefined ? {} : { hint }),
      })
    })
  }

  #tooMuch(text: string): DeploymentError | undefined {
    if (text.length > MAX_CHARACTERS) {
      return new DeploymentError({
        code: 'DEPLOYMENT_YAML',
        message: 'the file is too long',
        got: `${text.length} characters`,
        expected: `at most ${MAX_CHARACTERS}`,
        source: { file: this.file, line: 1 },
        hint: 'put long map contents into files of their own',
      })
    }
    const line = deepLine(this.#lines)
    if (line === undefined) return undefined
    return new DeploymentError({
      code: 'DEPLOYMENT_YAML',
      message: 'nested too deeply',
      expected: `at most ${MAX_DEPTH} levels`,
      source: { file: this.file, line },
    })
  }
}

/** What a line that YAML can't read was perhaps meant to be. */
const HINTS: readonly { readonly when: RegExp; readonly hint: string }[] = [
  { when: /^\s*\t/, hint: 'indent with blanks, not with tabs' },
  { when: /:\s*[>|][=\s]*\d/, hint: 'bounds are written min: and max:' },
  { when: /:\s+[@`%]/, hint: 'put the value into quotes' },
]

const BY_CODE: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'a key stands once in its section: rename one, or merge both',
  TAB_AS_INDENT: 'indent with blanks, not with tabs',
  MULTIPLE_DOCS: 'a file holds one deployment: take the line --- out',
  MISSING_CHAR: 'a bracket, a quote or a colon is missing before this place',
  BAD_INDENT: 'entries of one section have the same indent',
}

/** The first line where a parser would have to go too deep. An upper bound: brackets in texts count, too. */
function deepLine(lines: readonly string[]): number | undefined {
  let open = 0
  for (const [index, line] of lines.entries()) {
    const indent = line.length - line.trimStart().length
    const dashes = /^[\s-]*(?:- ?)+/.exec(line)?.[0].split('-').length ?? 0
    for (const character of line) {
      if (character === '[' || character === '{') open++
      if (character === ']' || character === '}') open = Math.max(0, open - 1)
      if (open > MAX_DEPTH) return index + 1
    }
    if (dashes > MAX_DEPTH || indent > 20 * MAX_DEPTH) return index + 1
  }
  return undefined
}

function rangeOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined
}

function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return (text.split('\n')[0] ?? '').slice(0, 200)
}
