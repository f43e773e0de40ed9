import { type Command, Option } from 'commander'
import type { BenchBlacklistOptions } from '../benchmarks/blacklist-command.ts'
import type { BenchEnginesOptions } from '../benchmarks/engines-command.ts'
import type { BenchNicOptions } from '../benchmarks/nic/nic-command.ts'
import type { BenchVerifierOptions } from '../benchmarks/verifier/verifier-command.ts'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import { seconds, wholeNumber } from '../options/arguments.ts'
import { engineOption, enginesOption } from '../options/engine-option.ts'
import { clockList, numberList, share } from '../options/figure-lists.ts'

const MOST_ENTRIES = 1 << 24
const NATIVE = process.arch === 'arm64' ? 'arm64' : 'x86-64'

/** `bpfoundry bench ...`: how fast. */
export function addBenchCommand(program: Command, { io, finish }: CommandContext): void {
  const bench = program.command('bench').description('measure speed, beside the running kernel where it can be asked')
  bench
    .command('engines')
    .description('a run inside of compiled code, a call from JavaScript, compilation: seven programs on each engine')
    .addOption(enginesOption(`interpreter,wasm,${NATIVE}`))
    .option('--ubpf <path>', 'ubpf_plugin of a uBPF build, to be measured beside')
    .option('--program <name>', 'only programs whose name contains this')
    .option('--milliseconds <n>', 'time for each figure', wholeNumber(1, 60_000), 200)
    .option('--no-kernel', "don't measure the running kernel beside it")
    .option('--count', 'let compiled code count instructions, as reports need it')
    .option('--json', 'figures as JSON (schema bpfoundry.bench-engines/1)')
    .action(async (options: BenchEnginesOptions) => {
      const { benchEngines } = await import('../benchmarks/engines-command.ts')
      finish(await benchEngines(options, io))
    })
  bench
    .command('blacklist')
    .description('native XDP with a look-up of random sources in a table of addresses, on one CPU and on several')
    .option('--entries <n>', 'addresses in the table, of 10.0.0.0/8', wholeNumber(1, MOST_ENTRIES), MOST_ENTRIES)
    .option('--cpus <n>', 'emulated CPUs, a worker thread each', wholeNumber(1, 64), 2)
    .option('--frames <n>', 'different frames in the traffic', wholeNumber(64, 1 << 24))
    .option('--pairs <n>', 'runs with one CPU and with all', wholeNumber(1, 1000), 3)
    .option('--seconds <n>', 'about how long a run takes', seconds, 1)
    .addOption(engineOption())
    .option('--no-kernel', "don't measure the running kernel beside it")
    .option('--json', 'figures as JSON (schema bpfoundry.bench-blacklist/1)')
    .action(async (options: BenchBlacklistOptions) => {
      const { benchBlacklistCommand } = await import('../benchmarks/blacklist-command.ts')
      finish(await benchBlacklistCommand(options, io))
    })
  bench
    .command('verifier')
    .argument('[object...]', "object files; the repository's programs and two long explorations when there are none")
    .description('time of a verification, and of each explored instruction, beside the running kernel')
    .option('--rounds <n>', 'verifications of each program', wholeNumber(1, 1000), 10)
    .option('--no-kernel', "don't measure the running kernel beside it")
    .option('--json', 'figures as JSON (schema bpfoundry.bench-verifier/1)')
    .action(async (objects: string[], options: BenchVerifierOptions) => {
      const { benchVerifier } = await implementation(
        'bench-verifier',
        () => import('../benchmarks/verifier/verifier-command.ts'),
      )
      finish(await benchVerifier(objects, options, io))
    })
  bench
    .command('nic')
    .description(
      'what a card would do with an offloaded program: modelled rates and latencies, beside published figures',
    )
    .option('--card <name>', 'offload card, for example agilio-cx-2x40')
    .addOption(
      new Option(
        '--host [driver]',
        'XDP on the host instead: published figures beside the model, or a program with a driver such as mlx5',
      ).conflicts('card'),
    )
    .addOption(new Option('--mode <mode>', 'of a host').choices(['native', 'generic']).default('native'))
    .option('--clocks <list>', "clocks of the host's processor in GHz, for example 1.2,2.1,3.7", clockList)
    .option('--program <object>', 'BPF object file (default: a program that drops)')
    .option('--name <function>', 'program in the object; needed when it holds several')
    .option('--pktgen <spec>', 'packets to sample, as for run --pktgen, without size', 'dport=7777')
    .option('--sizes <list>', 'packet sizes with check sequence', numberList(64, 9018), [64, 128, 256, 512, 1024, 1518])
    .option('--cores <list>', 'cores that handle packets (default: 5, 10 and so on to all)', numberList(1, 256))
    .addOption(
      new Option('--firmware <build>', 'what surrounds the program')
        .choices(['full', 'trimmed', 'arrays'])
        .default('full'),
    )
    .option('--load <share>', 'share of the rate without loss at which latencies are taken', share, 0.8)
    .option('--packets <n>', 'packets of each run', wholeNumber(100, 10_000_000), 20_000)
    .option(
      '--threads <n>',
      'worker threads; changes no modelled figure (default: one a processor)',
      wholeNumber(1, 64),
    )
    .option('--execute', 'let cores execute every packet, instead of following the ways of sampled ones')
    .option('--no-published', 'without the published figures')
    .option('--svg <file>', 'write a plot')
    .option('--json', 'figures as JSON (schema bpfoundry.bench-nic/1)')
    .action(async (options: BenchNicOptions) => {
      const { benchNic } = await import('../benchmarks/nic/nic-command.ts')
      finish(await benchNic(options, io))
    })
}
