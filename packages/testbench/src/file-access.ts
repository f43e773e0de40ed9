import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { WholeFile } from '@bpfoundry/output-file'
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

/** A file that appears under its name only when it is complete; see `WholeFile` of @bpfoundry/output-file. */
export class OutputFile {
  readonly path: string
  readonly #file: WholeFile

  /** @throws TestbenchError TESTBENCH_UNWRITABLE */
  constructor(path: string) {
    this.path = path
    this.#file = this.#attempt(() => new WholeFile(path))
  }

  /** Appends all of `bytes`. @throws TestbenchError TESTBENCH_UNWRITABLE, a full disk included */
  write(bytes: Uint8Array): void {
    this.#attempt(() => this.#file.write(bytes))
  }

  /** Completes the file: now it has its name. @throws TestbenchError TESTBENCH_UNWRITABLE */
  commit(): void {
    this.#attempt(() => this.#file.commit())
  }

  /** Leaves nothing behind. */
  discard(): void {
    this.#file.discard()
  }

  #attempt<Result>(action: () => Result): Result {
    try {
      return action()
    } catch (cause) {
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
