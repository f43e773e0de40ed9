import { type Command, Option } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { FilterCommandOptions } from '../filters/filter-command.ts'
import { wholeNumber } from '../options/arguments.ts'
import { FILTER_STAGES, LINK_TYPES, MAX_SNAP_LENGTH } from '../options/choices.ts'

/** `bpfoundry filter EXPRESSION`: what tcpdump makes of a filter. */
export function addFilterCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('filter')
    .argument('[expression...]', 'pcap-filter(7); words are joined by spaces. Behind -- where it begins with -')
    .description('compile a filter expression to classic BPF as libpcap does')
    .option('-d', 'as people read it; -dd as C, -ddd as decimal numbers', (_: string, before: number) => before + 1, 0)
    .option('-O, --no-optimize', 'leave the optimizer out')
    .option('-y, --linktype <type>', `what packets begin with: ${LINK_TYPES.join(', ')}`, 'EN10MB')
    .option(
      '-s, --snapshot-length <bytes>',
      'bytes of a packet to keep; 0 is the most',
      wholeNumber(0, MAX_SNAP_LENGTH),
      MAX_SNAP_LENGTH,
    )
    .option('--xt-bpf', 'in one line, for iptables -m bpf --bytecode')
    .option('--ebpf', 'what the kernel makes of it, below each instruction')
    .addOption(
      new Option(
        '--emit <stage>',
        'the tree of the expression, the blocks of the program, or those for Graphviz',
      ).choices(FILTER_STAGES),
    )
    .option('--json', 'as JSON (schema bpfoundry.filter/1)')
    .action(async (words: readonly string[], options: FilterCommandOptions) => {
      const { filter } = await implementation('filter', () => import('../filters/filter-command.ts'))
      finish(filter(words.join(' '), options, io))
    })
}
