import type { Command } from 'commander'
import { seconds, wholeNumber } from '../arguments.ts'
import { benchBlacklistCommand } from '../benchmarks/blacklist-command.ts'
import { benchEngines } from '../benchmarks/engines-command.ts'
import { benchVerifier } from '../benchmarks/verifier/verifier-command.ts'
import type { CommandContext } from '../command-io.ts'
import { engineOption, enginesOption } from '../engine-option.ts'

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
    .action(async (options) => finish(await benchEngines(options, io)))
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
    .action(async (options) => finish(await benchBlacklistCommand(options, io)))
  bench
    .command('verifier')
    .argument('[object...]', "object files; the repository's programs and two long explorations when there are none")
    .description('time of a verification, and of each explored instruction, beside the running kernel')
    .option('--rounds <n>', 'verifications of each program', wholeNumber(1, 1000), 10)
    .option('--no-kernel', "don't measure the running kernel beside it")
    .option('--json', 'figures as JSON (schema bpfoundry.bench-verifier/1)')
    .action(async (objects: string[], options) => finish(await benchVerifier(objects, options, io)))
}
