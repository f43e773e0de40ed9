import type { Command } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { MapDumpOptions, MapShowOptions } from '../maps/map-command.ts'
import { wholeNumber } from '../options/arguments.ts'
import { kernelBtfOption } from '../options/kernel-btf-option.ts'
import { modeOption, withTraffic } from '../options/traffic-options.ts'

const load = (): Promise<typeof import('../maps/map-command.ts')> =>
  implementation('map', () => import('../maps/map-command.ts'))

/** `bpfoundry map ...`: what becomes of an object's maps. */
export function addMapCommand(program: Command, { io, finish }: CommandContext): void {
  const map = program.command('map').description('look into maps')
  withWords(map.command('show'))
    .alias('list')
    .description('load an object, and print its maps as bpftool map show does')
    .option('--cpus <n>', 'emulated CPUs', wholeNumber(1, 64), 1)
    .addOption(kernelBtfOption())
    .option('--json', 'as bpftool prints it with -j')
    .action(async (object: string, words: string[], options: MapShowOptions) => {
      const { showMaps } = await load()
      finish(showMaps(object, words, options, io))
    })
  withTraffic(withWords(map.command('dump')), modeOption().default('native'))
    .description(
      'load an object, let traffic arrive if any is given, and print what its maps hold as bpftool map dump does',
    )
    .addOption(kernelBtfOption())
    .option('--pretty', 'JSON with a member a line, as bpftool prints it with -p')
    .option('--json', 'as bpftool prints it with -j')
    .action(async (object: string, words: string[], options: MapDumpOptions) => {
      const { dumpMapsOf } = await load()
      finish(await dumpMapsOf(object, words, options, io))
    })
}

function withWords(command: Command): Command {
  return command
    .argument('<object>', 'BPF object file')
    .argument('[words...]', 'as bpftool takes them: name NAME; all maps without')
}
