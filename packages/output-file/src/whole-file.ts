import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from './folder.ts'

/**
 * A file that appears under its name only when it is complete: written beside it and renamed at the end, so that a full
 * disk or an interruption leaves nothing half written. Every method throws the system's error, and has removed what was
 * written before it does.
 */
export class WholeFile {
  readonly path: string
  readonly #temporary: string
  readonly #fd: number

  /** Makes the folder, too. */
  constructor(path: string) {
    this.path = path
    this.#temporary = `${path}.${process.pid}.part`
    this.#fd = this.#attempt(() => {
      makeFolder(dirname(path))
      return openSync(this.#temporary, 'wx')
    })
  }

  /** Appends all of `bytes`. */
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
      throw cause
    }
  }
}
