import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { type DebuggerShell, debuggerCompletions } from '@bpfoundry/cbpf'
import type { CommandIo } from '../command-io.ts'
import { PROMPT, writeAnswer } from './session-output.ts'

/** The files that bpf_dbg has at home. */
const HISTORY = '.bpf_dbg_history'
const INIT = '.bpf_dbg_init'
const MOST_HISTORY = 1000

/** A session with somebody at a terminal: Tab completes, the arrow keys go through what was typed, Ctrl-C drops a line. */
export async function terminalSession(shell: DebuggerShell, input: NodeJS.ReadStream, io: CommandIo): Promise<void> {
  for (const line of initCommands()) writeAnswer(shell.execute(line), io)
  const history = linesAtHome(HISTORY).reverse()
  const terminal = createInterface({
    input,
    output: process.stdout,
    prompt: PROMPT,
    completer: complete,
    history,
    historySize: MOST_HISTORY,
  })
  let kept = history
  terminal.on('history', (lines) => {
    kept = lines
  })
  terminal.on('SIGINT', () => dropLine(terminal))
  await interact(shell, terminal, io)
  keepHistory(kept)
}

function interact(shell: DebuggerShell, terminal: Interface, io: CommandIo): Promise<void> {
  return new Promise((resolve) => {
    let left = false
    terminal.on('line', (line) => {
      const answer = shell.execute(line)
      writeAnswer(answer, io)
      left = answer.quit
      if (left) terminal.close()
      else terminal.prompt()
    })
    terminal.on('close', () => {
      if (!left) io.out('\n')
      resolve()
    })
    terminal.prompt()
  })
}

/** What is typed so far is forgotten. */
function dropLine(terminal: Interface): void {
  terminal.write(null, { ctrl: true, name: 'e' })
  terminal.write(null, { ctrl: true, name: 'u' })
  process.stdout.write('\n')
  terminal.prompt()
}

/** Names of commands, their words, and files. */
export function complete(line: string): [string[], string] {
  const last = line.slice(line.lastIndexOf(' ') + 1)
  const words = debuggerCompletions(line)
  if (words === undefined) return [fileCompletions(last), last]
  return [words.map((word) => (word.endsWith('[') ? word : `${word} `)), last]
}

function fileCompletions(start: string): string[] {
  const folder = start.endsWith('/') ? start : start.includes('/') ? `${dirname(start)}/`.replace('//', '/') : ''
  const name = start.endsWith('/') ? '' : basename(start)
  try {
    return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(name))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
  } catch {
    // No such folder: nothing to offer.
    return []
  }
}

/** Commands of the init file; the settings of readline, which bpf_dbg has in it, are none. */
function initCommands(): string[] {
  const names = debuggerCompletions('') ?? []
  return linesAtHome(INIT).filter((line) => names.includes(line.trim().split(' ')[0] as string))
}

function linesAtHome(name: string): string[] {
  try {
    return readFileSync(join(homedir(), name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    // There need not be one.
    return []
  }
}

/** @param lines the last one first */
function keepHistory(lines: readonly string[]): void {
  try {
    writeFileSync(
      join(homedir(), HISTORY),
      [...lines]
        .reverse()
        .map((line) => `${line}\n`)
        .join(''),
    )
  } catch {
    // A home that can't be written to: the next session begins without.
  }
}
