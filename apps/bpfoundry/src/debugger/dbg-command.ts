import { createInterface } from 'node:readline'
import { DebuggerShell } from '@bpfoundry/cbpf'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { readTextInput } from '../input-file.ts'
import { SYSTEM_FILES } from './debugger-files.ts'
import { JsonSession, type SessionOutput, TextSession } from './session-output.ts'
import { terminalSession } from './terminal-session.ts'

/** `dbg`, as it is typed. */
export interface DbgOptions {
  readonly script?: string
  readonly quirks: boolean
  readonly json?: boolean
}

/**
 * `bpfoundry dbg`: at a terminal with editing, history and completion, else a line of input after the other.
 *
 * @returns the exit code
 */
export async function debug({ script, quirks, json }: DbgOptions, io: CommandIo): Promise<number> {
  const shell = new DebuggerShell({ files: SYSTEM_FILES, asBpfDbg: quirks })
  const input = script === undefined ? io.input : undefined
  if (input?.isTTY === true && json !== true) {
    await terminalSession(shell, input, io)
    return EXIT.ok
  }
  const output = json === true ? new JsonSession(shell, io) : new TextSession(io)
  const lines = input === undefined ? linesOf(await readTextInput(script ?? '-', io)) : createInterface({ input })
  await execute(shell, lines, output)
  // Whoever writes to it may not be at the end: after `quit` nobody waits for them.
  input?.destroy()
  return EXIT.ok
}

/** Lines as bpf_dbg reads them: the last one needs no line break. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

async function execute(
  shell: DebuggerShell,
  lines: Iterable<string> | AsyncIterable<string>,
  output: SessionOutput,
): Promise<void> {
  output.prompt()
  for await (const line of lines) {
    const answer = shell.execute(line.replace(/\r$/, ''))
    output.answer(line, answer)
    if (answer.quit) return
    output.prompt()
  }
}
