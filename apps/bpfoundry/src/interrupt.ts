import type { CommandIo } from './command-io.ts'

/**
 * Ctrl-C while a run is under way: the first one asks it to end, so that the summary so far can be printed; the second
 * ends the process at once.
 */
export class Interrupt {
  readonly #io: CommandIo
  readonly #controller = new AbortController()
  readonly #handler = (): void => {
    if (this.#controller.signal.aborted) process.exit(130)
    this.#controller.abort()
    this.#io.err('\nstopping; once more to quit at once\n')
  }

  constructor(io: CommandIo) {
    this.#io = io
    process.on('SIGINT', this.#handler)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get aborted(): boolean {
    return this.#controller.signal.aborted
  }

  /** Gives Ctrl-C its usual meaning back. */
  dispose(): void {
    process.off('SIGINT', this.#handler)
  }
}
