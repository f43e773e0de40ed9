import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-io.ts'
import type { ConformanceOptions } from '../conformance/conformance-options.ts'
import type { WorkerCommandOptions } from '../conformance/serve-campaigns.ts'
import { seconds, wholeNumber } from '../options/arguments.ts'
import { SUITES } from '../options/choices.ts'
import { anyEnginesOption } from '../options/engine-option.ts'

const MOST_JOBS = 1024
/** What the slowest of the kernel's cases need on the slowest engine of a machine that is busy, and more. */
const TIMEOUT_S = 60
const TREE = 'top folder of a Linux source tree, such as that of linux-source-6.12'
const QUEUE = 'redis://HOST[:PORT][/DB], rediss://... or unix:///PATH'

const jobsOption = (): Option =>
  new Option('--jobs <n>', 'worker threads')
    .argParser(wholeNumber(1, MOST_JOBS))
    .default(availableParallelism(), 'one a CPU')

/** `bpfoundry conformance ...`: the kernel's own test vectors, read from a kernel tree. */
export function addConformanceCommand(program: Command, { io, finish }: CommandContext): void {
  const conformance = program
    .command('conformance')
    .description("put the test vectors of a kernel tree to engines: what passes, what doesn't, and what can't be run")
    // So that options of `worker` are its own.
    .enablePositionalOptions()
    .option('--kernel-tree <dir>', TREE)
    .addOption(new Option('--suite <suite>', 'which vectors').choices([...SUITES, 'all']).default('all'))
    .addOption(anyEnginesOption())
    .addOption(new Option('--oracle <oracle>', "hold answers against the running kernel's, too").choices(['kernel']))
    .option('--filter <text>', 'only cases whose id or name contains this')
    .addOption(jobsOption())
    .option('--timeout <seconds>', 'what an engine may take for a case', seconds, TIMEOUT_S)
    .option('--compiler <path>', 'clang for what is written in C: a path, never, or always; if needed without it')
    .option('--vmlinux-h <file>', "the kernel's types for clang; made of the running kernel's without it")
    .option('--queue <url>', `leave it to the workers of a queue: ${QUEUE}`)
    .option('--campaign <name>', 'name of the run on the queue; a new one without it')
    .option('--export <file>', 'write the cases as JSON Lines (.jsonl, .jsonl.gz) and run none')
    .option('--junit <file>', 'write JUnit XML')
    .option('--html <file>', 'write one HTML page with every failure, its instructions and logs')
    .option('--baseline <file>', 'fail only where a case of this list does not pass any more')
    .option('--update-baseline', 'write the list as it is now')
    .option('--verbose', 'a row for every file, not only those where something failed')
    .option('--json', 'the report as JSON (schema bpfoundry.conformance/1)')
    .option('--jsonl', 'a line of JSON for each case, with all answers')
    .action(async (options: ConformanceOptions) => {
      const { runConformance } = await import('../conformance/run-conformance.ts')
      finish(await runConformance(options, io))
    })
  conformance
    .command('worker')
    .description('run what campaigns put on a queue, until Ctrl-C; start as many as there are machines')
    .requiredOption('--queue <url>', QUEUE)
    .requiredOption('--kernel-tree <dir>', `${TREE}: the same as the campaign's`)
    .addOption(jobsOption())
    .option('--campaign <name>', 'serve this one only, and end with it')
    .action(async (options: WorkerCommandOptions) => {
      const { serveCampaigns } = await import('../conformance/serve-campaigns.ts')
      finish(await serveCampaigns(options, io))
    })
}
