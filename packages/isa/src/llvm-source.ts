import type { AsmLine } from './asm-lexer.ts'

/** One statement of a source text: a piece of a line between semicolons, without labels and comments. */
export interface SourcePiece {
  readonly line: AsmLine
  readonly text: string
  /** Where the piece begins in its line, from 1. */
  readonly column: number
}

/** Comments over several lines become blanks, so that lines and columns stay. */
function blankBlockComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, (comment) => comment.replace(/[^\n]/g, ' '))
}

/** The pieces of a line. Directives own the rest of their line: their strings may hold any character. */
function* piecesOfLine(line: AsmLine, code: string): Generator<SourcePiece> {
  let start = 0
  while (start <= code.length) {
    const rest = code.slice(start)
    const directive = /^\s*\.(?!L)\w+(?!\w*:)/.test(rest) && !/^\s*\.(?:8byte|quad)\b/.test(rest)
    const end = directive ? -1 : rest.indexOf(';')
    const text = end < 0 ? rest : rest.slice(0, end)
    if (text.trim() !== '') yield { line, text, column: start + 1 }
    if (end < 0) return
    start += end + 1
  }
}

/** The statements of LLVM assembly: `;` separates them, `#`, `//` and C's comments are skipped. */
export function* sourcePieces(source: string, file: string): Generator<SourcePiece> {
  const originals = source.split('\n')
  const lines = blankBlockComments(source).split('\n')
  for (const [index, raw] of lines.entries()) {
    const text = (originals[index] ?? raw).replace(/\r$/, '')
    const code = raw.replace(/(?:#|\/\/).*$/, '').trimEnd()
    yield* piecesOfLine({ file, line: index + 1, text }, code)
  }
}
