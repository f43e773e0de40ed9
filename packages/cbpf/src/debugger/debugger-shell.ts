import { isDiagnostic, nearestNames } from '@bpfoundry/diagnostics'
import { ClassicDebugger } from './classic-debugger.ts'
import { type CommandAnswer, DEBUGGER_COMMANDS, type DebuggerCommand, type ShellSession } from './debugger-commands.ts'
import type { DebuggerFiles } from './debugger-files.ts'

export interface DebuggerShellOptions {
  readonly files: DebuggerFiles
  /** See {@link ClassicDebuggerOptions}. Default: true, so that sessions print what bpf_dbg's do. */
  readonly asBpfDbg?: boolean
}

/** What a command did. */
export interface ShellAnswer {
  /** The command's name; empty where the line has none. */
  readonly command: string
  readonly ok: boolean
  /** What bpf_dbg prints, lines without their breaks. */
  readonly output: readonly string[]
  /** What it does not tell: reasons, and what else is worth knowing. */
  readonly notes: readonly string[]
  /** The session is over. */
  readonly quit: boolean
}

/** Where the machine is. */
export interface ShellState {
  readonly instructions: number
  /** From 1; absent without a capture. */
  readonly packet?: number
  readonly packets: number
  readonly pc: number
  readonly a: number
  readonly x: number
  readonly cells: readonly number[]
  /** Instructions of this packet so far. */
  readonly executed: number
}

/** bpf_dbg's commands, and some more, as text in and text out. */
export class DebuggerShell {
  readonly #session: ShellSession

  constructor({ files, asBpfDbg = true }: DebuggerShellOptions) {
    this.#session = { debugger: new ClassicDebugger({ asBpfDbg }), files, asBpfDbg }
  }

  /** Executes one line. What is wrong with it is told in the answer. */
  execute(line: string): ShellAnswer {
    const [, name = '', rest = ''] = /^ *([^ ]*)(?: (.*))?$/s.exec(line) ?? []
    if (name === '') return { command: '', ok: true, output: [], notes: [], quit: false }
    const command = DEBUGGER_COMMANDS.find((each) => each.name === name)
    if (command === undefined) return { ...unknown(name), command: '', quit: false }
    return { command: name, quit: name === 'quit', ...this.#run(command, rest) }
  }

  #run(command: DebuggerCommand, rest: string): Required<CommandAnswer> {
    const { insns, packets } = this.#session.debugger
    const missing =
      command.needs !== undefined && insns.length === 0
        ? 'no bpf program loaded!'
        : command.needs === 'packets' && packets === undefined
          ? 'no pcap file loaded!'
          : undefined
    if (missing !== undefined) return { ok: false, output: [missing], notes: [] }
    try {
      return { ok: true, notes: [], ...command.run(this.#session, rest) }
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      return { ok: false, output: [], notes: [error.format()] }
    }
  }

  /** Where the machine is, for programs that drive the shell. */
  state(): ShellState {
    const { insns, packets, state } = this.#session.debugger
    return {
      instructions: insns.length,
      ...(packets === undefined ? {} : { packet: packets.index + 1 }),
      packets: packets?.count ?? 0,
      pc: state?.pc ?? 0,
      a: state?.a ?? 0,
      x: state?.x ?? 0,
      cells: Array.from(state?.cells ?? []),
      executed: state?.executed ?? 0,
    }
  }
}

function unknown(name: string): Required<CommandAnswer> {
  const names = DEBUGGER_COMMANDS.map((command) => command.name)
  return { ok: false, output: [], notes: [`no such command: ${name.slice(0, 40)}; ${nearestNames(name, names)}`] }
}

/** What the last word of a line can become; undefined where it is the name of a file. */
export function debuggerCompletions(line: string): readonly string[] | undefined {
  const words = line.split(' ').filter((word, index, all) => word !== '' || index === all.length - 1)
  const [name = '', second = ''] = words
  if (words.length <= 1) return DEBUGGER_COMMANDS.map((command) => command.name).filter((each) => each.startsWith(name))
  const command = DEBUGGER_COMMANDS.find((each) => each.name === name)
  if (words.length === 2) return (command?.words ?? []).filter((each) => each.startsWith(second))
  return name === 'load' && second !== 'bpf' ? undefined : []
}
