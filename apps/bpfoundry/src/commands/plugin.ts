import type { Command } from 'commander'
import type { CommandContext } from '../command-io.ts'
import type { PluginOptions } from '../conformance/plugin-command.ts'
import { engineOption } from '../options/engine-option.ts'

/** `bpfoundry plugin`: what bpf_conformance starts for each of its cases. */
export function addPluginCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('plugin')
    .argument('[memory]', 'bytes in hex that r1 points to; r2 is their length')
    .argument('[options]', 'what the runner passes as --plugin_options; an empty one is left alone')
    .description('bpf_conformance plugin: the program in hex on stdin, r0 in hex on stdout; failures on stderr')
    .addOption(engineOption())
    .option('--program <hex>', 'the program, instead of stdin')
    .action(async (memory: string | undefined, rest: string | undefined, options: PluginOptions) => {
      const { plugin } = await import('../conformance/plugin-command.ts')
      finish(await plugin(memory ?? '', rest ?? '', options, io))
    })
}
