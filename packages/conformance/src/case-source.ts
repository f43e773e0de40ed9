import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { ClassicCase } from './classic/classic-case.ts'
import { ConformanceError } from './conformance-error.ts'
import { type DataCase, readDataCase } from './data-file/data-file.ts'
import type { InternalCase } from './unverified/internal-case.ts'
import type { TailCallCase } from './unverified/tail-call-case.ts'
import { readVector } from './vector/read-vector.ts'
import type { Vector } from './vector/vector.ts'

/** A case of any kind. */
export type ConformanceCase =
  | { readonly kind: 'bare'; readonly bare: DataCase }
  | { readonly kind: 'vector'; readonly vector: Vector }
  | { readonly kind: 'classic'; readonly classic: ClassicCase }
  | { readonly kind: 'internal'; readonly internal: InternalCase }
  | { readonly kind: 'tail-call'; readonly tailCall: TailCallCase }

/**
 * The cases of a file or of a folder (with its folders): `.data` files hold one, `.jsonl` and `.jsonl.gz` files one a
 * line. They are read as they are asked for, so that a file of any length takes the memory of one case.
 *
 * @throws ConformanceError CONFORMANCE_NO_SUCH_FILE, CONFORMANCE_UNREADABLE, and what the readers throw
 */
export async function* readCases(path: string): AsyncGenerator<ConformanceCase> {
  const files = attempt(path, () => (statSync(path).isDirectory() ? caseFiles(path) : [path]))
  if (files.length === 0) {
    throw new ConformanceError({
      code: 'CONFORMANCE_NO_SUCH_FILE',
      message: 'the folder holds no cases',
      where: { input: path },
      expected: '.data, .jsonl or .jsonl.gz files',
    })
  }
  for (const file of files) yield* file.endsWith('.data') ? dataCase(path, file) : vectors(file)
}

function caseFiles(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => /\.(data|jsonl|jsonl\.gz)$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

function* dataCase(root: string, file: string): Generator<ConformanceCase> {
  const text = attempt(file, () => readFileSync(file, 'utf8'))
  const bare = readDataCase(file, text)
  // Within a folder, a case is told by its path from there.
  const id =
    file === root
      ? bare.id
      : file
          .slice(root.length)
          .replace(/^\//, '')
          .replace(/\.data$/, '')
  yield { kind: 'bare', bare: { ...bare, id } }
}

async function* vectors(file: string): AsyncGenerator<ConformanceCase> {
  let line = 0
  for await (const text of lines(file)) {
    line++
    if (text.trim() !== '') yield { kind: 'vector', vector: readVector({ file, line, text }) }
  }
}

async function* lines(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const input: Readable = file.endsWith('.gz') ? source.pipe(createGunzip()) : source
  // pipe() does not pass errors on.
  source.on('error', (error) => input.destroy(error))
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield text
  } catch (error) {
    throw unreadable(file, error)
  } finally {
    source.destroy()
  }
}

function attempt<Result>(path: string, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): ConformanceError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  return new ConformanceError({
    code: missing ? 'CONFORMANCE_NO_SUCH_FILE' : 'CONFORMANCE_UNREADABLE',
    message: missing ? `no such file: ${path}` : `cannot read ${path}: ${(cause as Error).message}`,
    where: { input: path },
    hint: missing ? 'check the path' : 'check that it is a readable file, and gzip where it ends in .gz',
    cause,
  })
}
