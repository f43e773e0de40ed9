import { type Command, Option } from 'commander'
import { implementation } from '../command-bundle.ts'
import type { CommandContext } from '../command-io.ts'
import type { DumpOptions, JitedOptions } from '../dumps/dump-command.ts'
import { cardOption, firmwareOption } from '../options/card-option.ts'
import { INTERPRETER, JITED_ENGINES, RELEASES } from '../options/choices.ts'
import { kernelBtfOption } from '../options/kernel-btf-option.ts'
import type { ProgramsOptions } from '../programs/programs-command.ts'

/** `bpfoundry prog ...`: what becomes of a program. */
export function addProgCommand(program: Command, { io, finish }: CommandContext): void {
  const prog = program.command('prog').description('look into programs')
  addShow(prog, { io, finish })
  const dump = prog.command('dump').description('load an object and print a program as it runs, as bpftool does')
  withOptions(dump.command('xlated'))
    .description('after verification and fix-ups')
    .option('--json', 'the program image as JSON (schema bpfoundry.xlated/1)')
    .action(async (object: string, options: DumpOptions) => {
      const { dumpXlatedProgram } = await implementation('dump', () => import('../dumps/dump-command.ts'))
      finish(dumpXlatedProgram(object, options, io))
    })
  withOptions(dump.command('jited'))
    .description("an engine's code for it, below each BPF instruction and its source line")
    .addOption(
      new Option('--engine <engine>', 'whose code; any of them on any host')
        .choices([...JITED_ENGINES])
        .default('wasm'),
    )
    .addOption(cardOption("a card's words instead"))
    .addOption(firmwareOption())
    .option('--json', 'the code as JSON (schema bpfoundry.jited/1)')
    .action(async (object: string, options: JitedOptions) => {
      const { dumpJitedProgram } = await implementation('dump', () => import('../dumps/dump-command.ts'))
      finish(await dumpJitedProgram(object, options, io))
    })
}

function addShow(prog: Command, { io, finish }: CommandContext): void {
  prog
    .command('show')
    .alias('list')
    .description('load objects and tell of their programs what bpftool prog show would')
    .argument('<object...>', 'BPF object files')
    .option('--program <name>', 'only this program of each object')
    .addOption(
      new Option('--engine <engine>', 'whose code is measured; any of them on any host')
        .choices([...JITED_ENGINES, INTERPRETER])
        .default('wasm'),
    )
    .addOption(new Option('--profile <release>', 'Linux release (default: 6.12)').choices(RELEASES))
    .addOption(kernelBtfOption())
    .option('--json', 'as bpftool prints it with -j')
    .action(async (objects: string[], options: ProgramsOptions) => {
      const { showPrograms } = await implementation('programs', () => import('../programs/programs-command.ts'))
      finish(showPrograms(objects, options, io))
    })
}

function withOptions(command: Command): Command {
  return command
    .argument('<object>', 'BPF object file')
    .option('--program <name>', 'function; needed when the object holds several')
    .option('--opcodes', 'the bytes of each instruction below it')
    .option('--linum', 'file and line of each source line')
    .addOption(kernelBtfOption())
}
