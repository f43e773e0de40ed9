import type { CValue, ReadOptions, TranslationUnit } from '../src/index.ts'
import { preprocess, readSource } from '../src/index.ts'

/** Options under which `a.c` is that text, and other files are as given. */
export function optionsFor(text: string, files: Readonly<Record<string, string>> = {}): ReadOptions {
  const all = new Map([['a.c', text], ...Object.entries(files)])
  return { read: (path) => all.get(path), includePaths: ['', 'include'] }
}

/** Without what clang defines beforehand being of interest: spellings, joined by spaces. */
export function expanded(text: string, files: Readonly<Record<string, string>> = {}): string {
  const { tokens, problems } = preprocess('a.c', optionsFor(text, files))
  if (problems.length > 0) throw problems[0]
  return tokens.map(({ spelling }) => spelling).join(' ')
}

/** @throws Error the first problem of the text */
export function unitOf(text: string, files: Readonly<Record<string, string>> = {}): TranslationUnit {
  const unit = readSource('a.c', optionsFor(text, files))
  if (unit.problems.length > 0) throw unit.problems[0]
  return unit
}

/** A value as plain JavaScript: numbers, strings, `&symbol+offset`, arrays with holes as 0, objects. */
export function plain(value: CValue | undefined): unknown {
  if (value === undefined) return 0
  switch (value.kind) {
    case 'number':
      return Number(value.value)
    case 'string':
      return value.text
    case 'address':
      return value.offsetBytes === 0 ? `&${value.symbol}` : `&${value.symbol}+${value.offsetBytes}`
    case 'list':
      return Array.from(value.elements, plain)
    case 'fields':
      return Object.fromEntries([...value.fields].map(([name, field]) => [name, plain(field)]))
  }
}

/** The value of the variable `x`. */
export const valueOfX = (text: string): unknown => plain(unitOf(text).valueOf('x'))

/** `CODE line:column` of the first problem, or of what asking for `x` throws. */
export function complaint(text: string, files: Readonly<Record<string, string>> = {}): string {
  try {
    const unit = readSource('a.c', optionsFor(text, files))
    if (unit.problems[0] !== undefined) throw unit.problems[0]
    unit.valueOf('x')
    return 'none'
  } catch (error) {
    const { code, where } = error as { code: string; where: { source: { line: number; column: number } } }
    return `${code} ${where.source.line}:${where.source.column}`
  }
}
