import type { ProgramImage } from '@bpfoundry/engine'
import { dumpXlated, Kernel } from '@bpfoundry/kernel'
import { createObjects, readSpec, translateOffload } from '@bpfoundry/testbench'
import { type Command, Option } from 'commander'
import type { CommandContext, CommandIo } from '../command-io.ts'
import { JITED_ENGINES, type JitedEngine, type JitedProgram, jitedProgram } from '../jited/jited-program.ts'
import { jitedText } from '../jited/jited-text.ts'
import { nfpProgram } from '../jited/nfp-program.ts'
import { kernelBtfOption, kernelTypesNamed, sayKernelTypes } from '../kernel-types.ts'
import { cardNamed, cardOption, firmwareOption } from '../offload/card-option.ts'
import { withAllReasons } from '../offload/offload-blocked.ts'
import { formatJson } from '../output.ts'

interface DumpOptions {
  readonly program?: string
  readonly opcodes?: boolean
  readonly linum?: boolean
  readonly kernelBtf?: string
  readonly json?: boolean
}

interface JitedOptions extends DumpOptions {
  readonly engine: JitedEngine
  readonly nic?: string
  readonly firmware?: string
}

/** `bpfoundry prog ...`: what becomes of a program. */
export function addProgCommand(program: Command, { io }: CommandContext): void {
  const prog = program.command('prog').description('look into programs')
  const dump = prog.command('dump').description('load an object and print a program as it runs, as bpftool does')
  withOptions(dump.command('xlated'))
    .description('after verification and fix-ups')
    .option('--json', 'the program image as JSON (schema bpfoundry.xlated/1)')
    .action((object: string, options: DumpOptions) => io.out(dumpXlatedOf(object, options, io)))
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
    .action(async (object: string, options: JitedOptions) => io.out(await dumpJitedOf(object, options, io)))
}

function withOptions(command: Command): Command {
  return command
    .argument('<object>', 'BPF object file')
    .option('--program <name>', 'function; needed when the object holds several')
    .option('--opcodes', 'the bytes of each instruction below it')
    .option('--linum', 'file and line of each source line')
    .addOption(kernelBtfOption())
}

function imageOf(object: string, { program, kernelBtf: named }: DumpOptions, io: CommandIo): ProgramImage {
  const programs = program === undefined ? {} : { programs: [program] }
  const types = kernelTypesNamed(named)
  const [kernelTypes, kernelBtf] = types === undefined ? [{}, {}] : [{ kernelTypes: types }, { kernelBtf: types }]
  const loaded = createObjects(Kernel.create(kernelBtf), readSpec(object, kernelTypes), object, programs)
  sayKernelTypes(types, named, io)
  return loaded.program(program).kernelProgram.image
}

function dumpXlatedOf(object: string, options: DumpOptions, io: CommandIo): string {
  const image = imageOf(object, options, io)
  if (options.json) return `${formatJson({ $schema: 'bpfoundry.xlated/1', ...image })}\n`
  return dumpXlated(image, { opcodes: options.opcodes === true, lineNumbers: options.linum === true })
}

async function dumpJitedOf(object: string, options: JitedOptions, io: CommandIo): Promise<string> {
  const program =
    options.nic === undefined ? await hostCode(object, options, io) : cardCode(object, options.nic, options)
  if (options.json) return `${formatJson({ $schema: 'bpfoundry.jited/1', object, ...program })}\n`
  return jitedText(program, { opcodes: options.opcodes === true, lineNumbers: options.linum === true })
}

function hostCode(object: string, options: JitedOptions, io: CommandIo): Promise<JitedProgram> {
  return jitedProgram(options.engine, imageOf(object, options, io))
}

function cardCode(object: string, nic: string, { program, firmware }: JitedOptions): JitedProgram {
  const card = cardNamed(nic, firmware)
  try {
    return nfpProgram(card.name, translateOffload(readSpec(object), object, program, card))
  } catch (error) {
    throw withAllReasons(error, { object, program, card })
  }
}
