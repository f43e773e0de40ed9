import { WholeFile } from '@bpfoundry/output-file'
import { ConformanceError } from '../conformance-error.ts'

/** Text is handed to the file system in pieces of about so many characters. */
const PIECE_CHARACTERS = 65_536

/**
 * Writes a text file piece by piece. It appears under its name only when it is complete: a full disk or an interruption
 * leaves nothing half written.
 *
 * @throws ConformanceError CONFORMANCE_UNWRITABLE
 */
export function writeReportFile(path: string, pieces: Iterable<string>): void {
  try {
    const file = new WholeFile(path)
    try {
      writePieces(file, pieces)
    } catch (cause) {
      file.discard()
      throw cause
    }
    file.commit()
  } catch (cause) {
    throw isSystemError(cause) ? unwritable(path, cause) : cause
  }
}

function writePieces(file: WholeFile, pieces: Iterable<string>): void {
  let piece = ''
  for (const text of pieces) {
    piece += text
    if (piece.length < PIECE_CHARACTERS) continue
    file.write(Buffer.from(piece))
    piece = ''
  }
  file.write(Buffer.from(piece))
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'errno' in error && 'code' in error

/** What to do about it, by errno. */
const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, or write elsewhere',
  EACCES: 'you may not write there: write elsewhere',
  EROFS: 'the file system is read-only: write elsewhere',
  EISDIR: 'that is a folder: name a file',
  EEXIST: 'a part of the path is a file: name a folder',
  ENOTDIR: 'a part of the path is a file: name a folder',
}

function unwritable(path: string, cause: NodeJS.ErrnoException): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_UNWRITABLE',
    message: `cannot write ${path}: ${cause.message}`,
    where: { input: path },
    hint: HINTS[cause.code ?? ''] ?? 'check the path',
    cause,
  })
}
