import { assembleClassic } from '../assembler/assemble.ts'
import { requireAccepted } from '../require-accepted.ts'
import { readBytecode } from './bytecode-text.ts'
import { strtol32, strtoul32 } from './c-numbers.ts'
import type { ClassicDebugger, DebuggerRun } from './classic-debugger.ts'
import type { DebuggerFiles } from './debugger-files.ts'
import { debuggerLine, programDump } from './dump-text.ts'

/** What commands work on. */
export interface ShellSession {
  readonly debugger: ClassicDebugger
  readonly files: DebuggerFiles
  readonly asBpfDbg: boolean
}

/** See {@link ShellAnswer}. */
export interface CommandAnswer {
  readonly ok?: boolean
  readonly output: readonly string[]
  readonly notes?: readonly string[]
}

/** A command of the shell. */
export interface DebuggerCommand {
  readonly name: string
  readonly usage: string
  readonly help: string
  /** What has to be loaded: a program, or packets, too. */
  readonly needs?: 'program' | 'packets'
  /** What its first argument may be. */
  readonly words?: readonly string[]
  run(session: ShellSession, rest: string): CommandAnswer
}

// biome-ignore format: table
export const DEBUGGER_COMMANDS: readonly DebuggerCommand[] = [
  { name: 'load',        usage: 'load bpf N,CODE JT JF K,... | pcap FILE | asm FILE', help: 'a program as bpf_asm prints it, packets, or a program in assembly', run: load, words: ['bpf', 'pcap', 'asm'] },
  { name: 'select',      usage: 'select N',               help: 'go to a packet',                                             run: select },
  { name: 'step',        usage: 'step [N | -N]',          help: 'show an instruction and execute it; backward with -',         run: step,        needs: 'packets' },
  { name: 'back',        usage: 'back',                   help: 'go back to the last breakpoint or change of what is watched', run: back,        needs: 'packets' },
  { name: 'run',         usage: 'run [N]',                help: 'run the packets from this one on, or N of them',              run,              needs: 'packets' },
  { name: 'breakpoint',  usage: 'breakpoint [N | reset]', help: 'stop at instruction N; list; forget all',                     run: breakpoint,  needs: 'program', words: ['reset'] },
  { name: 'watch',       usage: 'watch [A | X | M[K] | reset]', help: 'stop where it changes; list; forget all',               run: watch,       words: ['A', 'X', 'M[', 'reset'] },
  { name: 'disassemble', usage: 'disassemble [N]',        help: 'the program, or instruction N',                               run: disassemble, needs: 'program' },
  { name: 'dump',        usage: 'dump',                   help: 'the program in C',                                            run: dump,        needs: 'program' },
  { name: 'help',        usage: 'help',                   help: 'this list',                                                   run: help },
  { name: 'quit',        usage: 'quit',                   help: 'leave',                                                       run: () => ({ output: [] }) },
]

function help(): CommandAnswer {
  const width = Math.max(...DEBUGGER_COMMANDS.map(({ usage }) => usage.length))
  return { output: DEBUGGER_COMMANDS.map(({ usage, help: text }) => `${usage.padEnd(width)}  ${text}`) }
}

/** What `load` loads; any beginning of the word does. */
// biome-ignore format: table
const LOADS: readonly (readonly [word: string, load: (session: ShellSession, rest: string) => CommandAnswer])[] = [
  ['bpf',  loadBytecode],
  ['pcap', loadCapture],
  ['asm',  loadAssembly],
]

function load(session: ShellSession, rest: string): CommandAnswer {
  const [, word = '', argument = ''] = /^ *([^ ]*)(?: (.*))?$/s.exec(rest) ?? []
  const found = word === '' ? undefined : LOADS.find(([name]) => name.startsWith(word))
  if (found !== undefined) return found[1](session, argument)
  return {
    ok: false,
    output: ['bpf <code>:  load bpf code', 'pcap <file>: load pcap file'],
    notes: ['asm <file>:  load assembly'],
  }
}

function loadBytecode(session: ShellSession, text: string): CommandAnswer {
  session.debugger.unloadProgram()
  const answer = readBytecode(text)
  if ('insns' in answer) return loadProgram(session, answer.insns)
  const got = text.slice(answer.at, answer.at + 40)
  return refused(
    answer.refusal,
    `column ${answer.at + 1}: got ${got === '' ? 'the end' : got}, expected ${answer.expected}`,
  )
}

function loadAssembly(session: ShellSession, rest: string): CommandAnswer {
  session.debugger.unloadProgram()
  const file = fileName(rest)
  if (file === undefined) return refused(undefined, 'load asm FILE')
  const answer = session.files.text(file)
  return 'content' in answer
    ? loadProgram(session, assembleClassic(answer.content, { file }).insns)
    : refused(answer.refusal, answer.note)
}

type Insns = Parameters<ClassicDebugger['loadProgram']>[0]

function loadProgram(session: ShellSession, insns: Insns): CommandAnswer {
  try {
    requireAccepted(insns)
  } catch (error) {
    return { output: ['program not allowed to run by kernel!'], notes: [String(error)] }
  }
  session.debugger.loadProgram(insns)
  return { output: [] }
}

function loadCapture({ debugger: target, files }: ShellSession, rest: string): CommandAnswer {
  const file = fileName(rest)
  if (file === undefined) return refused(undefined, 'load pcap FILE')
  target.loadPackets([])
  const answer = files.capture(file)
  if (!('content' in answer)) return refused(answer.refusal, answer.note)
  const { content, note } = answer
  target.loadPackets(content)
  if (content.length === 0) return refused('pcap file too small!', note ?? `${file} holds no packets`)
  return { output: [], notes: note === undefined ? [] : [note] }
}

const fileName = (rest: string): string | undefined => rest.split(' ').find((word) => word !== '')

function refused(said: string | undefined, note: string): CommandAnswer {
  return { ok: false, output: said === undefined ? [] : [said], notes: [note] }
}

/** bpf_dbg takes the packet behind the one that was asked for. */
function select({ debugger: target, asBpfDbg }: ShellSession, text: string): CommandAnswer {
  if (target.packets === undefined) return { ok: false, output: ['no pcap file loaded!'] }
  if (text === '') return refused(undefined, 'select N')
  const wanted = strtoul32(text)
  const number = Math.max(wanted, 1)
  const output = wanted === 0 ? ['packet count starts with 1, clamping!'] : []
  const { count } = target.packets
  if (!target.select(asBpfDbg ? number : number - 1)) {
    return {
      ok: false,
      output: [...output, `no packet #${number} available!`],
      notes: [`back at packet 1 of ${count}`],
    }
  }
  return { output, notes: asBpfDbg ? [`packet ${number + 1} of ${count}, as bpf_dbg counts`] : [] }
}

/** A verdict that bpf_dbg stops at is told of. */
function ran({ lines, stop }: DebuggerRun, target: ClassicDebugger): CommandAnswer {
  if (stop !== 'negative') return { output: lines }
  const { packets, state } = target
  const verdict = `packet ${(packets?.index ?? 0) + 1} returned ${state?.result}, which is negative as an int`
  return {
    output: lines,
    notes: [`${verdict}: run ends there, as bpf_dbg's does; step goes to the next packet, --no-quirks counts it`],
  }
}

function run({ debugger: target }: ShellSession, text: string): CommandAnswer {
  const limit = strtol32(text)
  return ran(target.run(limit === 0 ? undefined : limit), target)
}

function step({ debugger: target }: ShellSession, text: string): CommandAnswer {
  const wanted = strtol32(text)
  if (wanted >= 0) return { output: target.step(Math.max(wanted, 1)).lines }
  if (!target.stepBack(-wanted)) return { ok: false, output: ['reached bottom of register history stack!'] }
  return { output: target.step(1).lines }
}

function back({ debugger: target }: ShellSession): CommandAnswer {
  return { output: target.runBack().lines }
}

function breakpoint({ debugger: target }: ShellSession, text: string): CommandAnswer {
  const { breakpoints, insns } = target
  if (text === '')
    return {
      output: [
        `breakpoints: ${breakpoints
          .list()
          .map((pc) => `${pc} `)
          .join('')}`,
      ],
    }
  if ('reset'.startsWith(text)) {
    breakpoints.reset()
    return { output: [] }
  }
  const pc = strtoul32(text)
  if (pc >= insns.length) return { output: [], notes: [`the program has ${insns.length} instructions, from 0`] }
  const problem = breakpoints.add(pc)
  return { output: [...(problem === undefined ? [] : [problem]), `breakpoint at: ${debuggerLine(insns[pc], pc)}`] }
}

function watch({ debugger: target }: ShellSession, text: string): CommandAnswer {
  const { watchpoints } = target
  if (text.trim() === '') return { output: [`watched: ${watchpoints.names().join(' ')}`] }
  if ('reset'.startsWith(text.trim())) {
    watchpoints.reset()
    return { output: [] }
  }
  const name = watchpoints.add(text)
  return name === undefined ? refused(undefined, 'watch A, X or M[0] to M[15]') : { output: [`watch ${name}`] }
}

function disassemble({ debugger: { insns } }: ShellSession, text: string): CommandAnswer {
  const pc = strtoul32(text)
  if (text !== '' && pc < insns.length) return { output: [debuggerLine(insns[pc], pc)] }
  return { output: insns.map(debuggerLine) }
}

function dump({ debugger: { insns } }: ShellSession): CommandAnswer {
  return { output: programDump(insns) }
}
