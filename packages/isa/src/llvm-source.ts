import { type AsmLine, asmError } from './asm-lexer.ts'

/** One statement of a source text: a piece of a line between semicolons, without comments. */
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

/** The pieces of a line. A directive with a string owns the rest of its line: the string may hold any character. */
function* piecesOfLine(line: AsmLine, code: string): Generator<SourcePiece> {
  let start = 0
  while (start <= code.length) {
    const rest = code.slice(start)
    const end = /^\s*\.\w+\s[^;]*"/.test(rest) ? -1 : rest.indexOf(';')
    const text = end < 0 ? rest : rest.slice(0, end)
    if (text.trim() !== '') yield { line, text, column: start + 1 }
    if (end < 0) return
    start += end + 1
  }
}

function* plainPieces(source: string, file: string): Generator<SourcePiece> {
  const originals = source.split('\n')
  const lines = blankBlockComments(source).split('\n')
  for (const [index, raw] of lines.entries()) {
    const text = (originals[index] ?? raw).replace(/\r$/, '')
    const code = raw.replace(/(?:#|\/\/).*$/, '').trimEnd()
    yield* piecesOfLine({ file, line: index + 1, text }, code)
  }
}

/** More statements than the longest program has instructions; what a text says can't exceed it by `.rept`. */
const MOST_REPEATED = 1_000_000

/** The statements between `.rept` and `.endr`. */
function* bodyOfRepeat(start: SourcePiece, pieces: Iterator<SourcePiece>): Generator<SourcePiece> {
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
    const word = next.value.text.trim()
    if (word === '.endr') return
    if (/^\.rept\b/.test(word)) throw asmError('ISA_SYNTAX', start.line, start.column, '.rept in .rept')
    yield next.value
  }
  throw asmError('ISA_SYNTAX', start.line, start.column, '.rept without .endr')
}

/**
 * The statements of LLVM assembly: `;` separates them, `#`, `//` and C's comments are skipped, what stands between
 * `.rept N` and `.endr` comes N times.
 *
 * @throws {IsaError} `ISA_SYNTAX` at a `.rept` that does not end or says too much
 */
export function* sourcePieces(source: string, file: string): Generator<SourcePiece> {
  const pieces = plainPieces(source, file)
  let repeated = 0
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
    const piece = next.value
    const count = /^\s*\.rept\s+(\d{1,7})\s*$/.exec(piece.text)?.[1]
    if (count === undefined) {
      yield piece
      continue
    }
    const body = [...bodyOfRepeat(piece, pieces)]
    repeated += body.length * Number(count)
    if (repeated > MOST_REPEATED) throw asmError('ISA_SYNTAX', piece.line, piece.column, 'too many repetitions', count)
    for (let time = Number(count); time > 0; time--) yield* body
  }
}
