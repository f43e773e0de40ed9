import { type Command, Option } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { ShowCommand, ShowOptions } from '../net/show-command.ts'
import { wholeNumber } from '../options/arguments.ts'

/** What each command is like. */
const LIKE: readonly (readonly [words: ShowCommand, like: string])[] = [
  ['net show', 'bpftool net show'],
  ['net filters', 'tc filter show'],
  ['link show', 'ip link show'],
]

/** `bpfoundry net ...` and `bpfoundry link ...`: what the host's tools say once a program is attached to a card. */
export function addNetCommand(program: Command, { io, finish }: CommandContext): void {
  const parents = new Map([
    ['net', program.command('net').description('programs at a card, as bpftool and tc show them')],
    ['link', program.command('link').description('cards, as ip shows them')],
  ])
  for (const [words, like] of LIKE) {
    const [object = '', verb = ''] = words.split(' ')
    const command = (parents.get(object) as Command).command(verb)
    withOptions(command.description(`attach a program of an object to a card, and print what ${like} would`)).action(
      async (file: string, options: ShowOptions) => {
        const { show } = await implementation('show', () => import('../net/show-command.ts'))
        finish(await show(words, file, options, io))
      },
    )
  }
}

function withOptions(command: Command): Command {
  return command
    .argument('<object>', 'BPF object file')
    .option('--program <name>', 'function; needed when the object holds several')
    .addOption(
      new Option('--mode <mode>', 'where XDP runs').choices(['generic', 'native', 'offload']).default('native'),
    )
    .option('--nic <profile>', 'card or driver (default: ixgbe, for offload agilio-cx-2x10)')
    .option('--mtu <bytes>', 'MTU of the card', wholeNumber(68, 65535))
    .addOption(
      new Option('--direction <direction>', 'of a classifier').choices(['ingress', 'egress']).default('ingress'),
    )
    .option('--skip-sw', 'a classifier on the card only')
    .option('--json', 'as the tool prints it with -j')
}
