import type { Command } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { DemoOptions } from '../demo/demo-command.ts'
import { wholeNumber } from '../options/arguments.ts'
import { engineOption } from '../options/engine-option.ts'

/** All of 10.0.0.0/8. */
const MOST_ENTRIES = 1 << 24

/** `bpfoundry demo`: the blacklist of the 2017 XDP talk, on all three modes. */
export function addDemoCommand(program: Command, { io, finish }: CommandContext): void {
  program
    .command('demo')
    .description('the main job: a blacklist of many addresses, on generic, native and offloaded XDP')
    .option('--entries <n>', 'addresses in the blacklist, up to 16777216', wholeNumber(1, MOST_ENTRIES), 1_000_000)
    .option('--count <n>', 'packets for each mode', wholeNumber(1, 1e10), 400_000)
    .option('--cpus <n>', 'emulated CPUs, a worker thread each', wholeNumber(1, 64), 2)
    .addOption(engineOption())
    .option('--write <folder>', 'where the captures of what passed go', 'tmp')
    .option('--json', 'reports as JSON (schema bpfoundry.demo/1)')
    .action(async (options: DemoOptions) => {
      const { demo } = await implementation('demo', () => import('../demo/demo-command.ts'))
      finish(await demo(options, io))
    })
}
