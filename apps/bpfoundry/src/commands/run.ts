import { type Command, Option } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import { assignments, wholeNumber } from '../options/arguments.ts'
import { cardEngineOption } from '../options/engine-option.ts'
import type { RunOptions } from '../run/run-command.ts'

/** `bpfoundry run OBJECT`: an object file on a card, with traffic. */
export function addRunCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('run')
    .argument('<object>', 'BPF object file, as clang made it')
    .description(
      'load an object, attach a program to a modelled card, let traffic arrive, and account for every packet',
    )
    .option('--program <name>', 'function to attach; needed when the object holds several')
    .addOption(
      new Option('--mode <mode>', 'where XDP runs').choices(['generic', 'native', 'offload']).makeOptionMandatory(),
    )
    .option('--nic <profile>', 'card or driver (default: ixgbe, for offload agilio-cx-2x10)')
    .option('--cpus <n>', 'emulated CPUs, a worker thread each', wholeNumber(1, 64), 1)
    .option('--queues <n>', 'receive queues (default: one a CPU)', wholeNumber(1, 1024))
    .option('--ring-size <n>', 'receive descriptors a queue, a power of two', wholeNumber(2, 65536))
    .option('--mtu <bytes>', 'MTU of the card', wholeNumber(68, 65535))
    .addOption(cardEngineOption())
    .option('--pcap <file>', 'traffic from a pcap or pcapng file')
    .option('--pktgen <spec>', 'generated traffic, for example count=1M,src=10.0.0.0/8,dst=192.0.2.1,size=64')
    .option('--count <n>', 'packets: plays a capture again, or shortens it', wholeNumber(1, 1e12))
    .option('--burst <n>', 'packets that arrive at once; what does not fit the rings is lost', wholeNumber(1, 1e9))
    .option('--write <file>', 'write the packets that passed to a pcap file')
    .option('--map <name=file>', 'fill a map from a file: KEY [VALUE] a line', assignments, [])
    .option('--deterministic', 'all CPUs in one thread, in turn: repeats exactly')
    .option('--seed <n>', 'seed of bpf_get_prandom_u32', wholeNumber(0, 0xffffffff), 1)
    .option('--json', 'report as JSON (schema bpfoundry.run/1)')
    .action(async (object: string, options: RunOptions) => {
      const { run } = await implementation('run', () => import('../run/run-command.ts'))
      finish(await run(object, options, io))
    })
}
