import { type Command, Option } from 'commander'
import { assignments, wholeNumber } from './arguments.ts'
import { cardEngineOption } from './engine-option.ts'

/** `--mode`. */
export function modeOption(): Option {
  return new Option('--mode <mode>', 'where XDP runs').choices(['generic', 'native', 'offload'])
}

/** A card, its traffic and what fills maps: the options of `play` in run/play.ts. */
export function withTraffic(command: Command, mode: Option): Command {
  return command
    .option('--program <name>', 'function to attach; needed when the object holds several')
    .addOption(mode)
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
}
