import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
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
  const temporary = `${path}.${process.pid}.part`
  try {
    mkdirSync(dirname(path), { recursive: true })
    writePieces(temporary, pieces)
    renameSync(temporary, path)
  } catch (cause) {
    discard(temporary)
    throw isSystemError(cause) ? unwritable(path, cause) : cause
  }
}

function writePieces(path: string, pieces: Iterable<string>): void {
  const fd = openSync(path, 'w')
  try {
    let piece = ''
    for (const text of pieces) {
      piece += text
      if (piece.length < PIECE_CHARACTERS) continue
      writeAll(fd, piece)
      piece = ''
    }
    writeAll(fd, piece)
  } finally {
    closeSync(fd)
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true })
  } catch {
    // The folder is none, or is gone: then nothing was left in it either.
  }
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
