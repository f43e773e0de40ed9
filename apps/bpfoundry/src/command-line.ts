import { Command, CommanderError } from 'commander'
import type { CommandContext, CommandIo } from './command-io.ts'
import { addAsmCommand } from './commands/asm.ts'
import { addBenchCommand } from './commands/bench.ts'
import { addBtfCommand } from './commands/btf.ts'
import { addConformanceCommand } from './commands/conformance.ts'
import { addDbgCommand } from './commands/dbg.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDeployCommand } from './commands/deploy.ts'
import { addFeatureCommand } from './commands/feature.ts'
import { addFilterCommand } from './commands/filter.ts'
import { addGenCommand } from './commands/gen.ts'
import { addMapCommand } from './commands/map.ts'
import { addNetCommand } from './commands/net.ts'
import { addPluginCommand } from './commands/plugin.ts'
import { addProgCommand } from './commands/prog.ts'
import { addRunCommand } from './commands/run.ts'
import { addVectorsCommand } from './commands/vectors.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { formatError } from './error-text.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'

const EXIT_CODES = `
Exit codes: 0 ok, 1 verdict or expectation failed, 2 usage, 3 unreadable input, 4 unsupported, 130 Ctrl-C.
stdout is data, stderr is progress and errors.`

/**
 * Each adds its command, and what stands below it: names, options and help. What a command does, its action imports when it
 * runs; whatever is imported here is loaded by every command, `--help` included (test/start.test.ts).
 */
const COMMANDS: readonly ((program: Command, context: CommandContext) => void)[] = [
  addDemoCommand,
  addRunCommand,
  addVerifyCommand,
  addProgCommand,
  addFilterCommand,
  addAsmCommand,
  addDbgCommand,
  addMapCommand,
  addBtfCommand,
  addNetCommand,
  addFeatureCommand,
  addGenCommand,
  addVectorsCommand,
  addConformanceCommand,
  addPluginCommand,
  addBenchCommand,
  addDeployCommand,
]

function createProgram(context: CommandContext): Command {
  const { io } = context
  const program = new Command('bpfoundry')
    .description('eBPF in user space: load, verify and run XDP programs on modelled network cards')
    .version('0.1.0')
    .showHelpAfterError('(bpfoundry help COMMAND tells more)')
    .addHelpText('after', EXIT_CODES)
    // So that options behind a command are that command's, also where another command stands above it.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
  for (const add of COMMANDS) add(program, context)
  return program
}

/**
 * The command line: runs one command.
 *
 * @param args without the names of node and of the script
 * @returns the exit code; every error has been written to stderr
 */
export async function main(args: readonly string[], io: CommandIo): Promise<number> {
  let code: number = EXIT.ok
  const finish = (of: number): void => {
    code = of
  }
  try {
    await createProgram({ io, finish }).parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    io.err(`${formatError(error, { json: args.includes('--json'), terminal: io.terminal })}\n`)
    return exitCodeOf(error)
  }
}
