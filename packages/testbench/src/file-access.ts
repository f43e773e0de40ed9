import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { TestbenchError } from './testbench-error.ts'

/**
 * Reads a whole file; one that starts with gzip's magic is unpacked.
 *
 * @throws TestbenchError TESTBENCH_NO_SUCH_FILE, TESTBENCH_UNREADABLE
 */
export function readInput(path: string): Uint8Array {
  try {
    const bytes = readFileSync(path)
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new TestbenchError({
      code: missing ? 'TESTBENCH_NO_SUCH_FILE' : 'TESTBENCH_UNREADABLE',
      message: missing ? `no such file: ${path}` : `cannot read ${path}: ${(cause as Error).message}`,
      where: { input: path },
      hint: missing ? 'check the path' : 'check that it is a file you may read',
      cause,
    })
  }
}

/** Reads a whole text file (UTF-8, gzipped or not). @throws as {@link readInput} */
export function readText(path: string): string {
  return new TextDecoder().decode(readInput(path))
}

/**
 * A file that appears under its name only when it is complete: written beside it and renamed at the end, so that a full
 * disk or an interruption leaves nothing half written.
 */
export class OutputFile {
  readonly path: string
  readonly #temporary: string
  readonly #fd: number

  /** @throws TestbenchError TESTBENCH_UNWRITABLE */
  constructor(path: string) {
    this.path = path
    this.#temporary = `${path}.${process.pid}.part`
    this.#fd = this.#attempt(() => {
      mkdirSync(dirname(path), { recursive: true })
      return openSync(this.#temporary, 'wx')
    })
  }

  /** Appends all of `bytes`. @throws TestbenchError TESTBENCH_UNWRITABLE, a full disk included */
  write(bytes: Uint8Array): void {
    this.#attempt(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    })
  }

  /** Completes the file: now it has its name. */
  commit(): void {
    this.#attempt(() => {
      closeSync(this.#fd)
      renameSync(this.#temporary, this.path)
    })
  }

  /** Leaves nothing behind. */
  discard(): void {
    try {
      closeSync(this.#fd)
    } catch {
      // Closed by a failed commit: removing the file is all that is left to do.
    }
    this.#remove()
  }

  #remove(): void {
    try {
      rmSync(this.#temporary, { force: true })
    } catch {
      // The folder is none, or is gone: then nothing was left in it either.
    }
  }

  #attempt<Result>(action: () => Result): Result {
    try {
      return action()
    } catch (cause) {
      this.#remove()
      throw new TestbenchError({
        code: 'TESTBENCH_UNWRITABLE',
        message: `cannot write ${this.path}: ${(cause as Error).message}`,
        where: { input: this.path },
        hint: 'choose a folder you may write to, with room left',
        cause,
      })
    }
  }
}
