import type { DebuggerShell, ShellAnswer } from '@bpfoundry/cbpf'
import type { CommandIo } from '../command-io.ts'

/** Where a session that nobody types is written. */
export interface SessionOutput {
  /** Before a line is read. */
  prompt(): void
  /** After it was executed. */
  answer(line: string, answer: ShellAnswer): void
}

export const PROMPT = '> '

/** What commands print goes to stdout, what bpf_dbg does not tell to stderr. */
export function writeAnswer({ output, notes }: ShellAnswer, io: CommandIo): void {
  if (output.length > 0) io.out(`${output.join('\n')}\n`)
  if (notes.length > 0) io.err(`${notes.join('\n')}\n`)
}

/** As bpf_dbg writes where it reads from a file: what is read, too. */
export class TextSession implements SessionOutput {
  readonly #io: CommandIo

  constructor(io: CommandIo) {
    this.#io = io
  }

  prompt(): void {
    this.#io.out(PROMPT)
  }

  answer(line: string, answer: ShellAnswer): void {
    this.#io.out(`${line}\n`)
    writeAnswer(answer, this.#io)
  }
}

/** A line of JSON a command: what it printed, and where the machine is then. */
export class JsonSession implements SessionOutput {
  readonly #shell: DebuggerShell
  readonly #io: CommandIo

  constructor(shell: DebuggerShell, io: CommandIo) {
    this.#shell = shell
    this.#io = io
  }

  prompt(): void {}

  answer(line: string, { command, ok, output, notes }: ShellAnswer): void {
    const told = { $schema: 'bpfoundry.dbg/1', line, command, ok, output, notes, state: this.#shell.state() }
    this.#io.out(`${JSON.stringify(told)}\n`)
  }
}
