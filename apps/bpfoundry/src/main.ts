#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { addDemoCommand } from './commands/demo.ts'
import { addProgCommand } from './commands/prog.ts'
import { addRunCommand } from './commands/run.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { formatError } from './output.ts'

const EXIT_CODES = `
Exit codes: 0 ok, 1 verdict or expectation failed, 2 usage, 3 unreadable input, 4 unsupported, 130 Ctrl-C.
stdout is data, stderr is progress and errors.`

function commandLine(): Command {
  const program = new Command('bpfoundry')
    .description('eBPF in user space: load, verify and run XDP programs on modelled network cards')
    .version('0.1.0')
    .showHelpAfterError('(bpfoundry help COMMAND tells more)')
    .addHelpText('after', EXIT_CODES)
  addDemoCommand(program)
  addRunCommand(program)
  addVerifyCommand(program)
  addProgCommand(program)
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride()
  }
  return program
}

try {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    throw error
  })
  await commandLine().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  else {
    process.stderr.write(`${formatError(error, process.argv.includes('--json'))}\n`)
    process.exitCode = exitCodeOf(error)
  }
}
