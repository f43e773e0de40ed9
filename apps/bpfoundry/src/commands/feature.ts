import { Argument, type Command, Option } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { NeedsOptions, ProbeOptions } from '../features/feature-command.ts'
import { BUILTIN_GROUPS, type BuiltinGroupName, FIRMWARES, RELEASES } from '../options/choices.ts'
import { kernelBtfOption } from '../options/kernel-btf-option.ts'

const load = (): Promise<typeof import('../features/feature-command.ts')> =>
  implementation('feature', () => import('../features/feature-command.ts'))

/** `bpfoundry feature ...`: what kernels offer, and what objects need. */
export function addFeatureCommand(program: Command, { io, finish }: CommandContext): void {
  const feature = program.command('feature').description('what Linux releases offer, and what objects need of them')
  feature
    .command('probe')
    .description('what a kernel of a release offers, or a card, as bpftool feature probe tells it')
    .argument('[words...]', 'as bpftool takes them: [kernel | dev CARD] [full] [unprivileged] [macros [prefix PREFIX]]')
    .addOption(new Option('--profile <release>', 'Linux release (default: 6.12)').choices(RELEASES))
    .addOption(new Option('--firmware <name>', "with dev: the card's firmware").choices([...FIRMWARES]))
    .option('--json', 'as bpftool prints it with -j')
    .action(async (words: string[], options: ProbeOptions) => {
      const { probe } = await load()
      finish(probe(words, options, io))
    })
  feature
    .command('list_builtins')
    .description('what is known by name, whatever release has it')
    .addArgument(new Argument('<group>', 'of names').choices([...BUILTIN_GROUPS]))
    .option('--json', 'as bpftool prints it with -j')
    .action(async (group: BuiltinGroupName, options: ProbeOptions) => {
      const { listBuiltins } = await load()
      finish(listBuiltins(group, options, io))
    })
  feature
    .command('diff')
    .description('what one release offers more, and less, than another')
    .addArgument(new Argument('<from>', 'Linux release').choices(RELEASES))
    .addArgument(new Argument('<to>', 'Linux release').choices(RELEASES))
    .option('--json', 'as JSON (schema bpfoundry.feature-diff/1)')
    .action(async (from: string, to: string, options: ProbeOptions) => {
      const { difference } = await load()
      finish(difference(from, to, options, io))
    })
  feature
    .command('needs')
    .description(
      'the release from which on objects load, and what of them needs it; verify --profile all tells all of it',
    )
    .argument('<object...>', 'BPF object files')
    .addOption(kernelBtfOption())
    .option('--json', 'as JSON (schema bpfoundry.feature-needs/1)')
    .action(async (objects: string[], options: NeedsOptions) => {
      const { needs } = await load()
      finish(needs(objects, options, io))
    })
}
