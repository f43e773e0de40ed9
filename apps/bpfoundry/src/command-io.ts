/** What a command talks to: the process, or a test. stdout is data, stderr is progress and errors. */
export interface CommandIo {
  /** Writes to stdout. */
  out(text: string): void
  /** Writes to stderr. */
  err(text: string): void
  /** True when a person watches stderr. */
  readonly terminal: boolean
  /** All of stdin. */
  readInput(): Promise<string>
  /** stdin itself, for what answers before it ends; absent where a test gives it. */
  readonly input?: NodeJS.ReadStream
}

/** The process itself. */
export function processIo(): CommandIo {
  return {
    out: (text) => {
      process.stdout.write(text)
    },
    err: (text) => {
      process.stderr.write(text)
    },
    terminal: process.stderr.isTTY === true,
    // Opened when it is asked for: what opens it waits for it.
    get input() {
      return process.stdin
    },
    readInput: async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}

/** Runs a command's work and keeps its exit code. */
export type Finish = (code: number) => void

/** What commands are added with. */
export interface CommandContext {
  readonly io: CommandIo
  /** Tells the exit code of the command that ran. */
  readonly finish: Finish
}
