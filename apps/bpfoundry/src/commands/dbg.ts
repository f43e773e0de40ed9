import type { Command } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { DbgOptions } from '../debugger/dbg-command.ts'

/** `bpfoundry dbg`: classic BPF, step by step on captured packets. */
export function addDbgCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('dbg')
    .description('debug classic BPF on captured packets, with the commands of bpf_dbg and more (help tells them)')
    .option('--script <file>', 'commands from a file; without it from stdin, or from who sits at the terminal')
    .option(
      '--no-quirks',
      'count verdicts of 2^31 and more as passed, and packets of select from 1; bpf_dbg does neither',
    )
    .option('--json', 'a line of JSON for each command (schema bpfoundry.dbg/1)')
    .action(async (options: DbgOptions) => {
      const { debug } = await implementation('dbg', () => import('../debugger/dbg-command.ts'))
      finish(await debug(options, io))
    })
}
