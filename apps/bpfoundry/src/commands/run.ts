import type { Command } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import { modeOption, withTraffic } from '../options/traffic-options.ts'
import type { RunOptions } from '../run/run-command.ts'

/** `bpfoundry run OBJECT`: an object file on a card, with traffic. */
export function addRunCommand(program: Command, { io, finish }: CommandContext): void {
  const command = program
    .command('run')
    .argument('<object>', 'BPF object file, as clang made it')
    .description(
      'load an object, attach a program to a modelled card, let traffic arrive, and account for every packet',
    )
  withTraffic(command, modeOption().makeOptionMandatory())
    .option('--json', 'report as JSON (schema bpfoundry.run/1)')
    .action(async (object: string, options: RunOptions) => {
      const { run } = await implementation('run', () => import('../run/run-command.ts'))
      finish(await run(object, options, io))
    })
}
